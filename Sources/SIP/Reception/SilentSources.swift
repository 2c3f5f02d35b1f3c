internal import CSofiaSIP
internal import EventLoop
internal import SIPNames

/// Bounds what is sent over UDP to an address that has never answered: a source address may be forged, and would make the gateway a reflector.
///
/// Such an address gets each response to an INVITE that Sofia's timers repeat, final or reliable, three times at most, and a BYE twice. An INVITE that it sends again gets
/// one response more: one for one, and no more often than a client repeats it. An address has answered by an ACK or a PRACK with the tag that was sent to it, or by
/// credentials with a nonce that was made for it.
@LoopActor
enum SilentSources {
    /// How often a response, and a BYE, goes to an address that has not answered.
    private static let responses: UInt8 = 3, requests: UInt8 = 2
    /// How often a client sends an INVITE over UDP at most (RFC 3261 section 17.1.1.2: from one to the next the time is doubled, for 32 s).
    private static let invites: UInt8 = 7

    /// Addresses that have answered within the last ten minutes.
    private static var proven = RecentValues<String, Void>(capacity: 16_384, lifetime: .seconds(600))
    /// How often responses went to addresses that have not. A transaction ends after 32 s.
    private static var sent = RecentValues<Response, UInt8>(capacity: 16_384, lifetime: .seconds(40))
    /// BYEs in dialogs whose peer has not answered, by Call-ID.
    private static var dialogs: [String: UInt8] = [:]
    /// Dialogs whose peer has answered.
    private static var established: Set<SIPDialogName> = []

    /// A response that is repeated: a number for its transaction and address, and why.
    private struct Response: Hashable {
        enum Occasion {
            /// A timer: a reliable response waits for its PRACK, a final one for its ACK.
            case reliable, final
            /// The INVITE came again, or is answered without a transaction.
            case request
        }

        let transaction: Int
        let occasion: Occasion
    }

    /// Whether an address has shown that it gets what is sent to it.
    ///
    /// - Parameter address: As a host of a URI, or without brackets.
    static func isProven(_ address: String, at now: ContinuousClock.Instant) -> Bool {
        let address = canonical(address)
        guard proven.value(for: address, at: now) != nil else { return false }
        proven.set((), for: address, at: now)
        return true
    }

    /// An address has answered.
    static func prove(_ address: String, at now: ContinuousClock.Instant) { proven.set((), for: canonical(address), at: now) }

    private static func canonical(_ address: String) -> String { IPAddress(host: address)?.unmapped.description ?? address }

    /// Forgets all addresses.
    static func forgetAll() {
        proven.removeAll()
        sent.removeAll()
    }

    /// The peer of a dialog has not answered.
    static func watch(_ callID: String) { dialogs[callID] = 0 }

    static func forget(_ callID: String) { dialogs[callID] = nil }

    /// The peer of a dialog has answered: what it sends in it has its tag, and no proof is needed.
    static func establish(_ dialog: SIPDialogName) { established.insert(dialog) }

    static func end(_ dialog: SIPDialogName) { established.remove(dialog) }

    /// Whether a BYE, or a response to an INVITE that is repeated, may go out.
    ///
    /// - Parameters:
    ///   - host: The address that it goes to; empty where it is not known.
    ///   - isAsked: Whether it is the one response to an INVITE that has just come.
    static func maySend(_ sip: sip_t, to host: String, isAsked: Bool, at now: ContinuousClock.Instant) -> Bool {
        guard let id = sip.sip_call_id?.pointee.i_id else { return true }
        let callID = SofiaText.field(id, limit: 256)
        guard let status = sip.sip_status?.pointee.st_status else {
            guard let count = dialogs[callID], count < requests else { return dialogs[callID] == nil }
            dialogs[callID] = count + 1
            return true
        }
        guard !isProven(host, at: now) else { return true }
        let tag = SofiaText.field(sip.sip_from?.pointee.a_tag, limit: 128)
        let dialog = SIPDialogName(callID: callID, localTag: SofiaText.field(sip.sip_to?.pointee.a_tag, limit: 128), remoteTag: tag)
        guard !established.contains(dialog) else { return true }
        var hasher = Hasher()
        hasher.combine(callID)
        hasher.combine(tag)
        hasher.combine(sip.sip_cseq?.pointee.cs_seq)
        hasher.combine(SofiaText.field(sip.sip_via?.pointee.v_branch, limit: 128))
        hasher.combine(host)
        let response = Response(transaction: hasher.finalize(), occasion: isAsked ? .request : status >= 200 ? .final : .reliable)
        let limit = isAsked ? invites : responses
        let count = sent.value(for: response, at: now) ?? 0
        // Set again where it is not sent: it is forgotten when its transaction has ended, not before.
        sent.set(min(count + 1, limit), for: response, at: now)
        return count < limit
    }
}
