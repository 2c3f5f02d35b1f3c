internal import CSofiaSIP
internal import EventLoop

/// Who may not be there: the source address of a datagram may be forged. An INVITE without credentials from an address that has never answered gets
/// its 200 three times at most, and a BYE twice: so the gateway sends no more to whoever has that address than was sent to it in his name.
@LoopActor
enum SilentSources {
    /// How often a 2xx, and a BYE, goes to an address that has not answered.
    private static let responses = 3, requests = 2
    /// Addresses that are remembered; the oldest go first.
    private static let most = 16_384
    private static let lifetime = Duration.seconds(600)

    private struct Sent {
        var responses = 0, requests = 0
    }

    private static var younger: Set<String> = []
    private static var older: Set<String> = []
    private static var turned = ContinuousClock.now
    /// Dialogs whose peer has not answered, by Call-ID.
    private static var dialogs: [String: Sent] = [:]

    /// Whether an address has shown that it gets what is sent to it: by an ACK, within the last minutes.
    static func isProven(_ address: String, at now: ContinuousClock.Instant) -> Bool {
        turn(to: now)
        guard !younger.contains(address) else { return true }
        guard older.contains(address) else { return false }
        insert(address, now)
        return true
    }

    /// An address has answered.
    static func prove(_ address: String, at now: ContinuousClock.Instant) {
        turn(to: now)
        insert(address, now)
    }

    private static func insert(_ address: String, _ now: ContinuousClock.Instant) {
        if younger.count >= most { (older, younger, turned) = (younger, [], now) }
        younger.insert(address)
    }

    private static func turn(to now: ContinuousClock.Instant) {
        let age = turned.duration(to: now)
        guard age >= lifetime else { return }
        (older, younger, turned) = (age < lifetime * 2 ? younger : [], [], now)
    }

    /// Forgets all addresses.
    static func forgetAll() { (younger, older) = ([], []) }

    /// The peer of a dialog has not answered.
    static func watch(_ callID: String) { dialogs[callID] = Sent() }

    static func forget(_ callID: String) { dialogs[callID] = nil }

    /// Whether one more BYE, or 2xx to an INVITE, may go out.
    static func maySend(_ sip: sip_t) -> Bool {
        guard !dialogs.isEmpty, let id = sip.sip_call_id?.pointee.i_id else { return true }
        let callID = SofiaText.field(id, limit: 256)
        guard var sent = dialogs[callID] else { return true }
        defer { dialogs[callID] = sent }
        if sip.sip_request != nil {
            sent.requests += 1
            return sent.requests <= requests
        }
        sent.responses += 1
        return sent.responses <= responses
    }
}
