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
