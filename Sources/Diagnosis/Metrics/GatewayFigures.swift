internal import CoreMetrics
internal import Version

/// What there is at the moment, as gauges.
public struct GatewayFigures {
    public let calls, answeredCalls, sessions, legs, registrations, clients, unfinishedRecordings, timers: Int
    /// A trunk: whether calls can go out by it and by each of its targets, and how many there are.
    public struct Trunk {
        public let name: String
        public let isUp: Bool
        public let calls: Int
        public let targets: [(uri: String, isUp: Bool)]

        public init(name: String, isUp: Bool, calls: Int, targets: [(uri: String, isUp: Bool)]) {
            (self.name, self.isUp, self.calls, self.targets) = (name, isUp, calls, targets)
        }
    }

    /// A media server: whether it takes new sessions, whether an operator keeps them from it, what it has, and how it is.
    public struct MediaServer {
        public let name: String
        public let isUp, isDraining: Bool
        public let handles: Int
        /// Seconds; nil where it is not ready.
        public let answerTime: Double?
        /// Seconds of its process; nil where it has none here.
        public let processorTime: Double?

        public init(name: String, isUp: Bool, isDraining: Bool, handles: Int, answerTime: Double?, processorTime: Double?) {
            (self.name, self.isUp, self.isDraining) = (name, isUp, isDraining)
            (self.handles, self.answerTime, self.processorTime) = (handles, answerTime, processorTime)
        }
    }

    public let trunks: [Trunk]
    /// What waits for clients of the browser API to take it: of all together, and of the one for which most waits.
    public let queues: (messages: Int, bytes: Int, mostBytes: Int)
    /// Addresses that are shut out.
    public let bans: (sip: Int, api: Int)
    public let mediaServers: [MediaServer]
    /// Calls in set-up, and new calls a second that are taken at most; nil while there is no limit.
    public let setUps: Int
    public let callLimit: Double?

    public init(
        calls: Int, answeredCalls: Int, sessions: Int, legs: Int, registrations: Int, trunks: [Trunk], setUps: Int, callLimit: Double?, clients: Int,
        queues: (messages: Int, bytes: Int, mostBytes: Int), bans: (sip: Int, api: Int), mediaServers: [MediaServer], unfinishedRecordings: Int, timers: Int
    ) {
        self.calls = calls
        self.answeredCalls = answeredCalls
        self.sessions = sessions
        self.legs = legs
        self.registrations = registrations
        self.trunks = trunks
        self.setUps = setUps
        self.callLimit = callLimit
        self.clients = clients
        self.queues = queues
        self.bans = bans
        self.mediaServers = mediaServers
        self.unfinishedRecordings = unfinishedRecordings
        self.timers = timers
    }

    /// Sets the gauges of a registry, those of the process among them.
    public func note(in registry: MetricsRegistry) {
        func set(_ name: String, _ value: Double, _ dimensions: [(String, String)] = []) {
            Meter(label: name, dimensions: dimensions, factory: registry).set(value)
        }
        set("tern_calls", Double(calls - answeredCalls), [("state", "setting_up")])
        set("tern_calls", Double(answeredCalls), [("state", "answered")])
        set("tern_sessions", Double(sessions))
        set("tern_sip_legs", Double(legs))
        set("tern_sip_set_ups", Double(setUps))
        set("tern_sip_call_limit", callLimit ?? .nan)
        set("tern_registrations", Double(registrations))
        for trunk in trunks {
            set("tern_trunk_up", trunk.isUp ? 1 : 0, [("trunk", trunk.name)])
            set("tern_trunk_calls", Double(trunk.calls), [("trunk", trunk.name)])
            for target in trunk.targets { set("tern_trunk_target_up", target.isUp ? 1 : 0, [("trunk", trunk.name), ("target", target.uri)]) }
        }
        set("tern_websockets", Double(clients))
        set("tern_websocket_queued_messages", Double(queues.messages))
        set("tern_websocket_queued_bytes", Double(queues.bytes))
        set("tern_websocket_queued_bytes_most", Double(queues.mostBytes))
        set("tern_bans", Double(bans.sip), [("at", "sip")])
        set("tern_bans", Double(bans.api), [("at", "api")])
        for server in mediaServers {
            let label = [("server", server.name)]
            set("tern_janus_up", server.isUp ? 1 : 0, label)
            set("tern_janus_draining", server.isDraining ? 1 : 0, label)
            set("tern_janus_handles", Double(server.handles), label)
            set("tern_janus_answer_seconds", server.answerTime ?? .nan, label)
            if let time = server.processorTime { registry.setCounter("tern_janus_cpu_seconds_total", time, label) }
        }
        set("tern_recordings", Double(unfinishedRecordings))
        set("tern_event_loop_timers", Double(timers))
        set("tern_build_info", 1, [("version", TernVersion.current)])
        let process = ProcessFigures()
        set("process_start_time_seconds", process.startTime)
        set("process_resident_memory_bytes", Double(process.residentMemory))
        set("tern_allocated_memory_bytes", Double(process.allocatedMemory))
        set("process_open_fds", Double(process.openDescriptors))
        set("process_max_fds", Double(process.maximumDescriptors))
        registry.setCounter("process_cpu_seconds_total", process.processorTime)
    }
}
