/// Names one SIP leg of a ``SIPEndpoint``. Never reused within a process.
public struct SIPLegID: Hashable, Sendable, CustomStringConvertible {
    let number: UInt

    public var description: String { "leg-\(number)" }
}

/// What happened on a leg. The events of one leg arrive in the order in which they came about.
///
/// A leg's last event is ``rejected(_:status:phrase:reason:)``, ``redirected(_:status:phrase:contacts:)`` or ``ended(_:_:)``; after ``SIPEndpoint/end(_:status:reason:)``
/// and ``SIPEndpoint/reject(_:_:)`` there is none.
public enum SIPEvent: Hashable, Sendable {
    /// An INVITE for a new call; 100 has been sent. It waits for `ring`, `answer` or `reject`.
    indirect case incoming(SIPLegID, SIPIncomingInvite)
    /// 101 to 199 to our INVITE, with the SDP that it carries.
    case provisional(SIPLegID, status: Int, phrase: String, sdp: String?)
    /// 2xx to our INVITE; the ACK has been sent, unless our INVITE had no SDP: then the SDP here is an offer, and
    /// ``SIPEndpoint/acknowledge(_:sdp:)`` sends the ACK with the answer.
    case answered(SIPLegID, sdp: String?)
    /// The ACK to our 2xx came.
    case established(SIPLegID)
    /// A final response other than 2xx to our INVITE, with 408 for a timeout and 503 for a transport that failed.
    case rejected(SIPLegID, status: Int, phrase: String, reason: SIPReason?)
    /// 3xx to our INVITE, with the URIs in its Contact, the most wanted first. Without one it is `rejected`.
    case redirected(SIPLegID, status: Int, phrase: String, contacts: [String])
    /// A re-INVITE or UPDATE wants `acceptOffer` or `rejectOffer`. Without SDP it asks for our offer.
    case offer(SIPLegID, sdp: String?)
    /// The last `offer` has ended without an answer of the core's: the peer cancelled its re-INVITE, ``SIPEndpointConfiguration/decisionLimit`` is
    /// over, or the call was answered meanwhile. The session stands as it was before the offer.
    case offerWithdrawn(SIPLegID)
    /// 2xx to our re-INVITE, with the answer. It also comes when the peer answers a refresh of the session timer, which the
    /// endpoint does by itself, with another description than before.
    case offerAccepted(SIPLegID, sdp: String?)
    /// Another final response to our re-INVITE; the session stands as it was (RFC 3261 section 14.1).
    case offerRejected(SIPLegID, status: Int, phrase: String)
    /// The ACK brought the answer to an offer that was in our 2xx: `answer` or `acceptOffer` to an INVITE without SDP.
    /// It comes just before `established` where the INVITE was the first.
    case offerCompleted(SIPLegID, sdp: String?)
    /// An INFO with a DTMF digit or a keyframe request; 200 has been sent.
    case info(SIPLegID, SIPInfo)
    /// The final response to an INFO of ours, or 408 or 503 where there is none. They come in the order of the INFOs.
    case infoAnswered(SIPLegID, status: Int)
    /// A REFER wants ``SIPEndpoint/acceptTransfer(_:)`` or ``SIPEndpoint/refuseTransfer(_:_:)``, at once.
    indirect case transferRequested(SIPLegID, SIPTransferRequest)
    /// The leg is gone.
    case ended(SIPLegID, SIPEnd)

    /// The leg that it is about.
    public var leg: SIPLegID {
        switch self {
        case .incoming(let leg, _), .provisional(let leg, _, _, _), .answered(let leg, _), .established(let leg),
            .rejected(let leg, _, _, _), .redirected(let leg, _, _, _), .offer(let leg, _), .offerWithdrawn(let leg), .offerAccepted(let leg, _), .offerRejected(let leg, _, _),
            .offerCompleted(let leg, _), .info(let leg, _), .infoAnswered(let leg, _), .transferRequested(let leg, _), .ended(let leg, _):
            leg
        }
    }
}

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
