/// In place of the tests' random numbers: the bytes of a fuzzer's input, so that it decides what happens in the models of the property tests.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    private let bytes: [UInt8]
    private var index = 0

    public init(bytes: [UInt8]) { self.bytes = bytes }

    public var isOver: Bool { index >= bytes.count }

    /// A byte a number, in its highest bits, which a choice among few is made by. Behind the last one numbers go on that depend on nothing else.
    public mutating func next() -> UInt64 {
        index += 1
        guard index <= bytes.count else { return UInt64(truncatingIfNeeded: index) &* 0x9e37_79b9_7f4a_7c15 }
        return UInt64(bytes[index - 1]) << 56 | 0x005a_5a5a_5a5a_5a5a
    }
}
