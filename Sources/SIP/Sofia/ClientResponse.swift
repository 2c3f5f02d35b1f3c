internal import CSofiaSIP
internal import SIPNames

extension SIPClientOutcome {
    /// A final response. Sofia has statuses from 900 on for troubles of its own.
    init(status: Int, phrase: String, _ sip: UnsafePointer<sip_t>?, isFromPeer: Bool) {
        self.init(status: status < 700 ? status : 503, phrase: phrase, isFromPeer: isFromPeer)
        guard let sip = sip?.pointee else { return }
        reason = sip.sip_reason.map { SIPReason(header: $0.pointee) }
        minExpires = sip.sip_min_expires.map { Int(clamping: $0.pointee.me_delta) }
        retryAfter = sip.sip_retry_after.map { Int(clamping: $0.pointee.af_delta) }
        expires = sip.sip_expires.map { Int(clamping: $0.pointee.ex_delta) }
        var next = sip.sip_contact
        while let contact = next?.pointee, contacts.count < SIPClientOutcome.mostContacts {
            next = contact.m_next
            let own = contact.m_expires.flatMap { UInt32(NameAddress.unquoted(SofiaText.field($0, limit: 32))) }.map { Int($0) }
            contacts.append(Contact(uri: SofiaURI.text(contact.m_url), expires: own ?? expires))
        }
    }
}
