/// Requests that change a session, one after the other: options, holds, and offers of the current session that they need.
struct OptionChanges: Sendable {
    /// What a client asks for.
    enum Request: Sendable, Equatable {
        case options(SessionOptionsChange)
        case hold(SessionSide, Bool)
    }

    /// Why the legs are told their settings.
    enum Purpose: Sendable, Equatable {
        /// The sides have agreed on media.
        case agreement
        /// An update with this number; the options to go back to when it fails.
        case update(Int, before: SessionOptions)
        /// A hold or its end; `isAgreed` says that the phone at the other side has agreed to it.
        case hold(Exchange.Hold, isAgreed: Bool)

        /// The number of the request that waits for the outcome.
        var number: Int? {
            switch self {
            case .agreement: nil
            case .update(let number, _): number
            case .hold(let hold, _): hold.number
            }
        }
    }

    /// Settings that the legs have been told and that not all of them have taken.
    struct Applying: Sendable {
        let purpose: Purpose
        var outstanding: Int
        var failure: SessionFailure?
        let recordings: [ProxySession.RecordingChange]
        /// The recording as it was before.
        let recording: SessionRecording
    }

    /// Sides that are offered the current session again, one after the other: for an update that changes the limit of phones (`b=`), or after an offer that
    /// failed though a side had accepted it.
    struct Renewals: Sendable {
        /// Nil when no update waits for it.
        let update: Int?
        /// The options that come into force when all sides have accepted.
        let options: SessionOptions
        var rest: [SessionSide]
        /// The sides that have accepted, without the last one.
        var done: [SessionSide] = []
        var last: SessionSide?
        var failure: SessionFailure?
    }

    /// Requests that may wait; further ones are refused.
    static let maximumWaiting = 16

    private(set) var waiting: [(number: Int, request: Request)] = []
    private(set) var applying: Applying?
    var renewals: Renewals?

    var isApplying: Bool { applying != nil }

    /// Whether there was room for the request.
    mutating func add(_ number: Int, _ request: Request) -> Bool {
        guard waiting.count < OptionChanges.maximumWaiting else { return false }
        waiting.append((number, request))
        return true
    }

    mutating func next() -> (number: Int, request: Request)? { waiting.isEmpty ? nil : waiting.removeFirst() }

    /// Has `side` offered the current session when its turn comes.
    mutating func renew(_ side: SessionSide, _ options: SessionOptions) {
        var renewals = renewals ?? Renewals(update: nil, options: options, rest: [])
        if !renewals.rest.contains(side) { renewals.rest.append(side) }
        self.renewals = renewals
    }

    mutating func beginApplying(_ purpose: Purpose, legs: Int, _ recordings: [ProxySession.RecordingChange], _ before: SessionRecording) {
        applying = Applying(purpose: purpose, outstanding: legs, recordings: recordings, recording: before)
    }

    /// One leg has answered its settings. Returns what was applied once all legs have.
    mutating func settle(_ failure: SessionFailure?) -> Applying? {
        guard var current = applying else { return nil }
        current.outstanding -= 1
        current.failure = current.failure ?? failure
        applying = current.outstanding > 0 ? current : nil
        return current.outstanding > 0 ? nil : current
    }

    /// Forgets everything. Returns the numbers that wait for an outcome, and the recordings that were being stopped.
    mutating func abandon() -> (numbers: [Int], stopping: [ProxySession.RecordingChange]) {
        let numbers = [applying?.purpose.number, renewals?.update].compactMap { $0 } + waiting.map(\.number)
        let stopping = applying?.recordings.filter { if case .stopped = $0 { true } else { false } } ?? []
        self = OptionChanges()
        return (numbers, stopping)
    }
}
