internal import Configuration
internal import SIPNames

/// What of the machine stands in the way of calls, now or under load.
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
        case nil: return Finding(.good, "port", "\(listener) of \(key) can be had")
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
        case "yes": Finding(.good, "clock", "is kept right")
        case "no":
            Finding(.note, "clock", "nobody says that it is right: tokens, certificates and records go by it", remedy: "apt-get install systemd-timesyncd, or chrony")
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
        guard let rules = machine.output("nft", ["list", "ruleset"]) else {
            return [Finding(.note, "firewall", "not looked at: that takes root, and the program nft", remedy: "open \(wantedPorts) in whatever filters packets, here and before this machine")]
        }
        guard FirewallRules(rules).dropsInput else {
            return [Finding(.good, "firewall", "this machine refuses nothing; whatever is before it has to let \(wantedPorts) through")]
        }
        let missing = needed.filter { !FirewallRules(rules).names($0) }
        guard !missing.isEmpty else { return [Finding(.good, "firewall", "its rules name \(wantedPorts)")] }
        return [
            Finding(
                .warning, "firewall", "packets that no rule names are dropped, and none names \(missing.map(\.description).joined(separator: ", "))",
                remedy: missing.map { "nft add rule inet filter input \($0.isUDP ? "udp" : "tcp") dport \($0.range) accept" }.joined(separator: "; "))
        ]
    }

    private var needed: [FirewallRules.Ports] {
        let listeners = configuration.sip.listen + [configuration.http.listen]
        let open = listeners.filter { !$0.isLoopback }.map { FirewallRules.Ports(isUDP: $0.transport == .udp, $0.port...$0.port) }
        let media = configuration.media.rtpPorts
        return open + (open.isEmpty ? [] : [FirewallRules.Ports(isUDP: true, media)])
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

    private let lines: [Substring]

    /// - Parameter text: What `nft list ruleset` prints.
    init(_ text: String) { lines = text.split(separator: "\n") }

    /// Whether packets to this machine are dropped where no rule names them.
    var dropsInput: Bool { lines.contains { $0.contains("hook input") && ($0.contains("policy drop") || $0.contains("policy reject")) } }

    /// Whether a rule that accepts names all of these ports; one without ports, as for an interface, does not count.
    func names(_ ports: Ports) -> Bool {
        lines.contains { line in
            guard line.contains("accept"), line.contains("dport"), ports.isUDP ? line.contains("udp") || line.contains("th dport") : line.contains("tcp") || line.contains("th dport")
            else { return false }
            return FirewallRules.numbers(in: line).contains { $0.lowerBound <= ports.numbers.lowerBound && $0.upperBound >= ports.numbers.upperBound }
        }
    }

    /// `5060`, `20000-29999` and lists of them, behind `dport`.
    private static func numbers(in line: Substring) -> [ClosedRange<Int>] {
        guard let place = line.ranges(of: "dport").first else { return [] }
        let words = line[place.upperBound...].split { !($0.isNumber || $0 == "-") }
        return words.compactMap { word in
            let ends = word.split(separator: "-").compactMap { Int($0) }
            guard let first = ends.first, let last = ends.last, first <= last else { return nil }
            return first...last
        }
    }
}
