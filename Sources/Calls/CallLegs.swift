internal import BrowserAPI
internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SDP
internal import SIP

/// A party of a call. All methods may be called in any state; what no longer makes sense does nothing.
@LoopActor
protocol CallLeg: AnyObject {
    /// The other side offers to change the session. The answer, or the refusal, comes as an event.
    func sendOffer(_ offer: SessionDescription)
    /// The answer to this party's own offer.
    func sendAnswer(_ answer: SessionDescription)
    /// This party's own offer is refused, and the session stands as it was.
    func refuseOffer(_ failure: SessionFailure)
}

/// The side of a call that dialled.
@LoopActor
protocol CallerLeg: CallLeg {
    /// The offer was taken, and the called party is being tried.
    func proceed()
    /// The called party rings.
    func ring()
    /// The called party rings, and sends media already: this is the answer to the caller's offer.
    func progress(_ answer: SessionDescription)
    /// The called party answered: this is the answer to the caller's offer, or an offer where it made none.
    func answer(_ description: SessionDescription)
    /// The call ends before it was answered.
    func reject(_ end: CallEnd)
    /// The call ends after it was answered.
    func hangUp(_ end: CallEnd)
}

/// One of the parties that a call rings.
@LoopActor
protocol CalleeLeg: CallLeg {
    /// Who it is, should it call somebody.
    var origin: CallOrigin { get }
    /// Rings it. Without an offer it is to make one.
    func invite(offer: SessionDescription?)
    /// Its early answer was given to the caller, or could not be used: it rings in any case.
    func progressed(_ failure: SessionFailure?)
    /// It has the call. `answer` is the answer to its offer, where it made one.
    func confirm(answer: SessionDescription?)
    /// Its answer could not be used.
    func refuse(_ failure: SessionFailure)
    /// The party has left by itself: its requests that wait are answered.
    func left(_ end: CallEnd)
    /// Stop ringing, or hang up. Also called after the party itself ended the leg.
    func end(_ end: CallEnd)
}

extension CalleeLeg {
    func progressed(_ failure: SessionFailure?) {}
    func left(_ end: CallEnd) {}
}

/// A leg that is a dialog of a phone's, or of a trunk's.
@LoopActor
protocol PhoneLeg: CallLeg {
    /// Nil until there is a dialog.
    var dialog: SIPDialogOffers? { get }
    /// The way to the phone; nil where it is not known.
    var flow: SIPFlow? { get }
    /// The node of the cluster that has the phone; nil where it is reached from here.
    var node: String? { get }
    /// The leg is gone; what it took of its trunk is free again.
    func over()
}

/// A leg that is a client of the browser API.
@LoopActor
protocol BrowserLeg: CallLeg {
    var client: BrowserClient { get }
    /// The call's id, as the client knows it.
    var call: String { get }
    var offers: BrowserOffers { get }
}

extension BrowserLeg {
    func sendOffer(_ offer: SessionDescription) { offers.sendOffer(offer) }
    func sendAnswer(_ answer: SessionDescription) { offers.sendAnswer(answer) }
    func refuseOffer(_ failure: SessionFailure) { offers.refuseOffer(failure) }
}

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
