/// How far the counts of nonces have come (RFC 7616 section 3.4, `nc`).
///
/// Requests over UDP overtake each other: so besides the highest count the 63 before it are known, used or not.
struct NonceCounts: Sendable {
    private struct Use {
        var highest: UInt32
        /// Bit n is set when `highest - n` was used.
        var window: UInt64
    }

    private let limit: Int
    private var uses: [IssuedNonce: Use] = [:]
    /// Nonces made until then are worth nothing any more, as uses of them were forgotten to make room.
    private var forgottenUntil = Int64.min

    init(limit: Int) {
        self.limit = max(1, limit)
    }

    var count: Int { uses.count }

    /// Whether it is unknown how often it was used: it must not serve again.
    func isForgotten(_ nonce: IssuedNonce) -> Bool { nonce.time <= forgottenUntil }

    /// - Parameters:
    ///   - count: Nil for a client that does not count: the nonce then serves this once and never again.
    ///   - oldest: Nonces made before are stale, and need not be remembered.
    /// - Returns: Whether this use is new.
    mutating func use(_ nonce: IssuedNonce, count: UInt32?, oldest: Int64) -> Bool {
        guard !isForgotten(nonce) else { return false }
        guard var use = uses[nonce] else {
            makeRoom(oldest: oldest)
            uses[nonce] = count.map { Use(highest: $0, window: 1) } ?? Use(highest: .max, window: .max)
            return true
        }
        guard let count else { return false }
        if count > use.highest {
            let step = count - use.highest
            use.window = step < 64 ? use.window << UInt64(step) | 1 : 1
            use.highest = count
        } else {
            let distance = use.highest - count
            guard distance < 64, use.window & (1 << UInt64(distance)) == 0 else { return false }
            use.window |= 1 << UInt64(distance)
        }
        uses[nonce] = use
        return true
    }

    /// Lets go of what is stale, and where that is not enough, of the oldest eighth, with all nonces of that age.
    private mutating func makeRoom(oldest: Int64) {
        guard uses.count >= limit else { return }
        uses = uses.filter { $0.key.time >= oldest }
        guard uses.count >= limit else { return }
        let times = uses.keys.map(\.time).sorted()
        forgottenUntil = times.prefix(max(1, limit / 8)).last ?? forgottenUntil
        uses = uses.filter { !isForgotten($0.key) }
    }
}
