internal import CSofiaSIP
internal import Glibc

extension SIPIncomingRegister {
    /// More contacts in one REGISTER are refused.
    static let mostContacts = 64
    /// A longer contact, parameters included, is refused.
    static let longestContact = 1_024
    /// More proxies that want to stay in the path are refused.
    static let mostPaths = 16

    /// Reads a REGISTER, or says with which response it is refused.
    static func read(_ sip: UnsafePointer<sip_t>, flow: SIPFlow?) -> Result<SIPIncomingRegister, SIPRefusal> {
        do throws(SIPRefusal) {
            return .success(try SIPIncomingRegister(sip.pointee, flow: flow))
        } catch {
            return .failure(error)
        }
    }

    private init(_ sip: sip_t, flow: SIPFlow?) throws(SIPRefusal) {
        guard let flow, let request = sip.sip_request?.pointee, let sequence = sip.sip_cseq?.pointee.cs_seq else {
            throw SIPRefusal(status: 500)
        }
        try SIPRefusal.malformed(sip, ["contact", "m", "expires", "path"])
        let callID = SofiaText.field(sip.sip_call_id?.pointee.i_id, limit: 257)
        guard callID.utf8.count <= 256 else { throw .tooMuch("Call-ID over 256 bytes") }
        var (contacts, isWildcard) = ([Contact](), false)
        var next = sip.sip_contact
        while let contact = next?.pointee {
            next = contact.m_next
            if contact.m_url.url_type == Int8(url_any.rawValue) {
                isWildcard = true
                continue
            }
            guard contacts.count < SIPIncomingRegister.mostContacts else { throw .tooMuch("more than 64 contacts") }
            contacts.append(try Contact(contact))
        }
        self.init(
            requestURI: try SIPRefusal.uri(request.rq_url, "Request-URI"),
            requestHost: SofiaText.field(request.rq_url.url_host, limit: 256),
            from: try SIPRefusal.party(sip.sip_from, "From"), to: try SIPRefusal.party(sip.sip_to, "To"),
            contacts: contacts, isWildcard: isWildcard,
            expires: sip.sip_expires.map { UInt32(clamping: $0.pointee.ex_delta) },
            callID: callID, cSeq: sequence, path: try SIPIncomingRegister.path(sip.sip_path),
            supportsPath: sip_has_feature(sip.sip_supported, "path") != 0 || sip_has_feature(sip.sip_require, "path") != 0,
            userAgent: SofiaText.optionalField(sip.sip_user_agent?.pointee.g_string, limit: 128), flow: flow,
            authorizations: SofiaHeaders.authorizations(sip))
    }

    private static func path(_ first: UnsafeMutablePointer<sip_path_t>?) throws(SIPRefusal) -> [String] {
        var path: [String] = []
        var next = first
        while let hop = next?.pointee {
            next = hop.r_next
            guard path.count < mostPaths else { throw .tooMuch("more than 16 Path entries") }
            path.append(try SIPRefusal.uri(hop.r_url, "Path"))
        }
        return path
    }
}

extension SIPIncomingRegister.Contact {
    fileprivate init(_ contact: sip_contact_t) throws(SIPRefusal) {
        let uri = try SIPRefusal.uri(contact.m_url, "Contact")
        guard let parameters = SofiaHeaders.list(contact.m_params, limit: SIPIncomingRegister.longestContact) else {
            throw .tooMuch("Contact over 1,024 bytes")
        }
        guard ["sip", "sips"].contains(SofiaText.field(contact.m_url.url_scheme, limit: 8).lowercased()),
            SIPTarget.isHarmless(uri), Self.hasPort(contact.m_url)
        else { throw SIPRefusal(status: 400, phrase: "Bad Contact Header", warning: "Contact is no sip: URI") }
        self.init(
            uri: uri, q: contact.m_q.map { Self.thousandths(SofiaText.field($0, limit: 8)) } ?? 1_000,
            expires: contact.m_expires.map { Self.seconds(SofiaText.field($0, limit: 32)) },
            transport: Self.transport(contact.m_url), instance: Self.value("+sip.instance", in: parameters),
            registrationID: Self.value("reg-id", in: parameters).flatMap { UInt32($0) })
    }

