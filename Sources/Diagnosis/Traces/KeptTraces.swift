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

    /// Traces in the order in which they came. Each has its number: nothing is looked for.
    private struct Line {
        /// Whether this is the line of all, else that of a kind.
        let isOfAll: Bool
        /// Nil where one was removed: until they are many.
        private var places: [Trace?] = []
        /// The number of the first place.
        private var base = 0
        /// Before this place there is nobody.
        private var first = 0
        private(set) var count = 0

        init(isOfAll: Bool) { self.isOfAll = isOfAll }

        mutating func append(_ trace: Trace) {
            if places.count > count * 2 + 100 { close() }
            number(trace, base + places.count)
            places.append(trace)
            count += 1
        }

        mutating func remove(_ trace: Trace) {
            let place = (isOfAll ? trace.number.ofAll : trace.number.ofKind) - base
            guard places.indices.contains(place), places[place] === trace else { return }
            places[place] = nil
            count -= 1
        }

        mutating func oldest() -> Trace? {
            while first < places.count {
                if let trace = places[first] { return trace }
                first += 1
            }
            return nil
        }

        var newestFirst: some Sequence<Trace> { places[first...].lazy.reversed().compactMap { $0 } }

        /// Those that are there stand behind each other.
        private mutating func close() {
            base += places.count
            places = places[first...].filter { $0 != nil }
            first = 0
            for (place, trace) in places.enumerated() { if let trace { number(trace, base + place) } }
        }

        private func number(_ trace: Trace, _ number: Int) { if isOfAll { trace.number.ofAll = number } else { trace.number.ofKind = number } }
    }

    private let most: Int
    private let limit: Int
    private var traces: [String: Trace] = [:]
    private var all = Line(isOfAll: true)
    private var lines = [Line](repeating: Line(isOfAll: false), count: Kind.allCases.count)
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
    var newestFirst: some Sequence<Trace> { all.newestFirst }

    /// In the place of the one with that id.
    mutating func insert(_ trace: Trace) {
        _ = remove(trace.id)
        let kind = Kind(trace)
        traces[trace.id] = trace
        trace.line = kind
        all.append(trace)
        lines[kind.rawValue].append(trace)
        count(trace.bytes, of: trace)
    }

    mutating func remove(_ id: String) -> Trace? {
        guard let trace = traces.removeValue(forKey: id) else { return nil }
        all.remove(trace)
        if let line = trace.line { lines[line.rawValue].remove(trace) }
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
        lines[line.rawValue].remove(trace)
        lines[kind.rawValue].append(trace)
    }

    /// The one that has to go; nil while there is room for all.
    mutating func surplus() -> String? {
        guard memory > limit || traces.count > most else { return nil }
        let withoutCall = Kind.withoutCall.reduce(0) { $0 + lines[$1.rawValue].count }
        let isBeyondShare = memoryWithoutCall > limit / 4 || withoutCall > most / 4
        for kind in (isBeyondShare ? Kind.withoutCall : []) + Kind.all {
            if let trace = lines[kind.rawValue].oldest() { return trace.id }
        }
        return nil
    }

    private mutating func count(_ bytes: Int, of trace: Trace) {
        memory += bytes
        if !trace.isCall { memoryWithoutCall += bytes }
    }
}
