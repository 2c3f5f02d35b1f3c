internal import Configuration
internal import SIPNames

/// Problems of the machine that prevent calls, now or under load.
struct MachineChecks {
    let configuration: GatewayConfiguration
    let machine: Machine
    let gateway: Doctor.Gateway

    /// Whether the gateway of this configuration is the one that has the ports.
    private var isRunning: Bool { gateway == .running }

    var findings: [Finding] { ports + [rtpPorts] + [buffers, descriptors, clock, recordings].compactMap(\.self) + firewall + conntrack }

    // MARK: Ports

    private var ports: [Finding] {
        let listeners = configuration.sip.listen.map { ("sip.listen", $0) } + [("http.listen", configuration.http.listen)]
        return listeners.filter { $0.1.port != 0 }.map(port)
    }

    private func port(_ key: String, _ listener: ListenAddress) -> Finding {
        switch machine.obstacle(listener) {
        case nil where isRunning:
            return Finding(.fault, "port", "\(listener) of \(key) is free, though the gateway runs", remedy: "see its log; was the configuration changed since it started? Restart it")
        case nil: return Finding(.good, "port", "\(listener) of \(key) is free")
        case .isTaken where isRunning: return Finding(.good, "port", "\(listener) of \(key) is the gateway's")
        case .isTaken where gateway == .former: return Finding(.good, "port", "\(listener) of \(key) is the running gateway's, as it seems")
        case .isTaken:
            let who = machine.output("ss", ["-Hlnp", listener.transport == .udp ? "-u" : "-t", "sport = :\(listener.port)"]).flatMap(MachineChecks.owner)
            return Finding(
                .fault, "port", "\(listener) of \(key) is taken\(who.map { " by \($0)" } ?? "")",
                remedy: "end what has it (`ss -lnp 'sport = :\(listener.port)'` as root names it), or choose another port in \(key)")
        case .mayNot where isRunning: return Finding(.good, "port", "\(listener) of \(key) is the gateway's")
        case .mayNot:
            return Finding(
                .fault, "port", "\(listener) of \(key) is for root alone",
                remedy: "choose a port from 1024 on, or give the service CAP_NET_BIND_SERVICE (`systemctl edit tern`: AmbientCapabilities= and CapabilityBoundingSet=)")
        case .noSuchAddress:
            return Finding(.fault, "port", "\(listener.address) in \(key) is no address of this machine", remedy: "use one of those that `ip address` shows, or 0.0.0.0 for all")
        case .other(let reason): return Finding(.fault, "port", "\(listener) of \(key): \(reason)", remedy: "see `ip address` and \(key)")
        }
    }

