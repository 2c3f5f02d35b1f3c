internal import ArgumentParser
internal import Configuration
internal import Control
internal import JSON

/// `tern status`: whether the gateway that runs here takes calls, and how much it has to do.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say how the running gateway is.",
        discussion: "Exit codes: 0 when it takes calls, 1 when it does not, or none runs. `tern top` shows the calls themselves.")

    @OptionGroup var state: StateOptions

    func run() throws {
        let overview = try state.overview()
        StandardStreams.output(state.json ? overview.text : StatusCommand.text(overview))
        let obstacles = overview["obstacles"]?.arrayValue ?? []
        if !obstacles.isEmpty || overview["draining"]?.boolValue == true { throw ExitStatus.failure }
    }

    private static func text(_ overview: JSONValue) -> String {
        func count(_ list: String) -> Int { overview[list]?["count"]?.intValue ?? 0 }
        func used(_ limit: String) -> String {
            "\(overview["limits"]?[limit]?["used"]?.intValue ?? 0) of \(overview["limits"]?[limit]?["of"]?.intValue ?? 0)"
        }
        let obstacles = (overview["obstacles"]?.arrayValue ?? []).compactMap(\.stringValue)
        let takes = if overview["draining"]?.boolValue == true {
            "no: it is being drained"
        } else if obstacles.isEmpty {
            "yes"
        } else {
            "no: " + obstacles.joined(separator: "; ")
        }
        let minute = overview["rates"]?["last_minute"]
        func rate(_ name: String) -> Int { minute?[name]?.intValue ?? 0 }
        let down = (overview["trunks"]?["list"]?.arrayValue ?? []).filter { $0["up"]?.boolValue != true }
        let lines: [(String, String)] = [
            ("version", overview["version"]?.stringValue ?? "?"),
            ("running for", TextTable.age(overview["uptime"]?.intValue ?? 0)),
            ("takes calls", takes),
            ("calls", "\(count("calls")), \(overview["calls"]?["answered"]?.intValue ?? 0) of them answered"),
            ("last minute", "\(rate("started")) began, \(rate("answered")) were answered, \(rate("failed")) failed"),
            ("registrations", "\(count("registrations"))"),
            ("browsers", "\(count("clients"))"),
            ("trunks", "\(count("trunks"))" + (down.isEmpty ? "" : ", down: " + down.compactMap { $0["name"]?.stringValue }.joined(separator: ", "))),
        ] + mediaServers(overview["januses"]?["list"]?.arrayValue ?? []) + cluster(overview["cluster"] ?? .null) + [
            ("banned", "\(count("bans"))"),
            ("memory", "\((overview["memory"]?.intValue ?? 0) >> 20) MiB"),
            ("descriptors", used("descriptors")),
        ]
        return lines.map { $0.0 + String(repeating: " ", count: 15 - $0.0.count) + ConfigurationText.shown($0.1) }.joined(separator: "\n")
    }

    /// A line for the Redis of a cluster, and one for each other node; none where there is no cluster.
    private static func cluster(_ cluster: JSONValue) -> [(String, String)] {
        guard let node = cluster["node"]?.stringValue else { return [] }
        let server = cluster["server"]?.stringValue.map { " at \($0)" } ?? "", reason = cluster["reason"]?.stringValue.map { " (\($0))" } ?? ""
        let others = (cluster["nodes"]?.arrayValue ?? []).map { other in
            ("", "\(other["node"]?.stringValue ?? "?") at \(other["address"]?.stringValue ?? "?"): \(other["state"]?.stringValue ?? "?")")
        }
        return [("cluster", "this is \(node); Redis\(server) is \(cluster["redis"]?.stringValue ?? "?")\(reason)")] + others
    }

    /// A line for each media server.
    private static func mediaServers(_ servers: [JSONValue]) -> [(String, String)] {
        if servers.isEmpty { return [("media servers", "none")] }
        return servers.enumerated().map { index, server in
            let state = server["state"]?.stringValue ?? "?", legs = server["handles"]?.intValue ?? 0
            var parts = [server["reason"]?.stringValue.map { "\(state) (\($0))" } ?? state]
            if server["draining"]?.boolValue == true {
                parts.append(server["restarts_when_empty"]?.boolValue == true ? "drained, and started again when it is empty" : "drained: gets no new calls")
            }
            parts.append("\(legs) \(legs == 1 ? "leg" : "legs")")
            if let cores = server["cores"]?.doubleValue { parts.append("\((cores * 100).rounded() / 100) cores") }
            if server["slow"]?.boolValue == true, let time = server["answer_time"]?.doubleValue { parts.append("slow: it answers after \((time * 10).rounded() / 10) s") }
            return (index == 0 ? "media servers" : "", "\(server["name"]?.stringValue ?? "?"): \(parts.joined(separator: ", "))")
        }
    }
}

