internal import Calls
internal import Cluster
internal import CoreMetrics
internal import Diagnosis
internal import EventLoop
internal import Janus
internal import JSON
internal import Media
internal import Recording
internal import Routing
internal import SIP
internal import SIPNames
internal import Web
internal import WebSocket

/// What the gateway tells of itself by HTTP.
extension Gateway {
    var reports: WebService.Reports {
        WebService.Reports(
            status: { [weak self] in self?.status ?? [:] },
            lineTest: { [weak self] id in self?.switchboard.lineTests.result(testID: id) },
            metrics: { [weak self] in
                self?.noteFigures()
                return self?.metrics.text ?? ""
            },
            obstacles: { [weak self] in self?.obstacles ?? ["the gateway has stopped"] },
            mayReadMetrics: { [weak self] address in
                guard let ip = SocketAddress(address)?.ip, let ranges = self?.configuration.http.metricsFrom else { return false }
                return ranges.contains { $0.contains(ip) }
            })
    }

    /// Why no call can be taken at the moment.
    var obstacles: [String] {
        var obstacles: [String] = []
        if switchboard.isDraining { obstacles.append(isStopping ? "the gateway is stopping" : "an operator drains the gateway") }
        if endpoint == nil { obstacles.append("SIP is not listened for") }
        if let obstacle = media.obstacle { obstacles.append(obstacle) }
        if sessions.count >= configuration.sip.maximumCalls { obstacles.append("there are as many calls as sip.maximum_calls") }
        return obstacles
    }

    /// Puts what is counted by nobody, because it is there, into the metrics.
    private func noteFigures() {
        // Before timers are counted: the traces' own is over then.
        traces.note(in: metrics)
        let queues = server?.queues ?? WebSocketServer.Queues()
        let figures = GatewayFigures(
            calls: switchboard.callCount, answeredCalls: switchboard.answeredCallCount, sessions: sessions.count, legs: endpoint?.openLegs ?? 0,
            registrations: switchboard.registrar?.count ?? 0, trunks: trunks.snapshots.map { trunk in
                GatewayFigures.Trunk(
                    name: trunk.name, isUp: trunk.state.isUp, calls: trunk.calls, targets: trunk.targets.map { ($0.uri, $0.state != "down") })
            },
            setUps: endpoint?.load.setUps ?? 0, callLimit: endpoint?.load.callsPerSecond, clients: api.clientCount,
            queues: (queues.messages, queues.bytes, queues.mostBytes), bans: switchboard.banCounts,
            mediaServers: media.servers.map { server in
                GatewayFigures.MediaServer(
                    name: server.name, isUp: server.state == "ready", isDraining: server.isDraining, handles: server.handles,
                    answerTime: server.answerTime.map { $0 / .seconds(1) }, processorTime: server.pid.flatMap(ProcessorUse.time).map { $0 / .seconds(1) })
            },
            unfinishedRecordings: recordings.status.unfinished, timers: LoopTimer.count)
        figures.note(in: metrics)
        cluster?.figures.note(in: metrics)
        records.note(in: metrics)
        metrics.setCounter("tern_recordings_total", Double(recordings.status.ready), [("result", "ready")])
        metrics.setCounter("tern_recordings_total", Double(recordings.status.failed), [("result", "failed")])
    }

    /// What there is at the moment, as `GET /status` shows it to admins.
    var status: JSONValue {
        let janus = media.status
        var fields: [String: JSONValue] = [
            "status": "ok", "calls": .integer(switchboard.callCount), "sessions": .integer(sessions.count),
            "trunks": .object(Dictionary(trunks.states.map { trunk in
                (trunk.name, ["state": .string(trunk.state.description), "calls": .integer(trunk.calls)])
            }) { first, _ in first }),
            "recordings": recordings.status.json,
            "registrations": .integer(switchboard.registrar?.count ?? 0),
            "sip_legs": .integer(endpoint?.openLegs ?? 0), "clients": .integer(api.clientCount), "load": endpoint?.load.json ?? .null,
            "janus": ["state": .string(janus.state), "handles": .integer(janus.handles)],
            "januses": .array(media.servers.map(\.json)), "bans": .array(switchboard.bans.map(\.json)),
        ]
        fields["cluster"] = cluster?.json
        return .object(fields)
    }
}

extension ClusterFigures {
    /// Sets the gauges and counters of a registry.
    fileprivate func note(in registry: MetricsRegistry) {
        func set(_ name: String, _ value: Double, _ dimensions: [(String, String)] = []) { Meter(label: name, dimensions: dimensions, factory: registry).set(value) }
        func age(_ time: Duration?) -> Double { time.map { $0 / .seconds(1) } ?? .nan }
        set("tern_cluster_up", isReached ? 1 : 0)
        for (state, count) in [("up", up), ("draining", draining), ("gone", gone), ("omitted", omitted)] { set("tern_cluster_nodes", Double(count), [("state", state)]) }
        set("tern_cluster_entries", Double(bindings), [("of", "phones")])
        set("tern_cluster_entries", Double(browsers), [("of", "browsers")])
        set("tern_cluster_waiting", Double(waiting))
        set("tern_cluster_age_seconds", age(sinceWritten), [("of", "write")])
        set("tern_cluster_age_seconds", age(sinceRead), [("of", "read")])
        set("tern_cluster_age_seconds", age(sinceLoaded), [("of", "load")])
        registry.setCounter("tern_cluster_loads_total", Double(loads))
        registry.setCounter("tern_cluster_errors_total", Double(errors.writing), [("of", "write")])
        registry.setCounter("tern_cluster_errors_total", Double(errors.reading), [("of", "read")])
    }
}

extension ClusterService {
    /// As `GET /status` and `get_overview` have it.
    var json: JSONValue {
        var fields: [String: JSONValue] = ["node": .string(name), "redis": .string(isReached ? "up" : "down")]
        fields["server"] = server.map(JSONValue.string)
        fields["reason"] = failure.map(JSONValue.string)
        fields["nodes"] = .array(states.map { node, isAlive, isDraining in
            let state = !isAlive ? "gone" : isDraining ? "draining" : "up"
            return ["node": .string(node.name), "address": .string(node.address.description), "state": .string(state)]
        })
        return .object(fields)
    }
}
