internal import Events

/// What belongs to no call yet, by what it is about, within bounds of time, number and memory.
struct LooseTraces {
    private let limit: Int
    private let most: Int
    private let patience: Int
    private var traces: [Event.Subject: Trace] = [:]
    /// In the order in which they came; those that were taken stay until it is their turn.
    private var order: [(subject: Event.Subject, since: EventTime)] = []
    private var first = 0
    /// In bytes.
    private(set) var memory = 0

    /// - Parameter patience: In microseconds.
    init(memory: Int, most: Int, patience: Int) {
        (limit, self.most, self.patience) = (memory, most, patience)
    }

    /// - Parameter limit: Of one subject, in bytes.
    /// - Returns: How many entries had to go for it, or found no room.
    mutating func add(_ entry: TraceEntry, _ subject: Event.Subject, limit own: Int) -> Int {
        let trace = traces[subject] ?? insert(Trace(id: "", isCall: false, began: entry.time), subject)
        let before = trace.bytes
        var dropped = trace.add(entry, limit: min(own, limit)) ? 0 : 1
        memory += trace.bytes - before
        while memory > limit || traces.count > most, let oldest = next() { dropped += remove(oldest.subject)?.entries.count ?? 0 }
        return dropped
    }

    private mutating func insert(_ trace: Trace, _ subject: Event.Subject) -> Trace {
        traces[subject] = trace
        // Those that were taken have left their places.
        if order.count - first > 2 * traces.count + 1_000 {
            order = order[first...].filter { traces[$0.subject]?.began == $0.since }
            first = 0
        }
        order.append((subject, trace.began))
        memory += trace.bytes
        return trace
    }

    mutating func take(_ subject: Event.Subject) -> Trace? { remove(subject) }

    /// Whether the time of the one that came first may be over.
    func isWaitedFor(until time: EventTime) -> Bool { first < order.count && isOver(order[first].since, at: time) }

    /// The next one whose time is over.
    mutating func expired(at time: EventTime) -> (Event.Subject, Trace)? {
        guard isWaitedFor(until: time), let oldest = next(), isOver(oldest.since, at: time) else { return nil }
        return remove(oldest.subject).map { (oldest.subject, $0) }
    }

    private func isOver(_ since: EventTime, at time: EventTime) -> Bool { abs(time.microseconds - since.microseconds) > patience }

    private mutating func next() -> (subject: Event.Subject, since: EventTime)? {
        while first < order.count, traces[order[first].subject]?.began != order[first].since { first += 1 }
        if first > 1_000, first > order.count / 2 {
            order.removeFirst(first)
            first = 0
        }
        return first < order.count ? order[first] : nil
    }

    private mutating func remove(_ subject: Event.Subject) -> Trace? {
        guard let trace = traces.removeValue(forKey: subject) else { return nil }
        memory -= trace.bytes
        return trace
    }
}
