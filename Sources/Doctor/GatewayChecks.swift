internal import JSON

/// What a gateway that runs says of itself, by `get_overview`.
struct GatewayChecks {
    let overview: JSONValue

    var findings: [Finding] { [state] + [janus].compactMap(\.self) + trunks + [bans, descriptors].compactMap(\.self) }

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

    private var janus: Finding? {
        let down = list("januses").filter { $0["state"]?.stringValue != "ready" }
        guard let first = down.first else { return nil }
        return Finding(
            .fault, "media server", "\(first["url"]?.stringValue ?? "Janus") is \(first["state"]?.stringValue ?? "down"): \(first["reason"]?.stringValue ?? "no reason is known")",
            remedy: "`tern check` says more; see its lines in the log")
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
