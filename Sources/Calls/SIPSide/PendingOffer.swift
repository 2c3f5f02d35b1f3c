/// The one offer of ours within a dialog that the phone has not answered, and whether and when it is made again. No clock, no wire.
///
/// A phone that is being transferred has two legs in one dialog: its former one, and the one in the new call. While one of them holds the dialog,
/// an offer of the other waits, so that no answer is taken for that to another offer.
struct PendingOffer {
    /// How often an offer is repeated that met one of the phone's.
    static let maximumRetries = 3

    /// nil when there is none.
    private(set) var sdp: String?
    private var retries = 0
    /// The leg that alone may offer; nil when any may.
    private var holder: ObjectIdentifier?
    /// An offer of another leg, for when the dialog is free again.
    private var waiting: String?

    /// Whether the offer is to be made now; else it waits until the dialog is released.
    mutating func begin(_ sdp: String, by leg: ObjectIdentifier) -> Bool {
        guard holder == nil || holder == leg else {
            waiting = sdp
            return false
        }
        self.sdp = sdp
        retries = 0
        return true
    }

    /// Leaves the dialog to one leg.
    mutating func hold(for leg: ObjectIdentifier) { holder = leg }

    /// Leaves the dialog to its other leg again. The offer that has waited for this, which is to be made now.
    mutating func release() -> String? {
        holder = nil
        guard let next = waiting else { return nil }
        waiting = nil
        sdp = next
        retries = 0
        return next
    }

    /// Forgets it: it was answered, or the call is over. Whether there was one.
    mutating func end() -> Bool {
        defer { sdp = nil }
        return sdp != nil
    }

    /// Forgets what waits as well: the leg that wanted it is over.
    mutating func forgetWaiting() {
        waiting = nil
        holder = nil
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
