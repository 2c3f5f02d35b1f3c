internal import BrowserAPI
internal import CoreMetrics
internal import EventLoop
internal import JSON
internal import ProxyCore
internal import Routing
internal import SIP

/// Runs a ``Transfer`` with the calls and the legs of its transferees, and does what it says.
///
/// The switchboard keeps it until the transfer is over.
@LoopActor
final class TransferRunner {
    /// A party that goes on in the new call, and the seat that it leaves.
    @LoopActor
    struct Transferee {
        let seat: Seat
        let leg: any TransferredLeg
        /// What the events of its dialog are for until it moves; nil for a browser.
        let binding: Switchboard.SIPBinding?
    }

    /// Who is told how the transfer goes.
    enum Transferor {
        /// By NOTIFY.
        case phone(SIPLegID)
        /// By the event `transfer` of the call that the client knows by this id.
        case client(BrowserClient, call: String)
        /// By nothing but the end of its call.
        case replaced
    }

    /// The new call.
    enum NewCall {
        /// The caller calls somebody.
        case order(TransferOrder)
        /// The transferees have each other.
        case transferees
        /// It is there, and its caller is no transferee; `offer` is the caller's.
        case made(CallController, offer: RemoteDescription?)
    }

    /// How long a phone that is busy with another offer is left alone.
    private static let pause = Duration.milliseconds(250)

    let session: String
    let transferees: [SessionSide: Transferee]
    private(set) var machine: Transfer
    private let newCall: NewCall
    private let transferor: Transferor
    /// The new call, while it lives.
    private var call: CallController?
    private var timers: [SessionSide: LoopTimer] = [:]
    private let queue = EventQueue<Transfer.Event>()
    private weak var switchboard: Switchboard?

    /// - Parameters:
    ///   - transferees: By their side in the new call.
    ///   - session: The id of the new call's session.
    init(_ transferees: [SessionSide: Transferee], to newCall: NewCall, session: String, by transferor: Transferor, switchboard: Switchboard) {
        self.transferees = transferees
        self.newCall = newCall
        self.session = session
        self.transferor = transferor
        self.switchboard = switchboard
        machine = Transfer(transferees.mapValues { $0.leg is TransferredPhone ? .phone : .browser })
        for transferee in transferees.values {
            transferee.seat.call.transfer = self
            transferee.leg.transfer = self
        }
        if case .made(let call, _) = newCall { follow(call) }
    }

    /// Takes one event of a leg, or of a call.
    func handle(_ event: Transfer.Event) {
        queue.take(event) { event in
            for action in machine.handle(event) { perform(action) }
        }
    }

    // MARK: What happens in the calls

    /// Whether an event of a call is not for the call itself: the transferor may hang up before the transfer is done.
    func takes(_ event: Call.Event, of call: CallController) -> Bool {
        guard call !== self.call, let (side, transferee) = transferees.first(where: { $0.value.seat.call === call }) else { return false }
        let left: (side: SessionSide, end: CallEnd)
        switch event {
        case .callerEnded(let end): left = (.caller, end)
        case .calleeEnded(let leg, let end) where leg == call.answerer: left = (.callee, end)
        default: return false
        }
        guard left.side != transferee.seat.side else {
            handle(.left(side, left.end))
            return false
        }
        handle(.transferorLeft(side, left.end))
        return true
    }

    /// The caller of a call has its answer.
    func answered(_ call: CallController) {
        if call === self.call { handle(.callAnswered) }
    }

    /// One of the calls is about to tell its parties that it is over.
    func ending(_ call: CallController, _ end: CallEnd) {
        for (side, transferee) in transferees where transferee.seat.call === call { handle(.formerEnded(side, end)) }
    }

    /// One of the calls is over.
    func ended(_ call: CallController, _ end: CallEnd) {
        guard call === self.call else { return }
        self.call = nil
        if call.transfer === self { call.transfer = nil }
        handle(.callEnded(end))
    }

    // MARK: What the machine says

    private func perform(_ action: Transfer.Action) {
        switch action {
        case .report(let report): tell(report)
        case .makeCall: makeCall()
        case .startCall(let offer): startCall(offer)
        case .acceptCall(let description):
            if let call, let number = number(of: .callee) { call.handle(.accepted(number, description)) }
        case .refreshCall(let side, let answer): call?.handle(.party(side, .refreshed(answer)))
        case .endCall(let end): call?.handle(.terminate(end))
        case .continueRecordings:
            let recorded = transferees.values.map(\.seat.call.session).filter(\.options.record)
            if !recorded.isEmpty { call?.session.goOnRecording(of: recorded) }
        case .over: over()
        case .askOffer(let side), .offer(let side, _), .answer(let side, _), .wait(let side), .arrive(let side), .follow(let side),
            .followFormer(let side), .offerFormer(let side), .returned(let side, _), .leaveFormer(let side, _), .endFormer(let side, _),
            .settle(let side), .stayInFormer(let side), .hangUp(let side, _), .forget(let side):
            if let transferee = transferees[side] { perform(action, side, transferee) }
        }
    }

