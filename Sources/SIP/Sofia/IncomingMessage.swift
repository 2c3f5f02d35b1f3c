internal import CSofiaSIP
internal import Glibc

/// What the endpoint reads of a request or response, copied while Sofia's message is alive.
struct IncomingMessage {
    /// The body as text; bytes that are no UTF-8 are replaced. Nil when there is none, or when it is too big.
    var body: String?
    var bodySize = 0
    /// Lower case, without parameters; empty when there is none.
    var contentType = ""
    var hasContentEncoding = false
    var reason: SIPReason?
    /// Whether the peer lists UPDATE in its Allow header.
    var allowsUpdate = false
    /// What it says about the session timer, where `called` tells that it is a request.
    var session = SessionInterval.Remote(isSupported: false, expires: nil, namesUs: nil)
    var called = false
    var hasContact = false
    /// Which provisional responses a caller wants to acknowledge.
    var provisionals = ReliableProvisionals.never
    /// The tag of the To header: names the fork that a response comes from.
    var toTag = ""

    init(_ sip: UnsafePointer<sip_t>, bodyLimit: Int) {
        let sip = sip.pointee
        if let payload = sip.sip_payload?.pointee, let data = payload.pl_data {
            bodySize = Int(clamping: payload.pl_len)
            if bodySize > 0, bodySize <= bodyLimit {
                let bytes = UnsafeRawBufferPointer(start: data, count: bodySize)
                body = String(decoding: bytes, as: UTF8.self)
            }
        }
        contentType = SofiaText.field(sip.sip_content_type?.pointee.c_type, limit: 128).lowercased()
        if let encoding = sip.sip_content_encoding?.pointee.k_items?.pointee {
            hasContentEncoding = SofiaText.field(encoding).lowercased() != "identity"
        }
        reason = sip.sip_reason.map { SIPReason(header: $0.pointee) }
        allowsUpdate = sip_is_allowed(sip.sip_allow, sip_method_update, "UPDATE") != 0
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
        if sip_has_feature(sip.sip_require, "100rel") != 0 {
            provisionals = .all
        } else if sip_has_feature(sip.sip_supported, "100rel") != 0 {
            provisionals = .sessionProgress
        }
        toTag = SofiaText.field(sip.sip_to?.pointee.a_tag, limit: 128)
    }

    /// The body where it is a session description: `application/sdp`, or of no declared type (RFC 3261 section 7.4.1).
    var sdp: String? {
        contentType == "application/sdp" || contentType.isEmpty ? body : nil
    }
}

extension SIPReason {
    fileprivate init(header: sip_reason_s) {
        self.init(
            protocolName: SofiaText.field(header.re_protocol, limit: 32),
            cause: Int(SofiaText.field(header.re_cause, limit: 8)),
            text: SofiaText.optionalField(header.re_text, limit: 128).map(SofiaText.unquoted))
    }
}

extension SIPParty {
    init(_ address: sip_addr_s?) {
        guard let address else {
            self.init(uri: "", user: "", host: "", displayName: nil)
            return
        }
        let display = SofiaText.unquoted(SofiaText.field(address.a_display, limit: 256))
        self.init(
            uri: SofiaURI.text(address.a_url),
            user: SofiaText.unescaped(SofiaText.field(address.a_url.url_user, limit: 256)),
            host: SofiaText.field(address.a_url.url_host, limit: 256),
            displayName: display.isEmpty ? nil : display)
    }
}

extension SIPIncomingInvite {
    init(_ sip: UnsafePointer<sip_t>, sdp: String?, message: OpaquePointer?) {
        let sip = sip.pointee
        let url = sip.sip_request?.pointee.rq_url
        let transport = SofiaText.field(sip.sip_via?.pointee.v_protocol, limit: 32).uppercased()
        self.init(
            from: SIPParty(sip.sip_from?.pointee),
            to: SIPParty(sip.sip_to?.pointee),
            requestUser: SofiaText.unescaped(SofiaText.field(url?.url_user, limit: 256)),
            requestHost: SofiaText.field(url?.url_host, limit: 256),
            requestURI: url.map(SofiaURI.text) ?? "",
            callID: SofiaText.field(sip.sip_call_id?.pointee.i_id, limit: 256),
            sdp: sdp,
            source: SofiaURI.source(of: message),
            transport: transport.hasSuffix("/TCP") ? .tcp : .udp,
            userAgent: SofiaText.optionalField(sip.sip_user_agent?.pointee.g_string, limit: 128),
            maxForwards: sip.sip_max_forwards.map { Int(clamping: $0.pointee.mf_count) } ?? 70)
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

    /// `192.0.2.1:5060`, `[2001:db8::1]:5060`; empty when it is not known.
    static func source(of message: OpaquePointer?) -> String {
        var length = socklen_t(0)
        guard let address = tern_msg_source(message, &length) else { return "" }
        return SocketAddress(address, length: length)?.hostPort ?? ""
    }
}
