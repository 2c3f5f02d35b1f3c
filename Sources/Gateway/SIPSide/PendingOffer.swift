/// An offer of ours that the phone has not answered, and whether and when it is made again. No clock, no wire.
struct PendingOffer {
    /// How often an offer is repeated that met one of the phone's.
    static let maximumRetries = 3

    /// nil when there is none.
    private(set) var sdp: String?
    private var retries = 0

    mutating func begin(_ sdp: String) {
        self.sdp = sdp
        retries = 0
    }

    /// Forgets it: it was answered, or the call is over. Whether there was one.
    mutating func end() -> Bool {
        defer { sdp = nil }
        return sdp != nil
    }

    /// How long to wait before it is made again, for one that was answered with `status`; nil when that is the end of it.
    ///
    /// After 491 the owner of the Call-ID waits 2.1 to 4 seconds, the other side up to 2, each in steps of 10 ms (RFC 3261 section 14.1).
    ///
    /// - Parameter ownsCallID: Whether we sent the INVITE that made the dialog.
    mutating func wait(
        after status: Int, ownsCallID: Bool, using generator: inout some RandomNumberGenerator
    ) -> Duration? {
        guard status == 491, sdp != nil, retries < PendingOffer.maximumRetries else {
            sdp = nil
            return nil
        }
        retries += 1
        return .milliseconds(Int.random(in: ownsCallID ? 210...400 : 0...200, using: &generator) * 10)
    }
}
