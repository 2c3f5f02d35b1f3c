/// Answers for as long as they are valid, and for a while longer in case the name servers fail (RFC 8767).
///
/// Pure: the time is told. Entries are bounded; those that were not asked for the longest make room.
struct DNSCache {
    typealias Instant = ContinuousClock.Instant

    static let maximumEntries = 1_024
    static let shortestLifetime = Duration.seconds(1)
    static let longestLifetime = Duration.seconds(3_600)
    /// For names and records that there are not (RFC 2308 section 5).
    static let negativeLifetime = Duration.seconds(30)
    /// How long after its end an answer still serves when there is no other.
    static let staleLifetime = Duration.seconds(600)
    /// Time in which a question that failed is not asked again (RFC 2308 section 7).
    static let failureLifetime = Duration.seconds(5)

    enum Found: Equatable {
        case nothing
        /// Valid, or a failure of a moment ago.
        case result(DNSResult)
        /// Expired, but of use when the name servers fail. `isFailing` says that they did when they were last asked.
        case stale(DNSAnswer, isFailing: Bool)
    }

    private struct Entry {
        var answer: DNSAnswer?
        var validUntil: Instant
        var failure: ResolverError?
        var failedUntil: Instant
        var lastUse: UInt64
    }

    private var entries: [DNSQuestion: Entry] = [:]
    private var uses: UInt64 = 0

    var count: Int { entries.count }

    mutating func find(_ question: DNSQuestion, at now: Instant) -> Found {
        guard let entry = entries[question] else { return .nothing }
        uses &+= 1
        entries[question]?.lastUse = uses
        if let answer = entry.answer {
            if now < entry.validUntil { return .result(.success(answer)) }
            if now < entry.validUntil + DNSCache.staleLifetime {
                // While a failure is fresh the answer of before stands, without another question.
                if now < entry.failedUntil { return .result(.success(answer)) }
                return .stale(answer, isFailing: entry.failure != nil)
            }
        }
        if let failure = entry.failure, now < entry.failedUntil { return .result(.failure(failure)) }
        return .nothing
    }

    /// Keeps an answer, or that the question failed; the answer of before stays with a failure.
    mutating func store(_ result: DNSResult, for question: DNSQuestion, at now: Instant) {
        uses &+= 1
        switch result {
        case .success(let answer):
            let told = answer.records.isEmpty ? DNSCache.negativeLifetime : answer.lifetime ?? DNSCache.shortestLifetime
            let lifetime = min(max(told, DNSCache.shortestLifetime), DNSCache.longestLifetime)
            entries[question] = Entry(answer: answer, validUntil: now + lifetime, failedUntil: now, lastUse: uses)
        case .failure(let error):
            guard error.isTemporary else { return }
            var entry = entries[question] ?? Entry(validUntil: now, failedUntil: now, lastUse: uses)
            entry.failure = error
            entry.failedUntil = now + DNSCache.failureLifetime
            entry.lastUse = uses
            entries[question] = entry
        }
        makeRoom()
    }

    /// Lets the eighth go that was not used for the longest, so that sorting is rare.
    private mutating func makeRoom() {
        guard entries.count > DNSCache.maximumEntries else { return }
        let oldest = entries.sorted { $0.value.lastUse < $1.value.lastUse }.prefix(DNSCache.maximumEntries / 8)
        for (question, _) in oldest { entries[question] = nil }
    }
}
