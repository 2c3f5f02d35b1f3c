internal import Events

/// Requests whose answer is to come: it says by its transaction alone what it is about.
struct OpenRequests {
    struct Key: Hashable {
        /// A client's or a handle's id.
        let peer: String
        /// Whether the gateway has sent the request.
        let isOurs: Bool
        let id: String
    }

    struct Request {
        let command: String
        /// Where it is not known yet which call it is about.
        let entry: TraceEntry?
        let subjects: [Event.Subject]
    }

    private let most: Int
    private let limit: Int
    private var open: [Key: (number: Int, request: Request)] = [:]
    /// From the oldest on. Those that are closed stay in it for a while: their numbers are not those that are open.
    private var order: [(key: Key, number: Int)] = []
    /// The first of them that may be open.
    private var first = 0
    private var last = 0
    /// Of the entries, in bytes.
    private(set) var memory = 0

    init(most: Int, memory: Int) { (self.most, limit) = (most, memory) }

    /// How many are open.
    var count: Int { open.count }
    /// How many keys are kept: after one is opened, of those that are closed no more than of those that are open, and some.
    var keys: Int { order.count }

    mutating func open(_ key: Key, _ request: Request) {
        close(key)
        last += 1
        open[key] = (last, request)
        memory += request.entry?.cost ?? 0
        order.append((key, last))
        // One that has had so many behind it gets no answer any more.
        while first < order.count, open.count > most || memory > limit || last - order[first].number >= most * 2 {
            if isOpen(order[first]) { close(order[first].key) }
            first += 1
        }
        // More than half of them go, and each goes once: it comes to two looks or so for each that is opened.
        guard keys > 2 * count + 32 else { return }
        order = order[first...].filter(isOpen)
        first = 0
    }

    private func isOpen(_ one: (key: Key, number: Int)) -> Bool { open[one.key]?.number == one.number }

    func look(_ key: Key) -> Request? { open[key]?.request }

    mutating func close(_ key: Key) { memory -= open.removeValue(forKey: key)?.request.entry?.cost ?? 0 }
}
