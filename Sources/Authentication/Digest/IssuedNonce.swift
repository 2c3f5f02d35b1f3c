/// What is readable in a nonce of ours.
struct IssuedNonce: Sendable, Hashable {
    /// In milliseconds since the authority began.
    let time: Int64
    let random: UInt64

    static let length = 16

    init(time: Int64, random: UInt64) {
        self.time = time
        self.random = random
    }

    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.length else { return nil }
        func number(_ part: some Sequence<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(time: Int64(bitPattern: number(bytes.prefix(8))), random: number(bytes.suffix(8)))
    }

    var bytes: [UInt8] {
        func bytes(_ number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) } }
        return bytes(UInt64(bitPattern: time)) + bytes(random)
    }
}
