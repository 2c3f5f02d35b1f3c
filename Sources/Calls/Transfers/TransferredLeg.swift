internal import BrowserAPI
internal import EventLoop
internal import ProxyCore
internal import Routing

/// A party of a call that goes on in another one, as a leg of that: until the other call is answered, it stays where it is.
@LoopActor
protocol TransferredLeg: CallerLeg, CalleeLeg {
    /// The other call rings.
    var onRinging: (@LoopActor () -> Void)? { get set }
    /// It has been moved. A called party, and a phone that calls, says with which description, and whether candidates follow.
    var onMoved: (@LoopActor (String?, Bool) -> Void)? { get set }
    /// A called party whose offer the other call has taken has the answer; a phone says what it makes of that.
    var onArrived: (@LoopActor (String?) -> Void)? { get set }
    /// It cannot be moved.
    var onFailed: (@LoopActor (CallEnd) -> Void)? { get set }
    /// Its dialog has ended, and no call has heard of it.
    var onGone: (@LoopActor () -> Void)? { get set }
    /// Whether its former call is over: then it ends with the other one, moved or not.
    var isAlone: Bool { get set }

    /// The other call has failed: back to where it was.
    func giveBack()
    /// It stays in the other call, at that side, with this party.
    func settle(at side: SessionSide, with party: CallParty?)
}

/// A party's description for the session that it is to go on with.
enum MovedOffer {
    case made(MediaDescriptionObject)
    case failed(CallEnd)
}

extension TransferredLeg {
    func proceed() {}
    func ring() { onRinging?() }
    /// It hears somebody else meanwhile.
    func progress(_ sdp: String) { onRinging?() }
    func refuse(_ failure: SessionFailure) { onFailed?(.failed(failure)) }
    func reject(_ end: CallEnd) { self.end(end) }
    func hangUp(_ end: CallEnd) { self.end(end) }
}
