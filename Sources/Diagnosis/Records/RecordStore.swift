internal import Events

/// Where records of calls go. All of it blocks, and is called off the loop, one call after another.
protocol RecordSink: AnyObject, Sendable {
    /// What the log and the metrics call it: `sqlite`, `postgresql`, `file` or `http`.
    var name: String { get }
    /// Whether it wants the records of calls that last as well, and each of them again when it has changed.
    var takesRunningCalls: Bool { get }
    /// Writes a batch wholly, or not at all; a record that is there already is replaced.
    ///
    /// - Returns: Those of them that can never be written.
    func write(_ records: [CallRecord]) throws(RecordError) -> RecordRefusals
    func close()
}

/// Records of a batch that can never be written.
struct RecordRefusals: Sendable, Equatable {
    private(set) var count = 0
    /// Of the first one; empty where there is none.
    private(set) var reason = ""

    mutating func add(_ reason: String) {
        if count == 0 { self.reason = reason }
        count += 1
    }

    mutating func add(_ others: RecordRefusals) {
        if count == 0 { reason = others.reason }
        count += others.count
    }
}

/// A database of records.
protocol RecordStore: RecordSink {
    /// The records that fit, as JSON, the latest call first.
    func find(_ query: RecordQuery) throws(RecordError) -> [String]
    /// The call with that id, or one whose id begins so, or with that SIP Call-ID; the latest where there are several. As JSON.
    func record(_ id: String) throws(RecordError) -> String?
    /// Calls that began before `began` and have no end: those of that gateway, and of others which have told nothing of them since
    /// `silentSince` (milliseconds since 1970). At most 1,000.
    func open(of gateway: String, began: Int, silentSince: Int) throws(RecordError) -> [OpenCall]
    /// Deletes some of the calls that began before `before` (milliseconds since 1970), and of the oldest while more than `bytes` are used.
    ///
    /// - Returns: How many; 0 when there is nothing left to delete.
    func prune(before: Int?, bytes: Int) throws(RecordError) -> Int
    /// Writes results of test calls, and deletes the oldest of the same probe beyond ``RecordTable/mostTestCalls``.
    func keep(_ tests: [StoredTestCall]) throws(RecordError)
    /// The last results of each probe of a gateway, at most `most` of each, the oldest first.
    func testCalls(of gateway: String, most: Int) throws(RecordError) -> [StoredTestCall]
}

/// The result of a call that has tested a line.
public struct StoredTestCall: Sendable, Equatable {
    public let gateway: String
    public let probe: String
    /// Milliseconds since 1970.
    public let ended: Int
    /// JSON.
    public let result: String

    public init(gateway: String, probe: String, ended: Int, result: String) {
        (self.gateway, self.probe, self.ended, self.result) = (gateway, probe, ended, result)
    }
}

/// A call that has no end in a database.
struct OpenCall: Sendable {
    let record: CallRecord
    /// When something was told of it last: milliseconds since 1970.
    let updated: Int
}

/// Why records cannot be written or read.
public struct RecordError: Error, Equatable, CustomStringConvertible {
    public let description: String

    public init(_ description: String) { self.description = description }
}

/// Which calls are wanted.
public struct RecordQuery: Sendable, Equatable {
    /// Only those that were not answered.
    public var isFailed = false
    /// Of the latest ``most`` calls that fit, only those that were recorded.
    var isRecorded = false
    /// Only line tests that have this severity or code among their verdicts.
    public var lineTest: Finding?
    /// The caller: a user or number, or the beginning of one with `*` behind it.
    public var from: Pattern?
    /// What was dialled, the number that the call went out to, or who took it.
    public var to: Pattern?
    /// Began at this time or later: milliseconds since 1970.
    public var since: Int?
    /// Began before this time.
    public var until: Int?
    /// At most so many, 1 to ``most``.
    public var limit = 50

    /// How many calls one answer has at most.
    public static let most = 1_000

    public init() {}

    /// A severity or the code of a verdict: lower-case letters and `_`.
    public struct Finding: Sendable, Equatable {
        public let rawValue: String

        /// - Returns: Nil for a text that is neither.
        public init?(_ text: String) {
            guard (1...32).contains(text.utf8.count), text.utf8.allSatisfy({ (0x61...0x7a).contains($0) || $0 == 0x5f }) else { return nil }
            rawValue = text
        }
    }

    /// A text, or what it begins with.
    public struct Pattern: Sendable, Equatable {
        public let text: String
        public let isPrefix: Bool

        /// Takes `alice`, `+4930*` and `+49 (30) 1234-5` as people write them.
        public init(_ text: String) {
            let isPrefix = text.hasSuffix("*")
            let bare = isPrefix ? String(text.dropLast()) : text
            let separators: Set<Character> = [" ", "-", ".", "(", ")", "/"]
            let isNumber = bare.contains(where: \.isNumber) && bare.allSatisfy { $0.isNumber || $0 == "+" || separators.contains($0) }
            self.text = CallRecord.bounded(isNumber ? bare.filter { !separators.contains($0) } : bare)
            self.isPrefix = isPrefix
        }
    }
}

/// A value of a statement.
enum RecordValue: Sendable, Equatable {
    case text(String)
    case integer(Int)
    case real(Double)
    case null

    init(_ text: String?) { self = text.map { .text($0) } ?? .null }
    init(_ number: Int?) { self = number.map { .integer($0) } ?? .null }
    init(_ number: Double?) { self = number.map { .real($0) } ?? .null }
}