    /// The program's name in a line of `ss -p`: `users:(("janus",pid=12,fd=3))`.
    static func owner(in line: String) -> String? {
        let parts = line.split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0].hasSuffix("users:((") ? String(parts[1]) : nil
    }

    private var rtpPorts: Finding {
        let ports = configuration.media.rtpPorts, calls = configuration.sip.maximumCalls
        // Two legs, two ports for RTP and RTCP each.
        let room = ports.count / 4
        guard room >= calls else {
            return Finding(
                .warning, "RTP ports", "media.rtp_ports \(ports.lowerBound)-\(ports.upperBound) are enough for \(room) calls between phones, and sip.maximum_calls is \(calls)",
                remedy: "widen media.rtp_ports, or lower sip.maximum_calls")
        }
        let own = machine.read("/proc/sys/net/ipv4/ip_local_port_range")?.split(whereSeparator: \.isWhitespace).compactMap { Int($0) } ?? []
        if own.count == 2, own[0] <= own[1], ports.overlaps(own[0]...own[1]) {
            return Finding(
                .note, "RTP ports", "media.rtp_ports \(ports.lowerBound)-\(ports.upperBound) overlap with those of other programs' connections, \(own[0])-\(own[1])",
                remedy: "sysctl -w net.ipv4.ip_local_reserved_ports=\(ports.lowerBound)-\(ports.upperBound), and in /etc/sysctl.d/tern.conf")
        }
        return Finding(.good, "RTP ports", "\(ports.lowerBound)-\(ports.upperBound), enough for \(room) calls")
    }

    // MARK: Limits of the system

    private var buffers: Finding? {
        guard let most = machine.number("/proc/sys/net/core/rmem_max") else { return nil }
        let wanted = 4 << 20
        guard most < wanted else { return Finding(.good, "UDP buffers", "up to \(most >> 10) KiB") }
        return Finding(
            .warning, "UDP buffers", "a socket may keep \(most >> 10) KiB of packets that wait: bursts of SIP are lost under load",
            remedy: "sysctl -w net.core.rmem_max=\(wanted) net.core.rmem_default=\(1 << 20), and in /etc/sysctl.d/tern.conf")
    }

    private var descriptors: Finding? {
        guard !isRunning, let line = machine.read("/proc/self/limits")?.split(separator: "\n").first(where: { $0.hasPrefix("Max open files") }) else { return nil }
        let words = line.split(whereSeparator: \.isWhitespace)
        guard words.count >= 5, let most = Int(words[4]) else { return nil }
        let wanted = 16_384
        guard most < wanted else { return nil }
        return Finding(
            .note, "descriptors", "\(most) here; as a service of systemd it has 65,536", remedy: "where you start it by hand: ulimit -n \(wanted)")
    }

    private var clock: Finding? {
        switch machine.output("timedatectl", ["show", "-p", "NTPSynchronized", "--value"])?.prefix(while: \.isLetter) {
        case "yes": Finding(.good, "clock", "is synchronised")
        case "no":
            Finding(.note, "clock", "the clock is not synchronised: tokens, certificates and records go by it", remedy: "apt-get install systemd-timesyncd, or chrony")
        default: nil
        }
    }

    private var recordings: Finding? {
        let folder = configuration.recordings.directory
        var path = folder
        while machine.room(path) == nil, let slash = path.lastIndex(of: "/"), path.count > 1 { path = slash == path.startIndex ? "/" : String(path[..<slash]) }
        guard let room = machine.room(path) else { return nil }
        guard room >= configuration.recordings.minimumFree else {
            return Finding(
                .warning, "recordings", "\(room >> 20) MiB are free for \(folder), and recordings.minimum_free is \(configuration.recordings.minimumFree >> 20) MiB: nothing is recorded",
                remedy: "make room, or choose another recordings.directory")
        }
        return Finding(.good, "recordings", "\(room >> 20) MiB are free for \(folder)")
    }

    // MARK: Packet filters

    private var firewall: [Finding] {
        guard let text = machine.output("nft", ["list", "ruleset"]) else {
            return [Finding(.note, "firewall", "not looked at: that takes root, and the program nft (package nftables)", remedy: "open \(wantedPorts) in whatever filters packets, here and before this machine")]
        }
        let closed = FirewallRules(text).closedChains.filter { !ports(through: $0).isEmpty }
        guard !closed.isEmpty else {
            return [Finding(.good, "firewall", "no rule of this machine drops these packets; a firewall before it has to let \(wantedPorts) through")]
        }
        let found = closed.compactMap(finding)
        return found.isEmpty ? [Finding(.good, "firewall", "its rules name \(wantedPorts)")] : found
    }

    private func finding(_ chain: FirewallRules.ClosedChain) -> Finding? {
        let missing = ports(through: chain).filter { !chain.opens($0) }
        guard !missing.isEmpty else { return nil }
        // What is added behind a rule that drops all is never reached.
        let verb = chain.endsInDrop ? "insert" : "add"
        let rules = missing.map { "nft \(verb) rule \(chain.place) \($0.isUDP ? "udp" : "tcp") dport \($0.range) accept" }.joined(separator: "; ")
        return Finding(
            .warning, "firewall", "the chain \(chain.place) drops packets that no rule names, and none names \(missing.map(\.description).joined(separator: ", "))",
            remedy: "\(rules); and the same in /etc/nftables.conf, which keeps them")
    }

    private var needed: [FirewallRules.Ports] { openPorts(where: { _ in true }) }

    /// Those that packets come to through a chain: one of the family ip6 has none of IPv4.
    private func ports(through chain: FirewallRules.ClosedChain) -> [FirewallRules.Ports] {
        switch chain.family {
        case "ip": openPorts(where: { !$0 })
        case "ip6": openPorts(where: { $0 })
        default: needed
        }
    }

    private func openPorts(where isWanted: (_ isIPv6: Bool) -> Bool) -> [FirewallRules.Ports] {
        let listeners = (configuration.sip.listen + [configuration.http.listen]).filter { !$0.isLoopback }
        let open = listeners.filter { isWanted($0.address.contains(":")) }.map { FirewallRules.Ports(isUDP: $0.transport == .udp, $0.port...$0.port) }
        let hasMedia = isWanted(false) || isWanted(true) && configuration.media.address6 != nil
        return open + (listeners.isEmpty || !hasMedia ? [] : [FirewallRules.Ports(isUDP: true, configuration.media.rtpPorts)])
    }

    private var wantedPorts: String { needed.isEmpty ? "no port" : needed.map(\.description).joined(separator: ", ") }

    private var conntrack: [Finding] {
        guard let most = machine.number("/proc/sys/net/netfilter/nf_conntrack_max"), let used = machine.number("/proc/sys/net/netfilter/nf_conntrack_count") else { return [] }
        let ports = configuration.media.rtpPorts
        // Each direction of RTP and RTCP of two legs.
        let wanted = configuration.sip.maximumCalls * 8
        let remedy = """
            nft 'add table inet tern; add chain inet tern raw { type filter hook prerouting priority raw; }; add rule inet tern raw udp dport \
            \(ports.lowerBound)-\(ports.upperBound) notrack', and the same for sport in a chain of hook output: RTP needs no tracking
            """
        if used > most / 10 * 9 {
            return [Finding(.fault, "conntrack", "\(used) of \(most) connections are tracked: packets are dropped when there is no room", remedy: remedy)]
        }
        guard most < wanted else { return [Finding(.good, "conntrack", "\(used) of \(most)")] }
        return [Finding(.warning, "conntrack", "has room for \(most) connections; \(configuration.sip.maximumCalls) calls may take \(wanted)", remedy: remedy)]
    }
}

