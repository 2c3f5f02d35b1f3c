import SIP

/// Keys on their way to a phone by INFO, one after the other: the next one goes when the one before was answered and its time is
/// over. No clock, no wire.
struct KeyQueue {
    enum Event: Equatable {
        /// `order` names the request that the keys belong to.
        case press([SIPKeyPress], order: Int)
        /// A final response to the INFO.
        case answered(status: Int)
        /// The time of the key that was sent last is over.
        case timeOver
    }

    enum Action: Equatable {
        case send(SIPKeyPress, order: Int)
        /// ``Event/timeOver`` is to come after so many milliseconds.
        case startTimer(Int)
        /// All keys of the order have been taken.
        case done(order: Int)
        /// The phone refused a key; the order's other keys are not sent.
        case failed(order: Int, status: Int)
        /// Too many keys wait.
        case refused(order: Int)
    }

    /// Keys that may wait.
    static let most = 256
    /// Milliseconds between two keys.
    static let gap = 70

    private var waiting: [(key: SIPKeyPress, order: Int, isLast: Bool)] = []
    /// The key that was sent last, until both have come.
    private var sent: (order: Int, isLast: Bool, isAnswered: Bool, isOver: Bool)?

    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .press(let keys, let order):
            guard waiting.count + keys.count <= KeyQueue.most else { return [.refused(order: order)] }
            waiting += keys.enumerated().map { ($0.element, order, $0.offset == keys.count - 1) }
            return next()
        case .answered(let status):
            guard let sent, !sent.isAnswered else { return [] }
            self.sent?.isAnswered = true
            var actions: [Action] = []
            if status >= 300 {
                waiting.removeAll { $0.order == sent.order }
                actions = [.failed(order: sent.order, status: status)]
            } else if sent.isLast {
                actions = [.done(order: sent.order)]
            }
            return actions + next()
        case .timeOver:
            sent?.isOver = true
            return next()
        }
    }

    private mutating func next() -> [Action] {
        if let sent, !sent.isAnswered || !sent.isOver { return [] }
        sent = nil
        guard !waiting.isEmpty else { return [] }
        let (key, order, isLast) = waiting.removeFirst()
        sent = (order, isLast, false, false)
        return [.send(key, order: order), .startTimer((key.duration ?? SIPKeyPress.usualDuration) + KeyQueue.gap)]
    }
}
