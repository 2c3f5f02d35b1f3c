import Foundation

/// What a helper of a test could not do, in words.
struct HarnessError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// Things that happened, for a test that waits for one of them.
///
/// What nobody has taken yet is kept, so that a test may come late.
final class Mailbox<Element: Sendable>: @unchecked Sendable {
    private struct Waiter {
        let matches: @Sendable (Element) -> Bool
        let continuation: CheckedContinuation<Element?, Never>
    }

    private let lock = NSLock()
    private var elements: [Element] = []
    private var waiters: [(id: Int, waiter: Waiter)] = []
    private var nextID = 0
    private var isClosed = false

    /// Gives it to who has waited for it longest, or keeps it.
    func post(_ element: Element) {
        let taker = lock.withLock { () -> Waiter? in
            guard let index = waiters.firstIndex(where: { $0.waiter.matches(element) }) else {
                elements.append(element)
                return nil
            }
            return waiters.remove(at: index).waiter
        }
        taker?.continuation.resume(returning: element)
    }

    /// Nothing more comes: who waits gets nil.
    func close() {
        let left = lock.withLock {
            isClosed = true
            defer { waiters = [] }
            return waiters
        }
        for (_, waiter) in left { waiter.continuation.resume(returning: nil) }
    }

    /// Takes the first that matches out, now or when it comes; nil when the time is over.
    func first(within limit: Duration, where matches: @escaping @Sendable (Element) -> Bool) async -> Element? {
        await withCheckedContinuation { continuation in
            let (found, id) = lock.withLock { () -> (Element?, Int?) in
                if let index = elements.firstIndex(where: matches) { return (elements.remove(at: index), nil) }
                if isClosed { return (nil, nil) }
                nextID += 1
                waiters.append((nextID, Waiter(matches: matches, continuation: continuation)))
                return (nil, nextID)
            }
            guard let id else { return continuation.resume(returning: found) }
            DispatchQueue.global().asyncAfter(deadline: .now() + limit.seconds) { self.giveUp(id) }
        }
    }

    /// Lets go of what nobody has taken.
    func clear() { lock.withLock { elements = [] } }

    /// All that are there, which stay.
    var all: [Element] { lock.withLock { elements } }

    private func giveUp(_ id: Int) {
        let waiter = lock.withLock { () -> Waiter? in
            guard let index = waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return waiters.remove(at: index).waiter
        }
        waiter?.continuation.resume(returning: nil)
    }
}

extension Duration {
    /// How long a test waits for what has to come, on a machine that is busy. What has to come *soon* says so itself.
    static let patience: Duration = .seconds(30)

    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

/// Asks again and again, for what gives no event of its own. False when the time is over.
func eventually(within limit: Duration, _ condition: () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while true {
        if try await condition() { return true }
        if ContinuousClock.now >= end { return false }
        try? await Task.sleep(for: .milliseconds(25))
    }
}