/// The rules of a packet filter, as far as they say whether a port is open.
struct FirewallRules {
    /// Some ports that have to be open.
    struct Ports: CustomStringConvertible {
        let isUDP: Bool
        let numbers: ClosedRange<Int>

        init(isUDP: Bool, _ numbers: ClosedRange<Int>) { (self.isUDP, self.numbers) = (isUDP, numbers) }

        var range: String { numbers.count == 1 ? "\(numbers.lowerBound)" : "\(numbers.lowerBound)-\(numbers.upperBound)" }
        var description: String { "\(isUDP ? "udp" : "tcp") \(range)" }
    }

    /// A chain of the hook input that drops what no rule accepts.
    struct ClosedChain {
        let family: String
        /// Family, table and chain, as `nft` takes them.
        let place: String
        /// Whether its last rule drops all packets.
        let endsInDrop: Bool
        /// Its rules, and those of the chains that it jumps to.
        fileprivate let rules: [Substring]

        /// Whether a rule that accepts names all of these ports; one without ports, as for an interface, does not count.
        func opens(_ ports: Ports) -> Bool {
            rules.contains { rule in
                let isOfTransport = rule.contains(ports.isUDP ? "udp" : "tcp") || rule.contains("th dport")
                guard rule.contains("accept"), rule.contains("dport"), isOfTransport else { return false }
                return FirewallRules.numbers(in: rule).contains { $0.lowerBound <= ports.numbers.lowerBound && $0.upperBound >= ports.numbers.upperBound }
            }
        }
    }

    private struct Chain {
        let table: String
        let name: String
        var isInput = false
        var hasDropPolicy = false
        var rules: [Substring] = []

        /// The chains that its rules jump to.
        var next: [String] {
            rules.flatMap { rule in
                let words = rule.split { $0.isWhitespace || $0 == "," || $0 == "}" }
                return zip(words, words.dropFirst()).filter { $0.0 == "jump" || $0.0 == "goto" }.map { String($0.1) }
            }
        }
    }

    private var chains: [Chain] = []

    /// - Parameter text: What `nft list ruleset` prints.
    init(_ text: String) {
        var table = "", chain: Chain?
        for line in text.split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if words.first == "table", words.count >= 3 {
                table = "\(words[1]) \(words[2])"
            } else if words.first == "chain", words.count == 3, words[2] == "{" {
                chain = Chain(table: table, name: String(words[1]))
            } else if words == ["}"] {
                if let chain { chains.append(chain) }
                chain = nil
            } else if words.first == "type", line.contains(" hook ") {
                chain?.isInput = line.contains(" hook input ")
                chain?.hasDropPolicy = line.contains("policy drop")
            } else {
                chain?.rules.append(line)
            }
        }
    }

    /// The chains that a packet to this machine has to get through.
    var closedChains: [ClosedChain] {
        chains.filter(\.isInput).compactMap { chain in
            let family = String(chain.table.prefix { $0 != " " }), endsInDrop = chain.rules.last.map(FirewallRules.dropsAll) ?? false
            guard ["inet", "ip", "ip6"].contains(family), chain.hasDropPolicy || endsInDrop else { return nil }
            return ClosedChain(family: family, place: "\(chain.table) \(chain.name)", endsInDrop: endsInDrop, rules: rules(from: chain))
        }
    }

    private func rules(from first: Chain) -> [Substring] {
        var names: Set = [first.name], waiting = [first], found: [Substring] = []
        while let chain = waiting.popLast() {
            found += chain.rules
            for name in chain.next where names.insert(name).inserted { waiting += chains.filter { $0.table == first.table && $0.name == name } }
        }
        return found
    }

    /// Whether a rule drops or rejects each packet: `drop`, `counter packets 0 bytes 0 reject with icmpx admin-prohibited`, `log prefix "x" drop`.
    private static func dropsAll(_ rule: Substring) -> Bool {
        // Without what stands in quotes.
        let bare = rule.split(separator: "\"", omittingEmptySubsequences: false).enumerated().filter { $0.offset.isMultiple(of: 2) }.map { String($0.element) }.joined(separator: " ")
        var words = bare.split(whereSeparator: \.isWhitespace)[...]
        while let word = words.first {
            switch word {
            case "drop", "reject": return true
            case "counter", "log", "prefix": words.removeFirst()
            case "packets", "bytes", "level", "flags", "group": words = words.dropFirst(2)
            default: return false
            }
        }
        return false
    }

    /// `5060`, `20000-29999` and lists of them, behind `dport`.
    private static func numbers(in rule: Substring) -> [ClosedRange<Int>] {
        guard let place = rule.ranges(of: "dport").first else { return [] }
        let rest = rule[place.upperBound...].drop(while: \.isWhitespace)
        // Numbers behind these are those of counters.
        let ports = rest.hasPrefix("{") ? rest.prefix { $0 != "}" } : rest.prefix { !$0.isWhitespace }
        return ports.split { !($0.isNumber || $0 == "-") }.compactMap { word in
            let ends = word.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return nil }
            return first...last
        }
    }
}
