import SIP

/// Digits on their way to a phone by INFO, one after the other: the next one goes when the one before was answered and its time is
/// over. No clock, no wire.
struct DigitQueue {
    enum Event: Equatable {
        /// `order` names the request that the digits belong to.
        case press([SIPDigit], order: Int)
        /// A final response to the INFO.
        case answered(status: Int)
        /// The time of the digit that was sent last is over.
        case timeOver
    }

    enum Action: Equatable {
        case send(SIPDigit, order: Int)
        /// ``Event/timeOver`` is to come after so many milliseconds.
        case startTimer(Int)
        /// All digits of the order have been taken.
        case done(order: Int)
        /// The phone refused a digit; the order's other digits are not sent.
        case failed(order: Int, status: Int)
        /// Too many digits wait.
        case refused(order: Int)
    }

    /// Digits that may wait.
    static let most = 256
    /// Milliseconds between two digits.
    static let gap = 70

    private var waiting: [(digit: SIPDigit, order: Int, isLast: Bool)] = []
    /// The digit that was sent last, until both have come.
    private var sent: (order: Int, isLast: Bool, isAnswered: Bool, isOver: Bool)?

    mutating func handle(_ event: Event) -> [Action] {
        switch event {
        case .press(let digits, let order):
            guard waiting.count + digits.count <= DigitQueue.most else { return [.refused(order: order)] }
            waiting += digits.enumerated().map { ($0.element, order, $0.offset == digits.count - 1) }
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
        let (digit, order, isLast) = waiting.removeFirst()
        sent = (order, isLast, false, false)
        return [.send(digit, order: order), .startTimer((digit.duration ?? SIPDigit.usualDuration) + DigitQueue.gap)]
    }
}
