internal import EventLoop
internal import SIP

/// INFOs for the phone of one dialog: digits, one after the other, and keyframe requests.
@LoopActor
final class SIPDialogInfos {
    /// What became of digits.
    enum Outcome: Equatable {
        case taken
        case refused(status: Int)
        case tooMany
        /// The dialog ended before.
        case over
    }

    private let endpoint: any SIPUserAgent
    private let leg: SIPLegID
    private var queue = DigitQueue()
    private var orders: [Int: (form: SIPDigit.Form, done: @LoopActor (Outcome) -> Void)] = [:]
    private var last = 0
    /// Of the INFOs without an answer, in their order: whether each is a digit.
    private var open: [Bool] = []
    private var timer: LoopTimer?
    /// Until it has refused one.
    private var takesKeyframeRequests = true

    init(endpoint: any SIPUserAgent, leg: SIPLegID) {
        self.endpoint = endpoint
        self.leg = leg
    }

    /// Whether the phone takes INFO, as far as it has said.
    var areTaken: Bool { endpoint.listsInfo(leg) != false }

    /// Sends digits behind those that wait; `done` is called once.
    func press(_ digits: [SIPDigit], form: SIPDigit.Form = .relay, done: @escaping @LoopActor (Outcome) -> Void = { _ in }) {
        last += 1
        orders[last] = (form, done)
        take(.press(digits, order: last))
    }

    /// The phone has answered an INFO of ours.
    func answered(_ status: Int) {
        guard !open.isEmpty else { return }
        if open.removeFirst() { take(.answered(status: status)) } else if status >= 400 { takesKeyframeRequests = false }
    }

    /// Requests a keyframe of the phone, if it lists INFO: one that does not may leave an INFO unanswered, and Sofia sends nothing
    /// else in the dialog until it is.
    func requestKeyframe() {
        if endpoint.listsInfo(leg) == true, takesKeyframeRequests, !open.contains(false) { send(.pictureFastUpdate) }
    }

    /// The dialog is over.
    func end() {
        timer?.cancel()
        timer = nil
        let waiting = orders.sorted { $0.key < $1.key }
        orders = [:]
        for (_, order) in waiting { order.done(.over) }
    }

    private func take(_ event: DigitQueue.Event) {
        for action in queue.handle(event) { perform(action) }
    }

    private func perform(_ action: DigitQueue.Action) {
        switch action {
        case .send(let digit, let order):
            guard !send(.digit(digit, orders[order]?.form ?? .relay)) else { break }
            LoopActor.task { [weak self] in self?.take(.answered(status: 503)) }
        case .startTimer(let milliseconds):
            timer = LoopTimer.schedule(after: .milliseconds(milliseconds)) { [weak self] in self?.take(.timeOver) }
        case .done(let order): orders.removeValue(forKey: order)?.done(.taken)
        case .failed(let order, let status): orders.removeValue(forKey: order)?.done(.refused(status: status))
        case .refused(let order): orders.removeValue(forKey: order)?.done(.tooMany)
        }
    }

    @discardableResult
    private func send(_ info: SIPInfo) -> Bool {
        guard endpoint.info(leg, info) else { return false }
        open.append(info != .pictureFastUpdate)
        return true
    }
}
