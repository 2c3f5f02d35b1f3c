internal import JSON

/// What a gateway that runs says of itself, by `get_overview`.
struct GatewayChecks {
    let overview: JSONValue

    var findings: [Finding] { [state] + mediaServers + trunks + [bans, descriptors].compactMap(\.self) }

    private var state: Finding {
        let obstacles = (overview["obstacles"]?.arrayValue ?? []).compactMap(\.stringValue)
        if overview["draining"]?.boolValue == true {
            return Finding(.warning, "gateway", "takes no new calls: it is being drained", remedy: "that ends with a restart, or `drain` off on the operators' page")
        }
        guard obstacles.isEmpty else { return Finding(.fault, "gateway", "takes no calls: \(obstacles.joined(separator: "; "))", remedy: "see its log: journalctl -u tern") }
        let calls = overview["calls"]?["count"]?.intValue ?? 0
        return Finding(.good, "gateway", "Tern \(overview["version"]?.stringValue ?? "") runs, and takes calls; \(calls) now")
    }

    private func list(_ name: String) -> [JSONValue] { overview[name]?["list"]?.arrayValue ?? [] }

    /// Each media server that does not take calls, or takes none of the new ones.
    private var mediaServers: [Finding] {
        let servers = list("januses"), isAnyReady = servers.contains { $0["state"]?.stringValue == "ready" && $0["draining"]?.boolValue != true }
        return servers.compactMap { server in
            let name = server["name"]?.stringValue ?? server["url"]?.stringValue ?? "Janus", state = server["state"]?.stringValue ?? "down"
            if state != "ready" {
                // Where others are there, calls go to them.
                return Finding(
                    isAnyReady ? .warning : .fault, "media server", "\(name) (\(server["url"]?.stringValue ?? "")) is \(state): \(server["reason"]?.stringValue ?? "no reason is known")",
                    remedy: "`tern check` says more; see its lines in the log")
            }
            if server["slow"]?.boolValue == true {
                let time = server["answer_time"]?.doubleValue ?? 0
                return Finding(.warning, "media server", "\(name) answers after \((time * 10).rounded() / 10) s: new calls go to others, where there are any", remedy: "see the load of its machine; docs/operations.md, Several Januses")
            }
            return server["draining"]?.boolValue == true ? Finding(.note, "media server", "\(name) gets no new calls: it is being drained", remedy: "`tern drain-media \(name) --off` ends that") : nil
        }
    }

    private var trunks: [Finding] {
        list("trunks").map { trunk in
            let name = trunk["name"]?.stringValue ?? "", state = trunk["state"]?.stringValue ?? ""
            if trunk["up"]?.boolValue == true { return Finding(.good, "trunk", "\(name): \(state)") }
            return Finding(.fault, "trunk", "\(name): \(state)", remedy: "docs/why-did-my-call-fail.md has what each of these means")
        }
    }

    private var bans: Finding? {
        let count = overview["bans"]?["count"]?.intValue ?? 0
        return count > 0 ? Finding(.note, "bans", "\(count) addresses or users are not let in for wrong passwords", remedy: "`tern bans` lists and lifts them") : nil
    }

    private var descriptors: Finding? {
        guard let used = overview["limits"]?["descriptors"]?["used"]?.intValue, let most = overview["limits"]?["descriptors"]?["of"]?.intValue else { return nil }
        guard most < 16_384 || used > most / 10 * 8 else { return nil }
        return Finding(.warning, "descriptors", "\(used) of \(most) are used: each connection takes one", remedy: "LimitNOFILE=65536 in the unit, or ulimit -n where it is started by hand")
    }
}
