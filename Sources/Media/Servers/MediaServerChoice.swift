/// How a media server stands when one is chosen for a new session.
public struct MediaServerLoad: Sendable, Equatable {
    /// Whether legs can be attached.
    public var isReady: Bool
    /// Whether an operator keeps new sessions from it.
    public var isDraining: Bool
    /// Legs that it holds.
    public var legs: Int
    /// Cores that its process keeps busy; nil where that is not known, as of a server that runs elsewhere.
    public var cores: Double?
    /// How long it takes to answer.
    public var answerTime: Duration

    public init(isReady: Bool = true, isDraining: Bool = false, legs: Int = 0, cores: Double? = nil, answerTime: Duration = .zero) {
        self.isReady = isReady
        self.isDraining = isDraining
        self.legs = legs
        self.cores = cores
        self.answerTime = answerTime
    }

    /// Whether it lives and answers too late for new sessions.
    public var isSlow: Bool { isReady && answerTime > MediaServerChoice.slow }
}

/// Chooses the media server for each new session: the one with the least load.
///
/// The load counts both what the process does and the legs that it has: of a leg that was just attached the processor time does not tell yet, nor of one whose phone
/// holds. Servers with the same load take turns.
public struct MediaServerChoice: Sendable {
    /// A server that takes longer to answer gets no new session while there is a prompter one.
    public static let slow = Duration.milliseconds(500)
    /// What a leg costs, in cores: about what one with fifty packets a second each way takes.
    static let coresPerLeg = 0.005
    /// Answer times up to this say nothing about a server: they vary so by chance.
    static let prompt = Duration.milliseconds(20)
    /// An answer time that makes a server count as twice as loaded.
    static let doubling = Duration.milliseconds(50)

    private var last = -1

    public init() {}

    /// The index of the server for the next session; nil where no server takes any.
    ///
    /// - Parameter excluded: Servers that have failed this session.
    public mutating func next(among servers: [MediaServerLoad], except excluded: Set<Int> = []) -> Int? {
        // From the one after the last choice on: equals take turns.
        let order = servers.indices.map { (last + 1 + $0) % servers.count }
        let open = order.filter { MediaServerChoice.isOpen(servers[$0]) && !excluded.contains($0) }
        let prompt = open.filter { !servers[$0].isSlow }
        // Where all are slow the least slow one is better than none.
        let choice = prompt.isEmpty
            ? open.min { servers[$0].answerTime < servers[$1].answerTime }
            : prompt.min { MediaServerChoice.weight(servers[$0]) < MediaServerChoice.weight(servers[$1]) }
        if let choice { last = choice }
        return choice
    }

    /// Whether a server takes new sessions at all.
    static func isOpen(_ server: MediaServerLoad) -> Bool { server.isReady && !server.isDraining }

    /// How loaded a server is, in cores; more where it answers late.
    static func weight(_ server: MediaServerLoad) -> Double {
        let legs = Double(server.legs) * coresPerLeg
        // So that an idle server that answers late weighs something.
        let load = legs + (server.cores ?? legs) + coresPerLeg
        return load * (1 + max(0, (server.answerTime - prompt) / doubling))
    }
}
