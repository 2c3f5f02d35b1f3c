/// What a client sent behind a login that is still looked at, in order and within bounds.
struct HeldMessages {
    /// A client waits for the answer to its login before it says more, or has little to say.
    private static let maximumCount = 100
    private static let maximumBytes = 256 << 10

    private var texts: [String] = []
    private var bytes = 0

    /// - Returns: Whether there was room for it.
    mutating func append(_ text: String) -> Bool {
        guard texts.count < Self.maximumCount, text.utf8.count <= Self.maximumBytes - bytes else { return false }
        texts.append(text)
        bytes += text.utf8.count
        return true
    }

    /// Takes the oldest.
    mutating func next() -> String? {
        guard !texts.isEmpty else { return nil }
        let text = texts.removeFirst()
        bytes -= text.utf8.count
        return text
    }
}

/// Messages for a client that is waiting for `resume`, or may have to resume once more, in order and within bounds.
struct KeptMessages {
    private struct Entry {
        var text: String
        var request: TransactionID?
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    private var entries: [Entry] = []
    /// The first ones, which were sent on a connection that may not have carried them.
    private var sent = 0
    private var bytes = 0

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    /// - Parameters:
    ///   - request: The `tid` when it is a request of ours, which may be withdrawn.
    ///   - isSent: Whether it was sent, as all were that are kept.
    /// - Returns: Whether there was room for it.
    mutating func append(_ text: String, request: TransactionID?, isSent: Bool) -> Bool {
        let size = text.utf8.count
        guard entries.count < maximumCount, size <= maximumBytes - bytes else { return false }
        entries.append(Entry(text: text, request: request))
        bytes += size
        if isSent { sent = entries.count }
        return true
    }

    /// A request that nobody waits for any more need not be sent.
    mutating func withdraw(_ request: TransactionID) {
        guard let index = entries.firstIndex(where: { $0.request == request }) else { return }
        bytes -= entries.remove(at: index).text.utf8.count
        if index < sent { sent -= 1 }
    }

    /// All of them, to be sent; they are kept until ``forgetSent()``.
    mutating func send() -> [String] {
        sent = entries.count
        return entries.map(\.text)
    }

    /// Removes those that were sent.
    mutating func forgetSent() {
        bytes -= entries.prefix(sent).reduce(0) { $0 + $1.text.utf8.count }
        entries.removeFirst(sent)
        sent = 0
    }

    mutating func removeAll() {
        entries = []
        sent = 0
        bytes = 0
    }
}
