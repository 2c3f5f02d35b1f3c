/// Traces by their id, and which of them goes first where there is no room.
///
/// Traces without a call have a share of a quarter: INVITEs that are refused, however many, do not take the room of calls. Beyond it they go first. Then go calls
/// that have ended, then the rest of what has no call, and live calls last; of the same kind the one that ended, or began, first.
struct KeptTraces {
    /// What goes in one order.
    enum Kind: Int, CaseIterable {
        case endedWithoutCall, liveWithoutCall, endedCall, liveCall

        init(_ trace: Trace) {
            self = trace.isCall ? (trace.ended == nil ? .liveCall : .endedCall) : (trace.ended == nil ? .liveWithoutCall : .endedWithoutCall)
        }

        static let withoutCall: [Kind] = [.endedWithoutCall, .liveWithoutCall]
        /// In the order in which they go.
        static let all: [Kind] = [.endedCall, .endedWithoutCall, .liveWithoutCall, .liveCall]
    }

    /// Ids in the order in which they came.
    private struct Line {
        /// Those that were removed stay until it is their turn, or until they are many.
        private var tickets: [(id: String, number: Int)] = []
        private var first = 0
        private var last = 0
        private var numbers: [String: Int] = [:]

        var count: Int { numbers.count }

        mutating func append(_ id: String) {
            if tickets.count > numbers.count * 2 + 100 {
                tickets = tickets[first...].filter { isValid($0) }
                first = 0
            }
            last += 1
            numbers[id] = last
            tickets.append((id, last))
        }

        mutating func remove(_ id: String) { numbers[id] = nil }

        mutating func oldest() -> String? {
            while first < tickets.count, !isValid(tickets[first]) { first += 1 }
            return first < tickets.count ? tickets[first].id : nil
        }

        var newestFirst: some Sequence<String> { tickets[first...].lazy.reversed().filter(isValid).map(\.id) }

        private func isValid(_ ticket: (id: String, number: Int)) -> Bool { numbers[ticket.id] == ticket.number }
    }

    private let most: Int
    private let limit: Int
    private var traces: [String: Trace] = [:]
    private var all = Line()
    private var lines = [Line](repeating: Line(), count: Kind.allCases.count)
    /// In bytes.
    private(set) var memory = 0
    private var memoryWithoutCall = 0

    /// - Parameters:
    ///   - most: Their number.
    ///   - memory: What all of them may take, in bytes.
    init(most: Int, memory: Int) { (self.most, limit) = (most, memory) }

    var count: Int { traces.count }

    subscript(id: String) -> Trace? { traces[id] }

    /// As they came, the newest first.
    var newestFirst: some Sequence<Trace> { all.newestFirst.lazy.compactMap { traces[$0] } }

    /// In the place of the one with that id.
    mutating func insert(_ trace: Trace) {
        _ = remove(trace.id)
        let kind = Kind(trace)
        traces[trace.id] = trace
        trace.line = kind
        all.append(trace.id)
        lines[kind.rawValue].append(trace.id)
        count(trace.bytes, of: trace)
    }

    mutating func remove(_ id: String) -> Trace? {
        guard let trace = traces.removeValue(forKey: id) else { return nil }
        all.remove(id)
        if let line = trace.line { lines[line.rawValue].remove(id) }
        trace.line = nil
        count(-trace.bytes, of: trace)
        return trace
    }

    /// A trace has been changed, kept here or not.
    ///
    /// - Parameter before: What it took before, in bytes.
    mutating func note(_ trace: Trace, before: Int) {
        guard let line = trace.line else { return }
        count(trace.bytes - before, of: trace)
        let kind = Kind(trace)
        guard kind != line else { return }
        trace.line = kind
        lines[line.rawValue].remove(trace.id)
        lines[kind.rawValue].append(trace.id)
    }

    /// The one that has to go; nil while there is room for all.
    mutating func surplus() -> String? {
        guard memory > limit || traces.count > most else { return nil }
        let withoutCall = Kind.withoutCall.reduce(0) { $0 + lines[$1.rawValue].count }
        let isBeyondShare = memoryWithoutCall > limit / 4 || withoutCall > most / 4
        for kind in (isBeyondShare ? Kind.withoutCall : []) + Kind.all {
            if let id = lines[kind.rawValue].oldest() { return id }
        }
        return nil
    }

    private mutating func count(_ bytes: Int, of trace: Trace) {
        memory += bytes
        if !trace.isCall { memoryWithoutCall += bytes }
    }
}