    private func perform(_ action: Transfer.Action, _ side: SessionSide, _ transferee: Transferee) {
        let (leg, seat) = (transferee.leg, transferee.seat)
        switch action {
        case .askOffer: leg.makeOffer()
        case .offer(_, let offer): leg.offer(offer)
        case .answer(_, let answer): leg.deliver(answer: answer)
        case .wait: timers[side] = LoopTimer.schedule(after: TransferRunner.pause) { [weak self] in self?.handle(.waited(side)) }
        case .arrive: leg.arrive()
        case .follow: follow(side, transferee)
        case .followFormer:
            switchboard?.bind(leg, to: transferee.binding)
            leg.leave()
        case .offerFormer: (leg as? TransferredPhone)?.offerFormer()
        case .returned(_, let answer):
            // The session learns of what was said beside it.
            guard let ours = (leg as? TransferredPhone)?.lastReturn else { break }
            seat.call.handle(.party(seat.side, .received(ours)))
            if let answer { seat.call.handle(.party(seat.side, .refreshed(answer))) }
        case .leaveFormer(_, let end): seat.call.handle(.handedOver(seat.side, end))
        case .endFormer(_, let end): seat.call.handle(.terminate(end))
        case .settle:
            switchboard?.release(leg)
            follow(side, transferee)
            leg.settle(with: call.flatMap { Seat(call: $0, side: side.other).origin?.party })
        case .stayInFormer:
            switchboard?.release(leg)
            leg.stay()
        case .hangUp(_, let end):
            switchboard?.release(leg)
            leg.close(end)
        case .forget:
            switchboard?.release(leg)
            leg.forget(isAlone: machine.isAlone(side))
        case .report, .makeCall, .startCall, .acceptCall, .refreshCall, .endCall, .continueRecordings, .over: break
        }
    }

    /// What a phone says is for the new call, where there is one.
    private func follow(_ side: SessionSide, _ transferee: Transferee) {
        guard let call else { return }
        let callee = side == .caller ? nil : number(of: side)
        switchboard?.bind(transferee.leg, to: Switchboard.SIPBinding(call: call, callee: callee))
    }

    private func number(of side: SessionSide) -> Call.Leg? {
        guard let leg = transferees[side]?.leg else { return nil }
        return call?.callees.first { $0.value === leg }?.key
    }

    // MARK: The new call

    private func makeCall() {
        guard let switchboard, let caller = transferees[.caller] else { return }
        do throws(TransferFailure) {
            follow(try switchboard.makeCall(newCall, from: caller, callee: transferees[.callee], session: session))
        } catch {
            handle(.callEnded(error.end))
        }
    }

    private func follow(_ call: CallController) {
        self.call = call
        call.transfer = self
    }

    private func startCall(_ offer: RemoteDescription?) {
        guard let call else { return }
        if case .made(_, let own) = newCall {
            switchboard?.begin(call, offer: own)
        } else if let offer {
            switchboard?.begin(call, offer: offer)
        }
    }

    private func tell(_ report: Transfer.Report) {
        let (status, reason): (Int, String?)
        switch report {
        case .ringing: (status, reason) = (180, nil)
        case .succeeded:
            transferor.count(.succeeded)
            (status, reason) = (200, nil)
        case .failed(let end):
            transferor.count(.failed)
            status = end.sipResponse.status
            reason = end.status == status ? end.reason : nil
        }
        // A call's `hangup` is its last event.
        if case .client = transferor, transferees[.caller]?.seat.call.isEnded == true { return }
        switchboard?.report(status, reason, to: transferor)
    }

    private func over() {
        for timer in timers.values { timer.cancel() }
        timers = [:]
        for transferee in transferees.values where transferee.seat.call.transfer === self { transferee.seat.call.transfer = nil }
        if call?.transfer === self { call?.transfer = nil }
        for call in [call].compactMap({ $0 }) + transferees.values.map(\.seat.call) { switchboard?.giveTickets(of: call) }
        switchboard?.remove(self)
    }
}

extension TransferRunner.Transferor {
    /// What a transfer counts as.
    enum Result: String { case succeeded, failed, refused }

    /// Counts a transfer that is over.
    func count(_ result: Result) {
        let name = switch self {
        case .phone: "phone"
        case .client: "browser"
        case .replaced: "replaces"
        }
        Counter(label: "tern_transfers_total", dimensions: [("by", name), ("result", result.rawValue)]).increment()
    }
}

/// Why there is no new call.
struct TransferFailure: Error {
    let end: CallEnd
}
