internal import CSofiaSIP
internal import Glibc
internal import SIPNames

/// Texts of a peer, made harmless: valid UTF-8, bounded, without control characters.
enum SofiaText {
    /// More than any header field that is shown or logged needs.
    static let longestField = 1_024

    /// A C string of Sofia's as a header field's text; empty when there is none.
    static func field(_ text: UnsafePointer<CChar>?, limit: Int = longestField) -> String {
        guard let text else { return "" }
        let field = UnsafeRawBufferPointer(start: text, count: strnlen(text, limit))
        guard field.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return String(decoding: field, as: UTF8.self) }
        return String(decoding: field.lazy.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
    }

    static func optionalField(_ text: UnsafePointer<CChar>?, limit: Int = longestField) -> String? {
        text.map { field($0, limit: limit) }
    }
}

extension SofiaText {
    /// Each challenge as it came: the scheme, and its parameters in their order.
    static func challenges(_ first: UnsafeMutablePointer<msg_auth_t>?) -> [String] {
        var values: [String] = []
        var next = first
        while let challenge = next, values.count < SIPChallenge.most {
            values.append(text(of: challenge.pointee))
            next = challenge.pointee.au_next
        }
        return values
    }

    private static let mostParameters = 32

    private static func text(of challenge: msg_auth_t) -> String {
        var parameters: [String] = []
        if let list = challenge.au_params {
            while parameters.count < mostParameters, let parameter = list[parameters.count] {
                parameters.append(field(parameter))
            }
        }
        return "\(field(challenge.au_scheme, limit: 64)) \(parameters.joined(separator: ", "))"
    }
}

/// Header fields as text: those that Sofia does not parse, or whose parts belong to somebody else.
enum SofiaHeaders {
    /// More values of a header than this are not read.
    static let most = 8
    /// A longer value of one is not read, rather than cut: a part of it could mean something else.
    static let longest = 4_096

    /// The values of Authorization and Proxy-Authorization (RFC 3261 sections 20.7 and 20.28), as they came but for white space.
    static func authorizations(_ sip: sip_t) -> [String] {
        (values(sip.sip_authorization) + values(sip.sip_proxy_authorization)).prefix(most).map { $0 }
    }

    private static func values(_ first: UnsafeMutablePointer<msg_auth_t>?) -> [String] {
        var found: [String] = []
        var next = first
        while let header = next, found.count < most {
            next = header.pointee.au_next
            let scheme = SofiaText.field(header.pointee.au_scheme, limit: 64)
            guard let parameters = list(header.pointee.au_params, limit: longest) else { continue }
            found.append("\(scheme) \(parameters.joined(separator: ", "))")
        }
        return found
    }

    /// A value and its parameters; without these where they are too long.
    static func value(_ text: UnsafePointer<CChar>?, _ parameters: UnsafePointer<msg_param_t?>?) -> ParameterizedValue {
        let parameters = list(parameters, limit: SofiaText.longestField) ?? []
        return ParameterizedValue(([SofiaText.field(text, limit: 128)] + parameters).joined(separator: ";"))
    }

    /// The strings of one of Sofia's lists; nil when they are longer than `limit` in all.
    static func list(_ first: UnsafePointer<msg_param_t?>?, limit: Int) -> [String]? {
        guard var next = first else { return [] }
        var (found, size) = ([String](), 0)
        while let text = next.pointee {
            let value = SofiaText.field(text, limit: limit + 1)
            size += value.utf8.count + 1
            guard size <= limit else { return nil }
            found.append(value)
            next += 1
        }
        return found
    }

    /// The addresses of all header fields of that name, at most two: a `sip:` and a `tel:` URI.
    static func parties(_ sip: sip_t, _ name: String) -> [SIPParty] {
        Array(unknown(sip, name).lazy.flatMap { NameAddress.list($0) }.compactMap { SIPParty($0) }.prefix(2))
    }

    static func privacy(_ sip: sip_t) -> Set<String> {
        Set((list(sip.sip_privacy?.pointee.priv_values, limit: 256) ?? []).map { $0.lowercased() })
    }

    /// The values of all header fields of that name among those that Sofia does not know.
    static func unknown(_ sip: sip_t, _ name: String) -> [String] {
        var found: [String] = []
        var next = sip.sip_unknown
        while let header = next, found.count < most {
            next = header.pointee.un_next
            guard SofiaText.field(header.pointee.un_name, limit: 64).lowercased() == name else { continue }
            let value = SofiaText.field(header.pointee.un_value, limit: longest + 1)
            if value.utf8.count <= longest { found.append(value) }
        }
        return found
    }
}
