/// Transfers that the peer asks for (RFC 3515): one at a time, and in an established dialog only.
extension LegMachine {
    /// A REFER that was not refused.
    struct Referral: Equatable {
        /// Whether the core has not decided yet.
        var isOpen = true
        /// Whether its sender wants no NOTIFY (RFC 4488).
        let isSilent: Bool
        let eventID: UInt32?
    }

    /// What is to be done about an input that has to do with a transfer; nil for other inputs.
    mutating func transferring(_ input: LegInput) -> [LegAction]? {
        switch input {
        case .transferRequested(let request): return asked(request)
        case .acceptTransfer: return accepted()
        case .refuseTransfer(let response):
            guard referral?.isOpen == true else { return [] }
            referral = nil
            return [.respondToTransfer(response, isSilent: false)]
        case .reportTransfer(let status, let phrase):
            guard let referral, !referral.isOpen, isEstablished else { return [] }
            if status >= 200 { self.referral = nil }
            let fragment = LegAction.Fragment(status: status, phrase: phrase, eventID: referral.eventID)
            return referral.isSilent ? [] : [.notify(fragment)]
        default:
            return nil
        }
    }

    /// The last NOTIFY to a REFER whose outcome is not known when the leg ends: it says no more than that the subscription ends (RFC 3515 section 2.4.7).
    mutating func abandonReferral() -> [LegAction] {
        guard let referral, !referral.isOpen, !referral.isSilent else { return [] }
        self.referral = nil
        return [.notify(LegAction.Fragment(status: 100, phrase: nil, eventID: referral.eventID, isLast: true))]
    }

    private var isEstablished: Bool { if case .established = state { true } else { false } }

    private mutating func asked(_ request: SIPTransferRequest) -> [LegAction] {
        guard isEstablished, referral == nil else { return [.respondToTransfer(SIPResponse(status: 491), isSilent: false)] }
        referrals += 1
        referral = Referral(isSilent: request.isSilent, eventID: referrals > 1 ? request.number : nil)
        return [.report(.transferRequested(id, request))]
    }

    private mutating func accepted() -> [LegAction] {
        guard var referral, referral.isOpen else { return [] }
        referral.isOpen = false
        self.referral = referral
        let response = LegAction.respondToTransfer(SIPResponse(status: 202), isSilent: referral.isSilent)
        guard !referral.isSilent else { return [response] }
        return [response, .notify(LegAction.Fragment(status: 100, phrase: nil, eventID: referral.eventID))]
    }
}
