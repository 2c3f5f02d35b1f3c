internal import EventLoop

/// The set-up of a call that comes in: from its INVITE until the gateway has answered, refused or sent it on. Ringing is none of it.
extension Leg {
    func beginSetUp() {
        setUpBegan = .now
        endpoint?.overload.beginSetUp()
    }

    /// Does nothing where it is over.
    func endSetUp() {
        guard let began = setUpBegan else { return }
        setUpBegan = nil
        let now = ContinuousClock.now
        endpoint?.overload.endSetUp(after: began.duration(to: now), at: now)
    }

    /// As ``endSetUp()``, but its time says nothing about the load.
    func abandonSetUp() {
        guard setUpBegan != nil else { return }
        setUpBegan = nil
        endpoint?.overload.abandonSetUp()
    }

    /// The peer has acknowledged our answer: it is where it says to be.
    func isProven() {
        guard let callID else { return }
        SilentSources.forget(callID)
        if let peerAddress { SilentSources.prove(peerAddress, at: .now) }
    }
}
