import Configuration
@testable import Doctor
import EventLoop
import JSON
import SIPNames
import TLS
import TestCertificates
import Testing

@Suite struct DoctorTests {
    /// A machine in which all is well, and what of it is not.
    private static func machine(
        files: [String: String] = [:], obstacles: [String: Machine.Obstacle] = [:], outputs: [String: String] = [:], room: Int = 1 << 40
    ) -> Machine {
        var known = ["/proc/sys/net/core/rmem_max": "8388608\n", "/proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n"]
        known.merge(files) { $1 }
        let all = known, programs = ["timedatectl": "yes\n", "nft": "table inet filter {}"].merging(outputs) { $1 }
        return Machine(read: { all[$0] }, obstacle: { obstacles["\($0)"] }, output: { program, _ in programs[program] }, room: { _ in room })
    }

    private static func configuration(_ change: (inout GatewayConfiguration) -> Void = { _ in }) -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.sip.listen = [ListenAddress(transport: .udp, address: "0.0.0.0", port: 5060)]
        configuration.sip.domain = "192.0.2.1"
        configuration.media.address = "192.0.2.1"
        change(&configuration)
        return configuration
    }

    private static let host: HostAddresses = {
        var host = HostAddresses.current()
        host.all = ["127.0.0.1", "192.0.2.1"]
        return host
    }()

    private func findings(
        _ configuration: GatewayConfiguration = configuration(), machine: Machine = machine(), gateway: Doctor.Gateway = .absent, overview: JSONValue? = nil
    ) async -> [Finding] {
        await Doctor(configuration, gateway: gateway, overview: overview, machine: machine, host: DoctorTests.host).findings()
    }

    private func worst(_ findings: [Finding]) -> Finding? { findings.max { $0.severity < $1.severity } }

    @Test("nothing is found where all is well")
    func well() async throws {
        let found = await findings()
        #expect(found.allSatisfy { $0.severity <= .note }, "\(found)")
        #expect(found.contains { $0.subject == "port" && $0.text.contains("is free") })
    }

    @Test("an address that is no address of this machine is a fault that names the key for NAT; with that key all is well")
    func nat() async throws {
        let wrong = worst(await findings(DoctorTests.configuration { $0.media.address = "203.0.113.5" }))
        #expect(wrong?.severity == .fault && wrong?.remedy?.contains("nat.public_address") == true, "\(String(describing: wrong))")
        let right = await findings(DoctorTests.configuration {
            $0.nat.publicAddress = IPAddress("203.0.113.5")
            $0.sip.domain = "203.0.113.5"
        })
        #expect(right.allSatisfy { $0.severity <= .note } && right.contains { $0.subject == "media" && $0.text.contains("others are told 203.0.113.5") }, "\(right)")
    }

    @Test("a port that somebody has is a fault, with their name; the gateway's own is none")
    func takenPort() async throws {
        let taken = DoctorTests.machine(obstacles: ["udp:0.0.0.0:5060": .isTaken], outputs: ["ss": #"UNCONN 0 0 0.0.0.0:5060 0.0.0.0:* users:(("kamailio",pid=7,fd=5))"#])
        let fault = worst(await findings(machine: taken))
        #expect(fault?.severity == .fault && fault?.text.contains("taken by kamailio") == true && fault?.remedy != nil, "\(String(describing: fault))")
        #expect(await findings(machine: taken, gateway: .running).filter { $0.subject == "port" && $0.text.contains("5060") }.allSatisfy { $0.severity == .good })
        #expect(await findings(machine: taken, gateway: .former).filter { $0.subject == "port" }.allSatisfy { $0.severity == .good })
    }

    @Test("ports for root, addresses of others, and ports that a running gateway does not have are faults")
    func ports() async throws {
        for (obstacle, words) in [(Machine.Obstacle.mayNot, "for root alone"), (.noSuchAddress, "no address of this machine"), (.other("odd"), "odd")] {
            let fault = worst(await findings(machine: DoctorTests.machine(obstacles: ["udp:0.0.0.0:5060": obstacle])))
            #expect(fault?.severity == .fault && fault?.text.contains(words) == true, "\(String(describing: fault))")
        }
        #expect(await findings(gateway: .running).contains { $0.severity == .fault && $0.text.contains("is free, though") })
    }

    @Test("a wrong public address is a fault")
    func address() async throws {
        let fault = worst(await findings(DoctorTests.configuration { $0.media.address = "203.0.113.9" }))
        #expect(fault?.severity == .fault && fault?.text.contains("203.0.113.9 is no address of this machine") == true, "\(String(describing: fault))")
        let loopback = worst(await findings(DoctorTests.configuration { $0.media.address = "127.0.0.1" }))
        #expect(loopback?.severity == .fault && loopback?.subject == "media")
    }

    @Test("certificates that have ended, end soon, are of another name or cannot be read are told")
    func certificates() async throws {
        let authority = try TestAuthority()
        func check(
            _ files: (certificate: String, key: String), domain: String = "sip.test", machine: Machine = DoctorTests.machine(), isService: Bool = false
        ) async -> Finding? {
            let configuration = DoctorTests.configuration {
                $0.sip.tls = TLSFiles(certificate: files.certificate, key: files.key)
                $0.sip.domain = domain
                $0.sip.nameServers = [SocketAddress("127.0.0.1:9")].compactMap(\.self)
            }
            return ConfigurationChecks(configuration: configuration, host: DoctorTests.host, now: .now, machine: machine, isService: isService).findings.first { $0.text.contains("sip.tls") }
        }
        let good = await check(try authority.issue("good.pem", names: "DNS:sip.test", days: 60))
        #expect(good?.severity == .good, "\(String(describing: good))")
        let soon = await check(try authority.issue("soon.pem", names: "DNS:sip.test", days: 10))
        #expect(soon?.severity == .warning && soon?.text.contains("ends") == true, "\(String(describing: soon))")
        let ended = await check(try authority.issue("ended.pem", names: "DNS:sip.test", days: -1))
        #expect(ended?.severity == .fault && ended?.text.contains("has ended") == true, "\(String(describing: ended))")
        let other = await check(try authority.issue("other.pem", names: "DNS:other.test", days: 60))
        #expect(other?.severity == .warning && other?.text.contains("not for sip.test") == true, "\(String(describing: other))")
        let missing = await check(("/nowhere/none.pem", "/nowhere/none.key"))
        #expect(missing?.severity == .fault, "\(String(describing: missing))")
        let hidden = await check(("/home/somebody/tern.pem", "/home/somebody/tern.key"), isService: true)
        #expect(hidden?.severity == .fault && hidden?.text.contains("hidden from the service") == true && hidden?.remedy != nil, "\(String(describing: hidden))")
    }

    @Test("a key that the service's user cannot read is a fault, where that can be found out", arguments: [(true, Finding.Severity.fault), (false, Finding.Severity.good)])
    func unreadableKey(works: Bool, severity: Finding.Severity) async throws {
        let authority = try TestAuthority()
        let files = try authority.issue("service.pem", names: "DNS:sip.test", days: 60)
        let machine = Machine(
            read: { _ in nil }, obstacle: { _ in nil },
            output: { program, arguments in works && program == "setpriv" && (arguments.last == "true" || arguments.last == files.certificate) ? "" : nil },
            room: { _ in nil }, serviceUser: "tern")
        let configuration = DoctorTests.configuration {
            $0.sip.tls = TLSFiles(certificate: files.certificate, key: files.key)
            $0.sip.domain = "sip.test"
        }
        let found = ConfigurationChecks(configuration: configuration, host: DoctorTests.host, now: .now, machine: machine, isService: false).findings
        let finding = found.first { $0.text.contains("sip.tls") }
        #expect(finding?.severity == severity && finding?.text.contains("cannot read \(files.key)") == works, "\(found) \(authority)")
    }

    @Test("few ports, small buffers, no room, a full table of connections: each with a remedy")
    func limits() async throws {
        let few = await findings(DoctorTests.configuration { $0.media.rtpPorts = 20_000...20_399 })
        #expect(few.contains { $0.subject == "RTP ports" && $0.severity == .warning && $0.text.contains("100 calls") }, "\(few)")
        let small = await findings(machine: DoctorTests.machine(files: ["/proc/sys/net/core/rmem_max": "212992"]))
        #expect(small.contains { $0.subject == "UDP buffers" && $0.severity == .warning && $0.remedy?.contains("sysctl") == true })
        let full = await findings(machine: DoctorTests.machine(room: 1 << 20))
        #expect(full.contains { $0.subject == "recordings" && $0.severity == .warning })
        let tables = ["/proc/sys/net/netfilter/nf_conntrack_max": "1000", "/proc/sys/net/netfilter/nf_conntrack_count": "990"]
        #expect(await findings(machine: DoctorTests.machine(files: tables)).contains { $0.subject == "conntrack" && $0.severity == .fault && $0.remedy?.contains("notrack") == true })
        #expect(await findings(machine: DoctorTests.machine(outputs: ["timedatectl": "no\n"])).contains { $0.subject == "clock" && $0.severity == .note })
    }

    @Test("a firewall that drops what no rule names, and names none of ours, is told with the rules that it needs")
    func firewall() async throws {
        let closed = """
            table inet filter {
            	chain input {
            		type filter hook input priority filter; policy drop;
            		tcp dport 22 accept
            		udp dport { 5060, 5062 } accept
            	}
            }
            """
        let found = await findings(machine: DoctorTests.machine(outputs: ["nft": closed])).first { $0.subject == "firewall" }
        #expect(found?.severity == .warning && found?.text.contains("udp 20000-29999") == true && found?.text.contains("udp 5060") == false, "\(String(describing: found))")
        #expect(found?.remedy == "nft add rule inet filter input udp dport 20000-29999 accept; and the same in /etc/nftables.conf, which keeps them")
        let open = closed.replacing("udp dport { 5060, 5062 } accept", with: "udp dport { 5060, 10000-30000 } accept")
        #expect(await findings(machine: DoctorTests.machine(outputs: ["nft": open])).first { $0.subject == "firewall" }?.severity == .good)
        // Behind a rule that drops all a new one is never reached.
        let last = closed.replacing("policy drop", with: "policy accept").replacing("udp dport { 5060, 5062 } accept", with: "counter packets 5060 bytes 9 reject with icmpx admin-prohibited")
        let ended = await findings(machine: DoctorTests.machine(outputs: ["nft": last])).first { $0.subject == "firewall" }
        #expect(ended?.remedy?.hasPrefix("nft insert rule inet filter input udp dport 5060 accept; ") == true, "\(String(describing: ended))")
        #expect(await findings(machine: DoctorTests.machine(outputs: ["nft": closed.replacing("policy drop", with: "policy accept")])).first { $0.subject == "firewall" }?.severity == .good)
        // What another hook lets through, or another chain that input jumps to.
        let elsewhere = "\ttype filter hook output priority filter; policy drop;\n\t\tudp dport 1-65535 accept\n\t}\n}"
        let output = String(closed.dropLast()) + "\n\tchain output {\n\t\(elsewhere)"
        #expect(await findings(machine: DoctorTests.machine(outputs: ["nft": output])).first { $0.subject == "firewall" }?.severity == .warning)
        let jump = String(closed.replacing("tcp dport 22 accept", with: "jump voice").dropLast()) + "\n\tchain voice {\n\t\tudp dport 20000-29999 counter packets 1 bytes 2 accept\n\t}\n}"
        #expect(await findings(machine: DoctorTests.machine(outputs: ["nft": jump])).first { $0.subject == "firewall" }?.severity == .good)
    }

    @Test("one of several Januses that is away, or late, is a warning while another takes calls; one that is drained is a note; a fault where none takes any")
    func severalJanuses() async throws {
        func found(_ servers: [JSONValue]) async throws -> [Finding] {
            let overview: JSONValue = ["version": "1.0", "obstacles": [], "draining": false, "januses": ["count": .integer(servers.count), "list": .array(servers)]]
            return await findings(gateway: .running, overview: overview).filter { $0.subject == "media server" }
        }
        func server(_ name: String, _ state: String = "ready", drained: Bool = false, slow: Bool = false) -> JSONValue {
            ["name": .string(name), "url": "ws://127.0.0.1:8188/", "state": .string(state), "reason": "gone", "draining": .bool(drained), "slow": .bool(slow), "answer_time": 1.23]
        }
        let mixed = try await found([server("janus-1"), server("janus-2", "down"), server("janus-3", slow: true), server("janus-4", drained: true)])
        #expect(mixed.map(\.severity) == [.warning, .warning, .note], "\(mixed)")
        #expect(mixed[0].text == "janus-2 (ws://127.0.0.1:8188/) is down: gone" && mixed[1].text.contains("janus-3 answers after 1.2 s") && mixed[2].remedy?.contains("tern drain-media janus-4 --off") == true, "\(mixed)")
        #expect(try await found([server("janus-1", drained: true), server("janus-2", "down")]).map(\.severity) == [.note, .fault])
        #expect(try await found([server("janus-1"), server("janus-2")]).isEmpty)
    }

    @Test("a gateway that takes no calls, a Janus that is away and a trunk that is down are faults")
    func gateway() async throws {
        let overview: JSONValue = [
            "version": "1.0", "obstacles": ["no media server is ready"], "draining": false,
            "januses": ["count": 1, "list": [["url": "managed", "state": "down", "reason": "gone"]]],
            "trunks": ["count": 1, "list": [["name": "berlin", "up": false, "state": "down: no target answers"]]],
            "bans": ["count": 2], "limits": ["descriptors": ["used": 900, "of": 1_024]],
        ]
        let found = await findings(gateway: .running, overview: overview)
        #expect(found.filter { $0.severity == .fault }.map(\.subject).starts(with: ["gateway", "media server", "trunk"]), "\(found)")
        #expect(found.contains { $0.subject == "media server" && $0.text.contains("down: gone") }, "\(found)")
        #expect(found.contains { $0.subject == "bans" } && found.contains { $0.subject == "descriptors" && $0.severity == .warning })
    }
}
