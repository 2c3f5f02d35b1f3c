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

/// Messages for a client that is waiting for `resume`, in order and within bounds.
struct KeptMessages {
    private struct Entry {
        var text: String
        var request: TransactionID?
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    private var entries: [Entry] = []
    private var bytes = 0

    init(maximumCount: Int, maximumBytes: Int) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
    }

    /// - Parameter request: The `tid` when it is a request of ours, which may be withdrawn.
    /// - Returns: Whether there was room for it.
    mutating func append(_ text: String, request: TransactionID?) -> Bool {
        let size = text.utf8.count
        guard entries.count < maximumCount, size <= maximumBytes - bytes else { return false }
        entries.append(Entry(text: text, request: request))
        bytes += size
        return true
    }

    /// A request that nobody waits for any more need not be sent.
    mutating func withdraw(_ request: TransactionID) {
        guard let index = entries.firstIndex(where: { $0.request == request }) else { return }
        bytes -= entries.remove(at: index).text.utf8.count
    }

    mutating func takeAll() -> [String] {
        defer {
            entries = []
            bytes = 0
        }
        return entries.map(\.text)
    }
}
