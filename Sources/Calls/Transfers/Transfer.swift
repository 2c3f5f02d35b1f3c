internal import EventLoop
internal import ProxyCore

/// One transfer: a party of a call, or one of each of two calls, goes on in a new call, and whoever asked for it leaves.
///
/// The calls that are left stand until the new one is answered and its parties have been moved. If it fails, they go on as if
/// nothing had been; a party whose former call is over by then ends with the new one.
@LoopActor
final class Transfer {
    /// A party that goes on elsewhere, and the seat that it leaves.
    struct Mover {
        let seat: Seat
        let leg: any TransferredLeg
    }

    private let movers: [Mover]
    /// Tells whoever asked for it how it goes: a SIP status and its words.
    private let report: @LoopActor (Int, String?) -> Void
    /// The new call; nil until it has begun.
    private(set) var call: CallController?
    private var hasRung = false
    private(set) var isOver = false
    /// Called once, when it is done or has failed.
    var onOver: (@LoopActor () -> Void)?

    init(_ movers: [Mover], report: @escaping @LoopActor (Int, String?) -> Void) {
        self.movers = movers
        self.report = report
        for mover in movers {
            mover.seat.call.transfer = self
            mover.leg.onGone = { [weak self] in self?.fail(.transfereeGone) }
        }
    }

    /// The new call begins.
    func begin(_ call: CallController) {
        guard !isOver else { return }
        self.call = call
        call.transfer = self
        for mover in movers {
            mover.seat.call.successor = call
            // Its former call was over before this one began.
            if mover.leg.isAlone { mover.leg.isAlone = true }
        }
        for case let leg as any TransferredLeg in call.callees.values {
            leg.onArrived = { [weak self, weak call] sdp in
                if let sdp { call?.handle(.refreshed(.callee, sdp: sdp)) }
                self?.succeed()
            }
        }
        guard let caller = call.caller as? any TransferredLeg else { return }
        caller.onRinging = { [weak self] in self?.rings() }
        caller.onMoved = { [weak self, weak call] sdp, _ in
            if let sdp { call?.handle(.refreshed(.caller, sdp: sdp)) }
            self?.succeed()
        }
        caller.onFailed = { [weak self] end in self?.fail(end) }
    }

    private func rings() {
        guard !isOver, !hasRung else { return }
        hasRung = true
        report(180, nil)
    }

    /// A caller that is not moved has its answer. Where it has an offer instead, whoever is moved comes later.
    func answered(_ call: CallController) {
        guard call === self.call, !(call.caller is any TransferredLeg), !call.wantsOffer else { return }
        succeed()
    }

    // MARK: What happens in the calls

    /// Whether an event of a call is not for the call itself: whoever asked for the transfer may hang up before it is done.
    func takes(_ event: Call.Event, of call: CallController) -> Bool {
        guard !isOver, call !== self.call, let mover = movers.first(where: { $0.seat.call === call }) else { return false }
        let (side, end): (SessionSide, CallEnd)
        switch event {
        case .callerEnded(let reason): (side, end) = (.caller, reason)
        case .calleeEnded(let leg, let reason) where leg == call.answerer: (side, end) = (.callee, reason)
        default: return false
        }
        guard side != mover.seat.side else {
            // Whoever was to be transferred is gone.
            fail(.transfereeGone)
            return false
        }
        mover.leg.isAlone = true
        call.handle(.handedOver(mover.seat.side, end))
        return true
    }

    /// One of the calls is over by itself.
    func ended(_ call: CallController, _ end: CallEnd) {
        guard !isOver else { return }
        let isLeft = movers.contains { $0.seat.call === call && $0.leg.isAlone }
        if !isLeft { fail(end) }
    }

    private func succeed() {
        guard !isOver, let call else { return }
        over()
        report(200, nil)
        let recorded = movers.map(\.seat.call.session).filter(\.options.record)
        if !recorded.isEmpty { call.session.goOnRecording(of: recorded) }
        for mover in movers {
            let seat = Seat(call: call, side: call.caller === mover.leg ? .caller : .callee)
            mover.leg.settle(at: seat.side, with: seat.other.origin?.party)
            mover.seat.call.handle(.handedOver(mover.seat.side, .transferred))
        }
    }

    /// It came to nothing.
    func fail(_ end: CallEnd) {
        guard !isOver else { return }
        over()
        let status = end.sipResponse.status
        report(status, end.status == status ? end.reason : nil)
        for mover in movers {
            if mover.leg.isAlone { mover.leg.end(end) } else { mover.leg.giveBack() }
        }
        call?.handle(.terminate(end))
    }

    private func over() {
        isOver = true
        for mover in movers { mover.seat.call.transfer = nil }
        call?.transfer = nil
        onOver?()
        onOver = nil
    }
}

extension CallEnd {
    /// Whoever was to be transferred is gone.
    fileprivate static let transfereeGone = CallEnd(status: 487, reason: "The other side has hung up", by: .gateway)
}
