internal import BrowserAPI
internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SIP

/// One end of an established call.
@LoopActor
struct Seat {
    let call: CallController
    let side: SessionSide

    /// The other end.
    var other: Seat { Seat(call: call, side: side.other) }

    /// Nil where nobody sits there, as at the echo's end.
    var leg: (any CallLeg)? { call.party(side) }

    /// Who sits there: what has been proven of it, and how it is shown.
    var origin: CallOrigin? { side == .caller ? call.origin : (leg as? any CalleeLeg)?.origin }

    var phone: (any PhoneLeg)? { leg as? any PhoneLeg }
    var browser: (any BrowserLeg)? { leg as? any BrowserLeg }

    /// Whether both ends are the same party's: a user's, a trunk's, or one address where nobody is known.
    func isOf(_ other: Seat) -> Bool {
        guard let origin, let theirs = other.origin, origin.source == theirs.source else { return false }
        guard origin.source == .anonymous else { return true }
        guard let flow = phone?.flow, let their = other.phone?.flow else { return false }
        return flow.peerAddress == their.peerAddress
    }
}
