internal import CoreMetrics
internal import Version

/// What there is at the moment, as gauges.
public struct GatewayFigures {
    public let calls, answeredCalls, sessions, legs, registrations, clients, handles, unfinishedRecordings: Int
    /// Of each trunk: whether calls can go out by it, and how many there are.
    public let trunks: [(name: String, isUp: Bool, calls: Int)]
    public let isMediaReady: Bool

    public init(
        calls: Int, answeredCalls: Int, sessions: Int, legs: Int, registrations: Int, trunks: [(name: String, isUp: Bool, calls: Int)], clients: Int,
        isMediaReady: Bool, handles: Int, unfinishedRecordings: Int
    ) {
        self.calls = calls
        self.answeredCalls = answeredCalls
        self.sessions = sessions
        self.legs = legs
        self.registrations = registrations
        self.trunks = trunks
        self.clients = clients
        self.isMediaReady = isMediaReady
        self.handles = handles
        self.unfinishedRecordings = unfinishedRecordings
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
        set("tern_registrations", Double(registrations))
        for trunk in trunks {
            set("tern_trunk_up", trunk.isUp ? 1 : 0, [("trunk", trunk.name)])
            set("tern_trunk_calls", Double(trunk.calls), [("trunk", trunk.name)])
        }
        set("tern_websockets", Double(clients))
        set("tern_janus_up", isMediaReady ? 1 : 0)
        set("tern_janus_handles", Double(handles))
        set("tern_recordings", Double(unfinishedRecordings))
        set("tern_build_info", 1, [("version", TernVersion.current)])
        let process = ProcessFigures()
        set("process_start_time_seconds", process.startTime)
        set("process_resident_memory_bytes", Double(process.residentMemory))
        set("process_open_fds", Double(process.openDescriptors))
        set("process_max_fds", Double(process.maximumDescriptors))
        registry.setCounter("process_cpu_seconds_total", process.processorTime)
    }
}
