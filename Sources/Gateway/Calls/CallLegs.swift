internal import EventLoop
internal import ProxyCore

/// The side of a call that dialled. All of its methods may be called in any state; what no longer makes sense does nothing.
@LoopActor
protocol CallerLeg: AnyObject {
    /// The called party rings.
    func ring()
    /// The called party answered: `sdp` is the answer to the caller's offer.
    func answer(_ sdp: String)
    /// The call ends before it was answered.
    func reject(_ end: CallEnd)
    /// The call ends after it was answered.
    func hangUp(_ end: CallEnd)
}

/// One of the parties that a call rings.
@LoopActor
protocol CalleeLeg: AnyObject {
    func invite(offer: String)
    /// Its answer stands: it has the call.
    func confirm()
    /// Its answer could not be used.
    func refuse(_ failure: SessionFailure)
    /// Stop ringing, or hang up. Also called after the party itself ended the leg.
    func end(_ end: CallEnd)
}

/// Who calls, as both sides may show it.
struct CallParty: Equatable {
    /// A user name, or the user part of a SIP URI; empty when there is none.
    var id: String
    var name: String?
}
