internal import CSofiaSIP
internal import Glibc
internal import SIPNames

/// What the endpoint reads of a request or response, copied while Sofia's message is alive. It does not change, and is an object so that handing on an event copies none of it.
final class IncomingMessage {
    /// The body as text; bytes that are no UTF-8 are replaced. Nil when there is none, or when it is too big.
    private(set) var body: String?
    private(set) var bodySize = 0
    /// Lower case, without parameters; empty when there is none.
    private(set) var contentType = ""
    /// What the body means to a session.
    private(set) var content = SessionBody()
    private(set) var reason: SIPReason?
    /// Whether the peer lists UPDATE in its Allow header.
    private(set) var allowsUpdate = false
    /// Whether the peer lists INFO in its Allow header; nil without one.
    private(set) var allowsInfo: Bool?
    /// Whether the peer lists `replaces` in its Supported header.
    private(set) var supportsReplaces = false
    /// What it says about the session timer, where `called` tells that it is a request.
    private(set) var session = SessionInterval.Remote(isSupported: false, expires: nil, namesUs: nil)
    private(set) var called = false
    private(set) var hasContact = false
    /// Where requests to its sender go.
    private(set) var wayBack = NextHop.Headers()
    /// Whether the Request-URI, or where it came from, is a `sips:` URI (RFC 3261 section 12.1.1).
    private(set) var isSecure = false
    /// How many hosts it came through, the sender included.
    private(set) var vias = 0
    /// Which provisional responses a caller wants to acknowledge.
    private(set) var provisionals = ReliableProvisionals.never
    private(set) var callID = ""
    private(set) var fromTag = ""
    /// What a PRACK to it says in its RAck header; nil when it is no reliable provisional response (RFC 3262 section 7.2).
    private(set) var rack: String?
    /// The tag of the To header: names the fork that a response comes from.
    private(set) var toTag = ""
    /// Where a 3xx says that the callee is, the most wanted first.
    private(set) var alternatives: [String] = []
    /// What a 401 or 407 asks for: the values of its header, in their order.
    private(set) var challenges: [String] = []

    init(_ sip: UnsafePointer<sip_t>, bodyLimit: Int) {
        let sip = sip.pointee
        contentType = SofiaText.field(sip.sip_content_type?.pointee.c_type, limit: 128).lowercased()
        readBody(sip, limit: bodyLimit)
        reason = sip.sip_reason.map { SIPReason(header: $0.pointee) }
        allowsUpdate = sip_is_allowed(sip.sip_allow, sip_method_update, "UPDATE") != 0
        supportsReplaces = sip_has_feature(sip.sip_supported, "replaces") != 0
        allowsInfo = sip.sip_allow.map { sip_is_allowed($0, sip_method_info, "INFO") != 0 }
        called = sip.sip_request != nil
        session.isSupported = sip_has_feature(sip.sip_supported, "timer") != 0
        if let expires = sip.sip_session_expires?.pointee {
            session.expires = min(Int(clamping: expires.x_delta), 1_000_000)
            switch SofiaText.field(expires.x_refresher, limit: 8).lowercased() {
            case "uac": session.namesUs = !called
            case "uas": session.namesUs = called
            default: break
            }
        }
        hasContact = sip.sip_contact != nil
        wayBack.contact = sip.sip_contact.map { String(Substring(SofiaURI.text($0.pointee.m_url).utf8.prefix { $0 != UInt8(ascii: "?") })) }
        wayBack.contactHost = sip.sip_contact.map { SofiaURI.host($0.pointee.m_url) }
        wayBack.isSuccess = sip.sip_status.map { (200..<300).contains($0.pointee.st_status) } ?? false
        readWay(sip)
        if sip_has_feature(sip.sip_require, "100rel") != 0 {
            provisionals = .all
        } else if sip_has_feature(sip.sip_supported, "100rel") != 0 {
            provisionals = .sessionProgress
        }
        callID = SofiaText.field(sip.sip_call_id?.pointee.i_id, limit: 256)
        fromTag = SofiaText.field(sip.sip_from?.pointee.a_tag, limit: 128)
        if let sequence = sip.sip_rseq?.pointee.rs_response, let request = sip.sip_cseq?.pointee {
            rack = "\(sequence) \(request.cs_seq) INVITE"
        }
        toTag = SofiaText.field(sip.sip_to?.pointee.a_tag, limit: 128)
        switch sip.sip_status?.pointee.st_status {
        case 401?: challenges = SofiaText.challenges(sip.sip_www_authenticate)
        case 407?: challenges = SofiaText.challenges(sip.sip_proxy_authenticate)
        case (300..<400)?: alternatives = SofiaURI.contacts(sip.sip_contact)
        default: break
        }
    }

