/// How a leg ended that was not rejected.
public struct SIPEnd: Hashable, Sendable {
    /// What ended it.
    public enum Cause: String, Sendable {
        /// CANCEL before the answer.
        case cancelled
        /// BYE of the other side.
        case hungUp
        /// The ACK to our 2xx never came; BYE was sent (RFC 3261 section 13.3.1.4).
        case acknowledgementLost
        /// The session timer ran out, or its refresh failed (RFC 4028).
        case sessionExpired
        /// The core did not decide about the call in time.
        case undecided
        /// The other side, or the way to it, failed in the middle of the dialog.
        case failed
        /// The endpoint was stopped.
        case stopped
    }

    /// Whose doing it was.
    public enum Party: String, Sendable {
        case remote, local, timeout, failure
    }

    public var cause: Cause
    /// The Reason header of the CANCEL or BYE, or ours.
    public var reason: SIPReason?

    public init(_ cause: Cause, reason: SIPReason? = nil) {
        self.cause = cause
        self.reason = reason
    }

    public var by: Party {
        switch cause {
        case .cancelled, .hungUp: .remote
        case .stopped: .local
        case .acknowledgementLost, .sessionExpired, .undecided: .timeout
        case .failed: .failure
        }
    }
}
