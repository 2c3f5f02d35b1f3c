@testable import Calls
import Cluster
import EventLoop
import JSON
import Registrar
@testable import SIP
import SIPNames
import Testing

/// Calls to and from other nodes of a cluster.
@Suite("Calls between nodes", .timeLimit(.minutes(1)))
@LoopActor
struct OtherNodeTests {
    /// Other nodes, as a test says.
    @LoopActor
    final class Nodes: OtherNodes {
        let name = "here", instance = "2", address = ListenAddress(transport: .udp, address: "192.0.2.1", port: 5_060)
        /// Which processes the others are.
        var instances: [String: String] = [:]
        var isReached = true
        func instance(of node: String) -> String? { instances[node] }
        var here: [String: [ClusterTarget]] = [:]
        var contacts: [String: [Binding]] = [:]

        /// The phones that were said to ring anyway.
        var excepted: [Set<String>] = []
        /// The Contacts that were said to call.
        var callers: [String?] = []

        func nodes(of user: String, except instances: Set<String>, caller: SIPURI?) -> [ClusterTarget] {
            excepted.append(instances)
            callers.append(caller?.text)
            return here[user] ?? []
        }
        func hasBrowser(_ user: String) -> Bool { here[user] != nil }
        func stranded(of user: String) -> [Binding] { contacts[user] ?? [] }
        func authorization(to target: ClusterTarget, user: String, source: String) -> String {
            (["\(target.node.name) \(user) \(source)"] + target.excepted.sorted()).joined(separator: " ")
        }
        func authorization(toNode node: String, user: String, source: String) -> String { "\(node) \(user) \(source)" }
        func seal(_ text: String, for user: String) -> String? { "\(user) \(text)" }
        func open(_ sealed: String, of user: String) -> String? { sealed.hasPrefix("\(user) ") ? String(sealed.dropFirst(user.count + 1)) : nil }
        func caller(_ authorizations: [String], user: String, takes: Bool) -> NodeCall? {
            guard let words = authorizations.first?.split(separator: " ").map(String.init), words.count > 1, words[0] == "node" else { return nil }
            return NodeCall(node: "other", user: user, source: words[1], excepted: Set(words.dropFirst(2).map(NodeCall.fingerprint)))
        }
    }

    /// Phones that are registered here.
    @LoopActor
    private final class Phones: ContactSource {
        let all: [Binding]

        init(all: [Binding]) { self.all = all }

        func targets(of user: String) -> [Binding] { all.filter { $0.user == user } }
    }

    private static let b = ClusterTarget(node: ClusterNode(name: "b", address: ListenAddress(transport: .tcp, address: "192.0.2.2", port: 5_070)))

