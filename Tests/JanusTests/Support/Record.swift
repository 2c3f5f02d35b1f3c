import EventLoop

/// Keeps what happened, in order, and lets a test wait for something to happen.
@LoopActor
final class Record<Element: Sendable> {
    struct NeverHappened: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var elements: [Element] = []
    private var waiting: [(matches: @LoopActor (Element) -> Bool, resume: @LoopActor (Element?) -> Void)] = []

    func add(_ element: Element) {
        elements.append(element)
        let judged = waiting.map { (waiter: $0, isMet: $0.matches(element)) }
        waiting = judged.filter { !$0.isMet }.map(\.waiter)
        for case (let waiter, true) in judged { waiter.resume(element) }
    }

    func clear() { elements = [] }

    /// The first element that matches: one that is there, or the next to come.
    @discardableResult
    func first(
        within limit: Duration = .seconds(20), where matches: @escaping @LoopActor (Element) -> Bool
    ) async throws -> Element {
        if let element = elements.first(where: { matches($0) }) { return element }
        let found: Element? = await withCheckedContinuation { continuation in
            var isOver = false
            let end: @LoopActor (Element?) -> Void = { element in
                guard !isOver else { return }
                isOver = true
                continuation.resume(returning: element)
            }
            let timer = LoopTimer.schedule(after: limit) { end(nil) }
            waiting.append((matches, { timer.cancel(); end($0) }))
        }
        guard let found else { throw NeverHappened(description: "not within \(limit); there was: \(elements)") }
        return found
    }
}