    private func readBody(_ sip: sip_s, limit: Int) {
        guard let payload = sip.sip_payload?.pointee, let data = payload.pl_data else { return }
        bodySize = Int(clamping: payload.pl_len)
        guard bodySize > 0 else { return }
        guard bodySize <= limit else {
            content.refusal = SIPResponse(status: 413)
            return
        }
        let bytes = Array(UnsafeRawBufferPointer(start: data, count: bodySize))
        body = String(decoding: bytes, as: UTF8.self)
        let type = sip.sip_content_type.map { SofiaHeaders.value($0.pointee.c_type, $0.pointee.c_params) }
        let disposition = sip.sip_content_disposition.map { SofiaHeaders.value($0.pointee.cd_type, $0.pointee.cd_params) }
        let encoding = sip.sip_content_encoding?.pointee.k_items?.pointee.map { SofiaText.field($0).lowercased() }
        content = SessionBody(
            BodyPart(type: type, disposition: disposition, isEncoded: encoding.map { $0 != "identity" } ?? false, content: bytes[...]))
    }

    /// URIs of Record-Route that are read.
    private static let mostRecordRoutes = 32

    private func readWay(_ sip: sip_s) {
        let from = sip.sip_record_route?.pointee.r_url ?? sip.sip_contact?.pointee.m_url
        isSecure = [sip.sip_request?.pointee.rq_url, from].contains { $0.map { Int32($0.url_type) == Int32(url_sips.rawValue) } ?? false }
        var route = sip.sip_record_route
        while let next = route?.pointee {
            // Of more the last one counts as well: requests of ours that begin a dialog go there.
            if wayBack.recordRoutes.count < IncomingMessage.mostRecordRoutes || next.r_next == nil { wayBack.recordRoutes.append(SofiaURI.text(next.r_url)) }
            route = next.r_next
        }
        var via = sip.sip_via
        while let next = via {
            vias += 1
            via = next.pointee.v_next
        }
    }

    /// The session description in the body.
    var sdp: String? { content.sdp }
}

extension SIPReason {
    init(header: sip_reason_s) {
        self.init(
            protocolName: SofiaText.field(header.re_protocol, limit: 32),
            cause: Int(SofiaText.field(header.re_cause, limit: 8)),
            text: SofiaText.optionalField(header.re_text, limit: 128).map(NameAddress.unquoted))
    }
}

extension SIPParty {
    init(_ address: sip_addr_s?) {
        guard let address else {
            self.init(uri: "", user: "", host: "", displayName: nil)
            return
        }
        let display = NameAddress.unquoted(SofiaText.field(address.a_display, limit: 256))
        self.init(
            uri: SofiaURI.text(address.a_url),
            user: SIPURI.unescaped(SofiaText.field(address.a_url.url_user, limit: 256)),
            host: SofiaText.field(address.a_url.url_host, limit: 256),
            displayName: display.isEmpty ? nil : display)
    }
}