    @Test("a call to a user rings each other node that has something of the user, once, with who calls")
    func out() async throws {
        try await CallBench.play { bench in
            let nodes = Nodes()
            bench.switchboard.others = nodes
            nodes.here = ["bob": [Self.b], "carol": [Self.b]]
            let alice = bench.browser("alice")
            alice.request("start_call", ["dest": "bob", "offer": .offer])
            await bench.settle()
            #expect(bench.agent.requests.count == 3, "two phones here, and a node")
            let request = try #require(bench.agent.requests.first { $0.hop?.address == "192.0.2.2" })
            #expect(request.target == "sip:bob@192.0.2.2:5070;transport=tcp" && request.to == "sip:bob@tern.example.org" && request.fromUser == "alice")
            #expect(request.hop?.transport == .tcp && request.hop?.port == 5_070)
            #expect(request.firstResponseLimit == .seconds(2) && request.silenceLimit == nil, "a node says 100 at once, and may ring as long as it likes")
            let headers = Dictionary(request.headers.map { ($0.name, $0.value) }) { first, _ in first }
            #expect(headers["Authorization"] == "b bob user:alice" && headers["P-Asserted-Identity"] == "<sip:alice@tern.example.org>")
            for leg in bench.agent.legs { leg.receive(.failure(status: 486, phrase: "Busy Here", reason: nil)) }
            await bench.settle()
            // A user who has nothing here at all.
            let stranger = bench.phone(calls: "carol")
            await bench.settle()
            #expect(bench.agent.requests.last?.headers.contains { $0 == ("Authorization", "b carol anonymous") } == true)
            let leg = try #require(bench.agent.legs.last)
            leg.receive(.failure(status: 480, phrase: "Temporarily Unavailable", reason: nil))
            await bench.settle()
            #expect(stranger.sent == ["480"])
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("a call that a node hands on rings what is here, by the caller's name, and goes nowhere else")
    func handedOn() async throws {
        try await CallBench.play { bench in
            let nodes = Nodes()
            bench.switchboard.others = nodes
            nodes.here = ["alice": [Self.b], "carol": [Self.b]]
            let alice = bench.browser("alice")
            let phone = bench.phone(calls: "alice", authorizations: ["node user:carol"])
            await bench.settle()
            let call = try alice.invitation()
            #expect(bench.agent.requests.isEmpty)
            alice.request("ring_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(phone.sent == ["180"])
            phone.receive(.cancelled(SIPReason(cause: 200, text: "Call completed elsewhere")))
            await bench.settle()
            #expect(alice.calls[call]?.ends == ["answered_elsewhere"])
            // Nobody is here: it does not come back to where it came from, nor does it leave by a trunk.
            let other = bench.phone(calls: "carol", authorizations: ["node trunk:west"]), number = bench.phone(calls: "801", authorizations: ["node user:carol"])
            await bench.settle()
            #expect(other.sent == ["480"] && number.sent == ["404"] && bench.agent.requests.isEmpty)
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("strangers whose calls other nodes hand on have half of the gateway, as any strangers")
    func strangers() async throws {
        try await CallBench.play { bench in
            let nodes = Nodes()
            bench.switchboard.others = nodes
            bench.switchboard.admission.settings.maximumCalls = 4
            _ = bench.browser("alice")
            let first = (0..<2).map { _ in bench.phone(calls: "alice", authorizations: ["node anonymous"]) }
            await bench.settle()
            #expect(first.allSatisfy { !$0.sent.contains("503") })
            let third = bench.phone(calls: "alice", authorizations: ["node anonymous"])
            await bench.settle()
            #expect(third.sent == ["503"])
            let user = bench.phone(calls: "alice", authorizations: ["node user:carol"])
            await bench.settle()
            #expect(!user.sent.contains("503"))
            for caller in first + [user] { caller.receive(.cancelled(nil)) }
            await bench.settle()
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("of a phone with several flows one rings: the one here, else the most recent at nodes that are gone; and nodes are asked without the phones here")
    func instances() async throws {
        try await CallBench.play { bench in
            let nodes = Nodes()
            bench.switchboard.others = nodes
            func binding(_ host: String, _ instance: String?, listener: String = "192.0.2.77") throws -> Binding {
                Binding(
                    id: 1, user: "carol", contact: try #require(SIPURI("sip:carol@\(host)")), q: nil, expires: .now + .seconds(60), updated: .now, callID: host,
                    cSeq: 1, path: ["sip:198.51.100.9;lr"], flow: "udp/198.51.100.9:5060/\(listener):5060", userAgent: nil, received: "", instance: instance,
                    registrationID: nil)
            }
            bench.switchboard.admission.users.phones = Phones(all: [try binding("198.51.100.20", "<urn:uuid:1>", listener: "192.0.2.1")])
            nodes.contacts = ["carol": [
                try binding("203.0.113.1", "<urn:uuid:2>"), try binding("203.0.113.2", "<urn:uuid:2>"), try binding("203.0.113.3", "<urn:uuid:1>"),
                try binding("203.0.113.4", nil), try binding("203.0.113.5", nil),
            ]]
            let caller = bench.phone(calls: "carol")
            await bench.settle()
            #expect(bench.agent.requests.map(\.target) == ["198.51.100.20", "203.0.113.1", "203.0.113.4", "203.0.113.5"].map { "sip:carol@\($0)" })
            #expect(nodes.excepted == [["<urn:uuid:1>"]])
            caller.receive(.cancelled(nil))
            await bench.settle()
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("a phone with flows at several nodes rings at the one that the sender has chosen: the others leave it, and ring their other phones")
    func excepted() async throws {
        try await CallBench.play { bench in
            let nodes = Nodes()
            bench.switchboard.others = nodes
            nodes.here = ["carol": [ClusterTarget(node: Self.b.node, excepted: ["<urn:uuid:1>"])]]
            let phones = try [("198.51.100.1", "<urn:uuid:1>"), ("198.51.100.2", "<urn:uuid:2>"), ("198.51.100.3", nil)].map { host, instance in
                Binding(
                    id: 1, user: "alice", contact: try #require(SIPURI("sip:alice@\(host)")), q: nil, expires: .now + .seconds(60), updated: .now, callID: host,
                    cSeq: 1, path: [], flow: "udp/\(host):5060/192.0.2.1:5060", userAgent: nil, received: "", instance: instance, registrationID: nil)
            }
            bench.switchboard.admission.users.phones = Phones(all: phones)
            let handedOn = bench.phone(calls: "alice", authorizations: ["node user:carol <urn:uuid:1> <urn:uuid:9>"])
            await bench.settle()
            #expect(bench.agent.requests.map(\.target) == ["sip:alice@198.51.100.2", "sip:alice@198.51.100.3"])
            handedOn.receive(.cancelled(nil))
            await bench.settle()
            let caller = bench.phone(calls: "carol")
            await bench.settle()
            let headers = bench.agent.requests.last?.headers.filter { $0.name == "Authorization" }.map(\.value)
            #expect(headers == ["b carol anonymous <urn:uuid:1>"])
            caller.receive(.cancelled(nil))
            await bench.settle()
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("where the node with the phone's last flow does not ring it, the node with the one before is asked", arguments: [480, 408, 503, 486])
    func otherFlow(status: Int) async throws {
        try await CallBench.play { bench in
            let nodes = Nodes()
            bench.switchboard.others = nodes
            let c = ClusterNode(name: "c", address: ListenAddress(transport: .tcp, address: "192.0.2.3", port: 5_070))
            nodes.here = ["carol": [ClusterTarget(node: Self.b.node, fallbacks: [ClusterTarget(node: c, excepted: ["<urn:uuid:3>"])])]]
            let caller = bench.phone(calls: "carol")
            await bench.settle()
            #expect(bench.agent.requests.map { $0.hop?.address } == ["192.0.2.2"])
            bench.agent.legs.last?.receive(.failure(status: status, phrase: "", reason: nil))
            await bench.settle()
            // Who is busy is busy.
            guard status != 486 else { return #expect(bench.agent.requests.count == 1 && caller.sent == ["486"]) }
            #expect(bench.agent.requests.map { $0.hop?.address } == ["192.0.2.2", "192.0.2.3"] && caller.sent.isEmpty)
            let headers = bench.agent.requests.last?.headers.filter { $0.name == "Authorization" }.map(\.value)
            #expect(headers == ["c carol anonymous <urn:uuid:3>"])
            bench.agent.legs.last?.receive(.failure(status: 480, phrase: "", reason: nil))
            await bench.settle()
            #expect(bench.agent.requests.count == 2 && caller.sent == ["480"])
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("phones behind one proxy call each other at one gateway; the one that calls is known by its Contact, and not rung itself", arguments: [
        ("sip:carol@203.0.113.1;alias=1", ["sip:carol@203.0.113.2"]), ("sip:x@203.0.113.9", ["sip:carol@203.0.113.1", "sip:carol@203.0.113.2"]),
        (nil, ["sip:carol@203.0.113.1", "sip:carol@203.0.113.2"]),
    ])
    func proxied(contact: String?, rung: [String]) async throws {
        try await CallBench.play { bench in
            bench.switchboard.admission.users.phones = Phones(all: try [1, 2].map { number in
                Binding(
                    id: number, user: "carol", contact: try #require(SIPURI("sip:carol@203.0.113.\(number)")), q: nil, expires: .now + .seconds(60),
                    updated: .now, callID: "\(number)", cSeq: 1, path: ["sip:203.0.113.5;lr"], flow: "udp/203.0.113.5:5060/192.0.2.1:5060", userAgent: nil,
                    received: "", instance: nil, registrationID: nil)
            })
            let caller = bench.phone(calls: "carol", contact: contact)
            await bench.settle()
            #expect(bench.agent.requests.map(\.target) == rung)
            caller.receive(.cancelled(nil))
            await bench.settle()
        }
    }

    @Test("a phone's redirection goes back to the node that hands the call on, which follows it")
    func redirected() async throws {
        try await CallBench.play { bench in
            let nodes = Nodes()
            bench.switchboard.others = nodes
            let caller = bench.phone(calls: "dora", authorizations: ["node user:carol"])
            await bench.settle()
            let leg = try #require(bench.agent.legs.last { $0.isOurs })
            leg.receive(.redirected(status: 302, phrase: "Moved", contacts: ["sip:echo@tern.example.org"]))
            await bench.settle()
            #expect(caller.sent == ["302"])
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("a phone of a node that is gone is rung through its Path, from a listener of ours")
    func stranded() async throws {
        try await CallBench.play { bench in
            let nodes = Nodes()
            bench.switchboard.others = nodes
            let contact = try #require(SIPURI("sip:carol@203.0.113.7:5062"))
            func binding(_ path: [String], _ transport: String) -> Binding {
                Binding(
                    id: 1, user: "carol", contact: contact, q: nil, expires: .now + .seconds(60), updated: .now, callID: "1", cSeq: 1, path: path,
                    flow: "\(transport)/198.51.100.9:5060/192.0.2.77:5060", userAgent: nil, received: "", instance: nil, registrationID: nil)
            }
            // Without a Path, or by a transport that is not spoken here, it cannot be reached.
            nodes.contacts = ["carol": [binding(["sip:198.51.100.9;lr"], "udp"), binding([], "udp"), binding(["sip:198.51.100.9;lr"], "tcp")]]
            let caller = bench.phone(calls: "carol")
            await bench.settle()
            #expect(bench.agent.requests.count == 1)
            let request = try #require(bench.agent.requests.first)
            #expect(request.target == "sip:carol@203.0.113.7:5062" && request.routes == ["sip:198.51.100.9;lr"])
            #expect(request.hop?.flow?.description == "udp/198.51.100.9:5060/192.0.2.1:5060")
            bench.agent.legs.last { $0.isOurs }?.receive(.failure(status: 486, phrase: "Busy Here", reason: nil))
            await bench.settle()
            #expect(caller.sent == ["486"])
            withExtendedLifetime(nodes) {}
        }
    }
}
