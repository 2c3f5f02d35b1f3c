/// The results of the last line tests, in memory: as many as it has room for.
public struct LineTestStore: Sendable {
    /// A result, and who may read it.
    public struct Entry: Sendable, Equatable {
        public let result: LineTestResult
        /// The users of the call.
        public let users: Set<String>
        /// What the caller may read it by.
        public let testID: LineTestID?
    }

    private let capacity: Int
    private var entries: [Entry] = []

    /// - Parameter capacity: 0 keeps none.
    public init(capacity: Int) { self.capacity = max(capacity, 0) }

    public var count: Int { entries.count }

    /// Keeps a result; the oldest makes room for it.
    public mutating func insert(_ result: LineTestResult, users: Set<String>, testID: LineTestID?) {
        guard capacity > 0 else { return }
        if entries.count >= capacity { entries.removeFirst(entries.count - capacity + 1) }
        entries.append(Entry(result: result, users: users, testID: testID))
    }

    /// The result of that call.
    public func entry(of call: String) -> Entry? { entries.last { $0.result.id == call } }

    /// The latest results, the newest first.
    public func latest(_ count: Int) -> [LineTestResult] { entries.suffix(max(0, count)).reversed().map(\.result) }

    /// The last result of a test that its caller gave this id.
    public func result(_ testID: LineTestID) -> LineTestResult? { entries.last { $0.testID == testID }?.result }
}

/// The id that a caller chooses for its line test, in `X-Tern-Test-Id`: whoever knows it may read the result.
public struct LineTestID: Sendable, Hashable {
    private let text: String

    /// - Returns: Nil unless it can have 128 bits: 32 hexadecimal digits, or 22 letters, digits, `-` and `_`; 128 characters at most.
    public init?(_ text: String) {
        let characters = Array(text.utf8.filter { $0 != UInt8(ascii: "-") })
        let isHexadecimal = characters.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
            default: false
            }
        }
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "-"), UInt8(ascii: "_"): true
            default: false
            }
        }
        guard isPlain, text.utf8.count <= 128, characters.count >= (isHexadecimal ? 32 : 22), Set(characters).count >= 8 else { return nil }
        self.text = text
    }
}