extension SIPIncomingInvite {
    init(_ sip: UnsafePointer<sip_t>, sdp: String?, flow: SIPFlow?) {
        let sip = sip.pointee
        let url = sip.sip_request?.pointee.rq_url
        self.init(
            from: SIPParty(sip.sip_from?.pointee),
            to: SIPParty(sip.sip_to?.pointee),
            requestUser: SIPURI.unescaped(SofiaText.field(url?.url_user, limit: 256)),
            requestHost: SofiaText.field(url?.url_host, limit: 256),
            requestURI: url.map(SofiaURI.text) ?? "",
            callID: SofiaText.field(sip.sip_call_id?.pointee.i_id, limit: 256),
            sdp: sdp,
            source: flow?.peer ?? "",
            transport: flow?.transport ?? .udp,
            flow: flow,
            userAgent: SofiaText.optionalField(sip.sip_user_agent?.pointee.g_string, limit: 128),
            maxForwards: sip.sip_max_forwards.map { Int(clamping: $0.pointee.mf_count) } ?? 70)
        authorizations = SofiaHeaders.authorizations(sip)
        assertedIdentities = SofiaHeaders.parties(sip, "p-asserted-identity")
        preferredIdentities = SofiaHeaders.parties(sip, "p-preferred-identity")
        privacy = SofiaHeaders.privacy(sip)
        diversion = SofiaHeaders.unknown(sip, "diversion")
        historyInfo = SofiaHeaders.unknown(sip, "history-info")
        contact = sip.sip_contact.map { SofiaURI.text($0.pointee.m_url) }
        contactHost = sip.sip_contact.map { SofiaURI.host($0.pointee.m_url) }
        viaHost = SofiaText.optionalField(sip.sip_via?.pointee.v_host, limit: 256)
        isProxied = sip.sip_via?.pointee.v_next != nil
        testID = SofiaHeaders.unknown(sip, "x-tern-test-id").first
        replaces = sip.sip_replaces.flatMap { SIPReplaces($0.pointee) }
        referredBy = sip.sip_referred_by.map { "<\(SofiaURI.text($0.pointee.b_url).unicodeScalars.filter { $0 != ">" })>" }
    }
}

/// URIs and addresses of Sofia's as text.
enum SofiaURI {
    static func text(_ url: url_t) -> String {
        var bytes = [CChar](repeating: 0, count: SofiaText.longestField)
        let length = withUnsafePointer(to: url) { url_e(&bytes, isize_t(bytes.count), $0) }
        guard length >= 0, length < bytes.count else { return "" }
        return bytes.withUnsafeBufferPointer { SofiaText.field($0.baseAddress) }
    }

    /// The URIs of a Contact header in the order of their q, at most 8; those that cannot be written are left out.
    static func contacts(_ first: UnsafeMutablePointer<sip_contact_t>?) -> [String] {
        var found: [(uri: String, q: Int)] = []
        var next = first
        while let contact = next?.pointee, found.count < 8 {
            next = contact.m_next
            let uri = text(contact.m_url)
            guard !uri.isEmpty, SIPTarget.isHarmless(uri) else { continue }
            found.append((uri, contact.m_q.map { SIPIncomingRegister.Contact.thousandths(SofiaText.field($0, limit: 8)) } ?? 1_000))
        }
        return found.enumerated().sorted { ($1.element.q, $0.offset) < ($0.element.q, $1.offset) }.map(\.element.uri)
    }

    /// Without brackets.
    static func host(_ url: url_t) -> String {
        let host = SofiaText.field(url.url_host, limit: 256)
        return host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    }

    /// Where a message came from; nil for one of Sofia's own.
    static func source(of message: OpaquePointer?) -> SocketAddress? {
        var length = socklen_t(0)
        return tern_msg_source(message, &length).flatMap { SocketAddress($0, length: length) }
    }

    /// How a request came; nil where the peer's address is not known.
    ///
    /// - Parameter transport: Where it is known; else the Via tells.
    static func flow(
        _ sip: UnsafePointer<sip_t>, message: OpaquePointer?, at address: String, port: Int,
        over transport: ListenAddress.Transport? = nil
    ) -> SIPFlow? {
        guard let peer = source(of: message) else { return nil }
        let text = SofiaText.field(sip.pointee.sip_via?.pointee.v_protocol, limit: 32).uppercased()
        return SIPFlow(transport ?? (text.hasSuffix("/TCP") ? .tcp : .udp), peer, at: address, port: port)
    }
}
