internal import EventLoop

/// A call of ours as long as its INVITE may go to another hop.
struct OutgoingCall {
    let id: SIPLegID
    let request: SIPInviteRequest
    let target: SIPTarget
    /// Where the request goes without a hop: the first Route, or the target.
    let first: SIPTarget
    /// The hops that were not tried yet; nil is ``first`` itself.
    var hops: [SIPHop?]
}

/// Names of next hops.
extension SIPEndpoint {
    /// Asks for the hops of a name. `then` hears of them once, at the latest after the limit, with none then.
    func resolve(_ name: SIPServerName, then: @escaping @LoopActor ([SIPHop]) -> Void) {
        guard let resolve = configuration.resolve else {
            LoopActor.task { then([]) }
            return
        }
        let answer = Once(then)
        let task = LoopActor.task { answer.give(await resolve(name)) }
        answer.limit = LoopTimer.schedule(after: configuration.resolveLimit) {
            task.cancel()
            answer.give([])
        }
    }

    /// An answer that counts once.
    @LoopActor
    private final class Once {
        var limit: LoopTimer?
        private var then: (@LoopActor ([SIPHop]) -> Void)?

        init(_ then: @escaping @LoopActor ([SIPHop]) -> Void) { self.then = then }

        func give(_ hops: [SIPHop]) {
            limit?.cancel()
            limit = nil
            let then = then
            self.then = nil
            then?(hops)
        }
    }
}
