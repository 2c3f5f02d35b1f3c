internal import CSofiaSIP
internal import Glibc

extension SIPClientOutcome {
    /// A final response. What Sofia says itself comes from nowhere, with statuses from 900 on for troubles of its own.
    init(status: Int, phrase: String, _ sip: UnsafePointer<sip_t>?, message: OpaquePointer?) {
        var length = socklen_t(0)
        let source = tern_msg_source(message, &length).flatMap { SocketAddress($0, length: length) }
        self.init(status: status < 700 ? status : 503, phrase: phrase, isFromPeer: sip != nil && source != nil)
        guard let sip = sip?.pointee else { return }
        reason = sip.sip_reason.map { SIPReason(header: $0.pointee) }
        minExpires = sip.sip_min_expires.map { Int(clamping: $0.pointee.me_delta) }
        retryAfter = sip.sip_retry_after.map { Int(clamping: $0.pointee.af_delta) }
        let expires = sip.sip_expires.map { Int(clamping: $0.pointee.ex_delta) }
        var next = sip.sip_contact
        while let contact = next?.pointee, contacts.count < SIPClientOutcome.mostContacts {
            next = contact.m_next
            let own = contact.m_expires.flatMap { UInt32(SofiaText.field($0, limit: 16)) }.map { Int($0) }
            contacts.append(Contact(uri: SofiaURI.text(contact.m_url), expires: own ?? expires))
        }
    }
}
