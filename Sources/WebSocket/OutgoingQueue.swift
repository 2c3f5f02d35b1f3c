/// Texts on their way to one peer: those that wait, and the one whose end libwebsockets still holds.
struct OutgoingQueue {
    private var waiting: [String] = []
    private var next = 0
    private var waitingBytes = 0
    private var handedOver = 0

    /// Bytes that the peer has not taken yet.
    var bytes: Int { waitingBytes + handedOver }
    var isEmpty: Bool { next == waiting.count }

    mutating func append(_ text: String) {
        waiting.append(text)
        waitingBytes += text.utf8.count
    }

    /// The next text to write. It counts as unread until ``flushed()``.
    mutating func popFirst() -> String? {
        guard next < waiting.count else { return nil }
        let text = waiting[next]
        waiting[next] = ""
        next += 1
        if next == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.capacity <= 64)
            next = 0
        } else if next >= 1_024 {
            waiting.removeFirst(next)
            next = 0
        }
        waitingBytes -= text.utf8.count
        handedOver = text.utf8.count
        return text
    }

    /// The socket took everything that was written before.
    mutating func flushed() { handedOver = 0 }

    mutating func removeAll() { self = OutgoingQueue() }
}
