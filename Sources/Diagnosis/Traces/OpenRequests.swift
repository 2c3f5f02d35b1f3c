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
    private var open: [Key: Request] = [:]
    private var order: [Key] = []
    private var first = 0
    /// Of the entries, in bytes.
    private(set) var memory = 0

    init(most: Int, memory: Int) { (self.most, limit) = (most, memory) }

    mutating func open(_ key: Key, _ request: Request) {
        close(key)
        open[key] = request
        memory += request.entry?.cost ?? 0
        order.append(key)
        while open.count > most || memory > limit || order.count - first > most * 2, first < order.count {
            close(order[first])
            first += 1
        }
        if first > most {
            order.removeFirst(first)
            first = 0
        }
    }

    func look(_ key: Key) -> Request? { open[key] }

    mutating func close(_ key: Key) { memory -= open.removeValue(forKey: key)?.entry?.cost ?? 0 }
}
