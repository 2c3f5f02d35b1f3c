internal import Cryptography

/// Makes nonces and knows its own again, without keeping them: a nonce is a time, random bits, a mark of whom it was made
/// for, and a signature of these (RFC 7616 section 5.4).
///
/// What it keeps is how far the counts of nonces that were used have come, so that nobody can use an observed request
/// again. Only who proved to know a password gets a place in that table.
public struct NonceAuthority: Sendable {
    public struct Configuration: Sendable {
        /// How long a nonce serves. Afterwards it is stale, and the client takes a new one.
        public var lifetime: Duration = .seconds(300)
        /// Nonces whose counts are remembered.
        public var maximumNonces = 20_000

        public init() {}
    }

    /// What is to be thought of a nonce, before its count is looked at.
    enum Standing: Equatable {
        /// It is one of ours for this client, and serves still.
        case good(IssuedNonce)
        /// It is one of ours for this client, but too old.
        case stale(IssuedNonce)
        /// It is one of ours that another client got.
        case foreign
        /// It is none of ours.
        case forged
    }

    private let configuration: Configuration
    private let key: [UInt8]
    private let origin: ContinuousClock.Instant
    private var counts: NonceCounts

    /// - Parameters:
    ///   - key: At least 32 bytes. By default random, so that nonces end with the process.
    ///   - now: Where its time begins.
    public init(configuration: Configuration = Configuration(), key: [UInt8]? = nil, now: ContinuousClock.Instant) {
        self.configuration = configuration
        self.key = key ?? (0..<32).map { _ in UInt8.random(in: .min ... .max) }
        origin = now
        counts = NonceCounts(limit: configuration.maximumNonces)
    }

    /// A new nonce.
    /// - Parameter binding: For whom: as a rule the address that the request came from, without its port. Then a nonce that
    ///   somebody else got proves nothing, and nobody can send failures in another's name. Empty for anybody.
    public func make(for binding: String, now: ContinuousClock.Instant) -> String {
        let issued = IssuedNonce(time: milliseconds(now), random: UInt64.random(in: .min ... .max))
        return Hexadecimal.text(issued.bytes + mark(of: binding, issued) + signature(issued, mark: mark(of: binding, issued)))
    }

    func standing(of nonce: String, for binding: String, now: ContinuousClock.Instant) -> Standing {
        guard nonce.utf8.count == 2 * (IssuedNonce.length + Self.markLength + Self.signatureLength),
            let bytes = Hexadecimal.bytes(nonce), let issued = IssuedNonce(bytes.prefix(IssuedNonce.length))
        else { return .forged }
        let given = Array(bytes.dropFirst(IssuedNonce.length).prefix(Self.markLength))
        let signed = Array(bytes.suffix(Self.signatureLength))
        guard ConstantTime.areEqual(signed, signature(issued, mark: given)) else { return .forged }
        guard ConstantTime.areEqual(given, mark(of: binding, issued)) else { return .foreign }
        guard !counts.isForgotten(issued) else { return .stale(issued) }
        let age = milliseconds(now) - issued.time
        return age >= 0 && Duration.milliseconds(age) < configuration.lifetime ? .good(issued) : .stale(issued)
    }

    /// Notes a use of a nonce whose proof was right.
    /// - Parameter count: How often it was used; nil for a client that does not count, to which a nonce serves once.
    /// - Returns: Whether it was the first with this count.
    mutating func use(_ nonce: IssuedNonce, count: UInt32?, now: ContinuousClock.Instant) -> Bool {
        let oldest = milliseconds(now - configuration.lifetime)
        return counts.use(nonce, count: count, oldest: oldest)
    }

    // MARK: Bytes

    private static let markLength = 4
    private static let signatureLength = 16

    private func milliseconds(_ now: ContinuousClock.Instant) -> Int64 {
        let (seconds, attoseconds) = origin.duration(to: now).components
        return seconds.multipliedReportingOverflow(by: 1_000).partialValue &+ attoseconds / 1_000_000_000_000_000
    }

    private func mark(of binding: String, _ issued: IssuedNonce) -> [UInt8] {
        code([1] + issued.bytes + Array(binding.utf8), length: Self.markLength)
    }

    private func signature(_ issued: IssuedNonce, mark: [UInt8]) -> [UInt8] {
        code([2] + issued.bytes + mark, length: Self.signatureLength)
    }

    private func code(_ bytes: [UInt8], length: Int) -> [UInt8] {
        Array(HashFunction.sha256.authenticationCode(of: bytes, key: key).prefix(length))
    }
}

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