    /// The value of a parameter, without its quotes; nil where it is empty.
    private static func value(_ name: String, in parameters: [String]) -> String? {
        for parameter in parameters {
            let parts = parameter.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == name else { continue }
            let isQuoted = parts[1].utf8.count > 1 && parts[1].hasPrefix("\"") && parts[1].hasSuffix("\"")
            let value = isQuoted ? parts[1].dropFirst().dropLast() : parts[1]
            return value.isEmpty ? nil : String(value)
        }
        return nil
    }

    private static func hasPort(_ url: url_t) -> Bool {
        guard let port = SofiaText.optionalField(url.url_port, limit: 8), !port.isEmpty else { return true }
        return Int(port).map { (1...65_535).contains($0) } ?? false
    }

    /// RFC 3261 section 25.1, `qvalue`; 1 where it is none.
    static func thousandths(_ text: String) -> Int {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let decimals = parts.count > 1 ? parts[1] : ""
        guard let whole = parts.first.flatMap({ Int($0) }), (0...1).contains(whole), decimals.utf8.count <= 3,
            decimals.utf8.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 })
        else { return 1_000 }
        let padded = decimals + String(repeating: "0", count: 3 - decimals.utf8.count)
        return min(1_000, whole * 1_000 + (Int(padded) ?? 0))
    }

    private static func seconds(_ text: String) -> UInt32 {
        let isNumber = !text.isEmpty && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        return isNumber ? UInt32(text) ?? .max : 3_600
    }

    private static func transport(_ url: url_t) -> String? {
        var value = [CChar](repeating: 0, count: 33)
        guard let parameters = url.url_params,
            url_param(parameters, "transport", &value, isize_t(value.count)) > 0
        else { return nil }
        return value.withUnsafeBufferPointer { SofiaText.field($0.baseAddress, limit: 32).lowercased() }
    }
}

/// Why a request is not even offered to the core.
struct SIPRefusal: Error {
    var status: Int
    var phrase: String?
    var warning: String?

    /// Sofia hands on a message whose less important headers it could not read, as if they were not there: where they are
    /// `names`, it is refused.
    static func malformed(_ sip: sip_t, _ names: [String]) throws(SIPRefusal) {
        var next = sip.sip_error
        while let header = next {
            next = header.pointee.er_next
            let name = SofiaText.field(tern_sip_error_name(header), limit: 64)
            if names.contains(name.lowercased()) { throw SIPRefusal(status: 400, phrase: "Bad \(name) Header") }
        }
    }

    /// The same as a value.
    static func first(in sip: sip_t, of names: [String]) -> SIPRefusal? {
        do throws(SIPRefusal) {
            try malformed(sip, names)
            return nil
        } catch {
            return error
        }
    }

    static func tooMuch(_ what: String) -> SIPRefusal { SIPRefusal(status: 400, warning: what) }

    var response: SIPResponse { SIPResponse(status: status, phrase: phrase, warning: warning) }

    /// The whole URI, or the refusal of one that is too long or cannot be written.
    static func uri(_ url: url_t, _ header: String) throws(SIPRefusal) -> String {
        let text = SofiaURI.text(url)
        if text.isEmpty { throw .tooMuch("\(header) over 1,024 bytes") }
        return text
    }

    static func party(_ address: UnsafeMutablePointer<sip_addr_s>?, _ header: String) throws(SIPRefusal) -> SIPParty {
        guard let address else { throw SIPRefusal(status: 400) }
        _ = try uri(address.pointee.a_url, header)
        if let user = address.pointee.a_url.url_user, strnlen(user, 257) > 256 {
            throw .tooMuch("user in \(header) over 256 bytes")
        }
        return SIPParty(address.pointee)
    }
}