/// `tern registrations`: the phones that are registered.
struct RegistrationsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "registrations", abstract: "List the phones that are registered at the running gateway, 500 at most.")

    @Argument(help: "Only those of this user.")
    var user: String?

    @OptionGroup var state: StateOptions

    func run() throws {
        let all = try state.overview()["registrations"]
        let list = (all?["list"]?.arrayValue ?? []).filter { user == nil || $0["user"]?.stringValue == user }
        if state.json { return StandardStreams.output(JSONValue.array(list).text) }
        let count = all?["count"]?.intValue ?? 0, known = all?["list"]?.arrayValue?.count ?? 0
        guard !list.isEmpty else {
            let whose = user.map { " of \($0)" } ?? "", isPart = user != nil && count > known
            return StandardStreams.output(isPart ? "no phone\(whose) is among the first \(known) of \(count) registrations; the others were not searched" : "no phone\(whose) is registered")
        }
        let rows = list.map { phone in
            [
                phone["user"]?.stringValue ?? "", phone["contact"]?.stringValue ?? "", phone["received"]?.stringValue ?? "",
                TextTable.age(phone["expires_in"]?.intValue ?? 0), phone["user_agent"]?.stringValue ?? "",
            ]
        }
        StandardStreams.output(TextTable.text(["USER", "CONTACT", "FROM", "EXPIRES IN", "PHONE"], rows))
        if count > known { StandardStreams.output(user == nil ? "… \(count) in all" : "… among the first \(known) of \(count) registrations; the others were not searched") }
    }
}

/// `tern trunks`: the trunks, and whether they are reached.
struct TrunksCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "trunks", abstract: "List the trunks of the running gateway, and whether they are reached.")

    @OptionGroup var state: StateOptions

    func run() throws {
        let list = try state.overview()["trunks"]?["list"]?.arrayValue ?? []
        if state.json { return StandardStreams.output(JSONValue.array(list).text) }
        guard !list.isEmpty else { return StandardStreams.output("there is no trunk") }
        let rows = list.map { trunk in
            let calls = trunk["calls"]?.intValue ?? 0, most = trunk["maximum_calls"]?.intValue
            let targets = (trunk["targets"]?.arrayValue ?? []).map { "\($0["uri"]?.stringValue ?? "?") \($0["state"]?.stringValue ?? "?")" }
            return [trunk["name"]?.stringValue ?? "", "\(calls)" + (most.map { " of \($0)" } ?? ""), trunk["state"]?.stringValue ?? "", targets.joined(separator: ", ")]
        }
        StandardStreams.output(TextTable.text(["TRUNK", "CALLS", "STATE", "TARGETS"], rows))
    }
}

/// The arguments of the commands above.
struct StateOptions: ParsableArguments {
    @Flag(name: .long, help: "Write JSON.")
    var json = false

    @OptionGroup var control: ControlOptions

    /// What the gateway says of itself.
    func overview() throws(ExitStatus) -> JSONValue {
        let client = try control.client()
        do throws(ControlError) {
            return try client.request("get_overview")
        } catch {
            StandardStreams.error("tern: \(error)")
            throw .failure
        }
    }
}
