@testable import Calls
import EventLoop
import Glibc
import JSON
@testable import Configuration
@testable import Routing
import SDP
@testable import SIP
import SIPNames
import Testing

@Suite("Calls of a node that is gone", .timeLimit(.minutes(1)))
@LoopActor
struct RecoveryTests {
    private func tickets(_ browser: StandInBrowser, of call: String) throws -> [RecoveryTicket] {
        try browser.events.filter { $0.type == "recovery" && $0.object == call }.map { event in
            let token = try #require(event.body["token"]?.stringValue)
            #expect(token.hasPrefix("\(browser.user) "))
            return try #require(RecoveryTicket(JSONValue(parsing: String(token.dropFirst(browser.user.count + 1)))))
        }
    }

    private func token(
        of user: String = "alice", callID: String = "dialog", target: String = "sip:bob@192.0.2.7:5062", routes: [String] = [], hop: SIPHop? = nil,
        trunk: String? = nil, node: String? = nil, issuer: String = "gone", instance: String = "1", age: Int = 0
    ) throws -> JSONValue {
        let ticket = RecoveryTicket(
            issuer: issuer, instance: instance, address: ListenAddress(transport: .tcp, address: "192.0.2.3", port: 5_060),
            dialog: SIPDialog(
                replaces: SIPReplaces(callID: callID, toTag: "its", fromTag: "ours"), target: target, routes: routes, hop: hop, supportsReplaces: true),
            party: CallParty(id: "bob", name: "Bob"), source: trunk.map { .trunk($0) } ?? .user("bob"), trunk: trunk, node: node, srtp: .required,
            isRecorded: true, time: time(nil) - age)
        let json = ticket.json
        #expect(RecoveryTicket(json) == ticket)
        return .string("\(user) \(try json.text)")
    }

    /// Nobody answers.
    private static let silence: @LoopActor (SIPClientRequest) -> SIPClientOutcome = { _ in
        var outcome = SIPClientOutcome(status: 408, phrase: "Request Timeout", isFromPeer: false)
        outcome.ownContact = "sip:192.0.2.1"
        return outcome
    }

    @Test("a client is given what another node needs when its call with a phone is answered, and when the ACK has come where the phone called")
    func given() async throws {
        try await CallBench.play { bench in
            let nodes = OtherNodeTests.Nodes(), alice = bench.browser("alice"), bob = bench.browser("bob")
            bench.switchboard.others = nodes
            let (first, phone) = try await bench.callsPhone(alice)
            let given = try tickets(alice, of: first)
            let ticket = try #require(given.first)
            #expect(ticket.dialog.replaces == SIPReplaces(callID: phone.id.description, toTag: "phone-\(phone.id)", fromTag: "gateway-\(phone.id)"))
            #expect(ticket.trunk == "east" && ticket.source == .trunk("east") && ticket.node == nil && ticket.issuer == "here" && ticket.instance == "2")
            #expect(given.count == 1)

            let caller = bench.phone(calls: "bob", trunk: 10)
            await bench.settle()
            for leg in bench.agent.legs.dropFirst() where leg.isOurs { leg.receive(.failure(status: 486, phrase: "Busy Here", reason: nil)) }
            let second = try bob.invitation()
            bob.request("answer_call", ["call_id": .string(second), "answer": .answer])
            await bench.settle()
            #expect(caller.sent.contains { $0.hasPrefix("200") }, "\(caller.sent)")
            #expect(try tickets(bob, of: second).isEmpty)
            caller.receive(.acknowledged(sdp: nil))
            await bench.settle()
            let others = try tickets(bob, of: second)
            let other = try #require(others.first)
            #expect(other.source == .trunk("west") && other.trunk == "west" && other.party.id == "+49301")
            for leg in [phone, caller] { leg.receive(.bye(nil)) }
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("nobody is given anything for a phone that does not know Replaces, for another browser, without a cluster, or who has asked for no events")
    func notGiven() async throws {
        try await CallBench.play { bench in
            let nodes = OtherNodeTests.Nodes(), alice = bench.browser("alice"), carol = bench.browser("carol")
            var phones = [try await bench.callsPhone(alice).phone]
            bench.switchboard.others = nodes
            bench.agent.supportsReplaces = false
            phones.append(try await bench.callsPhone(alice).phone)
            bench.agent.supportsReplaces = true
            _ = try await bench.calls(alice, carol)
            alice.request("start_call", ["dest": "902", "offer": .offer, "subscribe": false])
            await bench.settle()
            let last = try #require(bench.agent.legs.last)
            last.receive(.success(sdp: sdp("an answer")))
            await bench.settle()
            #expect(!(alice.events + carol.events).contains { $0.type == "recovery" })
            for phone in phones + [last] { phone.receive(.bye(nil)) }
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("another node calls the phone in the place of the one that is gone, by the way that the dialog had, and the call is a call as others")
    func taken() async throws {
        try await CallBench.play { bench in
            let nodes = OtherNodeTests.Nodes(), alice = bench.browser("alice")
            bench.switchboard.others = nodes
            bench.agent.onRequest = Self.silence
            let way = SIPHop(transport: .tcp, address: "192.0.2.98", port: 5_070)
            alice.request("start_call", ["recovery": try token(routes: ["sip:192.0.2.99;lr"], hop: way), "offer": .offer])
            await bench.settle()
            let request = try #require(bench.agent.requests.last), phone = try #require(bench.agent.legs.last)
            let headers = Dictionary(request.headers.map { ($0.name, $0.value) }) { first, _ in first }
            #expect(request.target == "sip:bob@192.0.2.7:5062" && request.routes == ["sip:192.0.2.99;lr"] && request.hop == way && request.firstResponseLimit == .seconds(5) && request.fromUser == "alice")
            #expect(headers["Replaces"] == "dialog;to-tag=its;from-tag=ours" && request.required == "replaces" && headers["Authorization"] == nil)
            phone.receive(.success(sdp: sdp("a phone's answer")))
            await bench.settle()
            let call = try #require(alice.known.last)
            #expect(bench.isEstablished(call, of: alice))
            #expect(try tickets(alice, of: call).first?.dialog.replaces.callID == phone.id.description)
            // A REFER of the phone's is one of bob's.
            #expect(bench.switchboard.calls[call].flatMap { Seat(call: $0, side: .callee).origin }?.source == .user("bob"))
            alice.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(phone.sent.last == "BYE")
            // It has hung up meanwhile.
            alice.request("start_call", ["recovery": try token(trunk: "east", node: "b"), "offer": .offer])
            await bench.settle()
            let gone = try #require(bench.agent.legs.last)
            #expect(bench.agent.requests.last?.firstResponseLimit == .seconds(2) && bench.switchboard.trunks.states.allSatisfy { $0.calls == 0 })
            #expect(bench.agent.requests.last?.headers.contains { $0 == ("Authorization", "b bob user:alice") } == true)
            gone.receive(.failure(status: 481, phrase: "Call Does Not Exist", reason: nil))
            await bench.settle()
            #expect(alice.calls.values.contains { $0.ends == ["hangup"] })
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("what another user was given, what is too old or no ticket, and any without a cluster, is refused")
    func refused() async throws {
        try await CallBench.play { bench in
            let nodes = OtherNodeTests.Nodes(), alice = bench.browser("alice")
            alice.request("start_call", ["recovery": try token(), "offer": .offer])
            bench.switchboard.others = nodes
            bench.agent.onRequest = Self.silence
            for wrong in [try token(of: "bob"), try token(age: 12 * 3_600 + 1), try token(age: -61), try token(age: .min / 2), "alice {}", "alice [", "alice"] as [JSONValue] {
                alice.request("start_call", ["recovery": wrong, "offer": .offer])
            }
            await bench.settle()
            #expect(alice.responses.values.count { ($0.code ?? 0) >= 1_000 } == 8, "\(alice.responses)")
            #expect(bench.agent.requests.isEmpty)
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("nobody takes a call out of the hands of a node that lives: of this one, or of one that answers; one that was started again has no calls")
    func alive() async throws {
        try await CallBench.play { bench in
            let nodes = OtherNodeTests.Nodes(), alice = bench.browser("alice")
            bench.switchboard.others = nodes
            nodes.instances = ["other": "1", "again": "2"]
            var asked: [String] = []
            bench.agent.onRequest = { request in
                asked.append(request.hop?.description ?? "")
                return SIPClientOutcome(status: 503, phrase: "Draining", isFromPeer: true)
            }
            alice.request("start_call", ["recovery": try token(issuer: "here", instance: "2"), "offer": .offer])
            alice.request("start_call", ["recovery": try token(issuer: "other"), "offer": .offer])
            await bench.settle()
            #expect(asked == ["tcp:192.0.2.3:5060"] && bench.agent.requests.isEmpty && alice.responses.values.count { ($0.code ?? 0) >= 1_000 } == 2)
            // Nor where it cannot be asked, or what is known of it is of before.
            bench.agent.onRequest = { _ in SIPClientOutcome(status: 503, phrase: "Too many requests", isFromPeer: false) }
            nodes.isReached = false
            for issuer in ["other", "again"] { alice.request("start_call", ["recovery": try token(issuer: issuer), "offer": .offer]) }
            await bench.settle()
            #expect(bench.agent.requests.isEmpty && alice.responses.values.count { ($0.code ?? 0) >= 1_000 } == 4)
            nodes.isReached = true
            alice.request("start_call", ["recovery": try token(issuer: "again"), "offer": .offer])
            alice.request("start_call", ["recovery": try token(issuer: "here", instance: "1"), "offer": .offer])
            await bench.settle()
            #expect(asked.count == 1 && bench.agent.requests.count == 2)
            for leg in bench.agent.legs { leg.receive(.failure(status: 481, phrase: "Call Does Not Exist", reason: nil)) }
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("a phone's own words lead to no trunk but its own, and not back here; a trunk that is gone is not called, and one that is there has a line less")
    func elsewhere() async throws {
        try await CallBench.play { bench in
            let nodes = OtherNodeTests.Nodes(), alice = bench.browser("alice")
            bench.switchboard.others = nodes
            bench.agent.onRequest = Self.silence
            var six = Trunk(name: "six", targets: [TrunkTarget(host: "[2001:DB8:0::1]")])
            six.inbound.addresses = []
            var settings = bench.switchboard.settings
            settings.trunks.append(six)
            bench.switchboard.apply(settings, bench.switchboard.admission.routing)
            for token in [
                try token(target: "sip:0900@192.0.2.20"), try token(target: "sip:0900@[2001:db8::1]"), try token(target: "sip:0900@192.0.2.20", trunk: "west"),
                try token(hop: SIPHop(transport: .udp, address: "192.0.2.10", port: 5_060)), try token(target: "sip:bob@192.0.2.1:5060"), try token(trunk: "north"),
            ] { alice.request("start_call", ["recovery": token, "offer": .offer]) }
            await bench.settle()
            #expect(alice.responses.values.count { ($0.code ?? 0) >= 1_000 } == 6 && bench.agent.requests.isEmpty, "\(alice.responses)")
            alice.request("start_call", ["recovery": try token(target: "sip:900@192.0.2.20", trunk: "east"), "offer": .offer])
            await bench.settle()
            let leg = try #require(bench.agent.legs.last)
            #expect(bench.switchboard.trunks.states.reduce(0) { $0 + $1.calls } == 1)
            // The phone forwards nobody from here.
            leg.receive(.redirected(status: 302, phrase: "Moved Temporarily", contacts: ["sip:801@tern.example.org"]))
            await bench.settle()
            #expect(bench.agent.requests.count == 1 && bench.switchboard.trunks.states.allSatisfy { $0.calls == 0 })
            withExtendedLifetime(nodes) {}
        }
    }

    @Test("the node that has the other party moves it by itself; the leg of the node that is gone is hung up")
    func movedHere() async throws {
        try await CallBench.play { bench in
            let nodes = OtherNodeTests.Nodes()
            bench.switchboard.others = nodes
            let former = bench.phone(calls: "dora", authorizations: ["node user:alice"])
            await bench.settle()
            let dora = try #require(bench.agent.legs.last)
            dora.receive(.success(sdp: sdp("dora's answer")))
            await bench.settle()
            former.receive(.acknowledged(sdp: nil))
            await bench.settle()
            let alice = bench.browser("alice"), carol = bench.browser("carol")
            bench.agent.onRequest = Self.silence
            // Only whose leg it is.
            carol.request("start_call", ["recovery": try token(of: "carol", callID: former.id.description), "offer": .offer])
            await bench.settle()
            #expect(carol.responses.values.contains { ($0.code ?? 0) != 0 } && !former.sent.contains("BYE"))
            alice.request("start_call", ["recovery": try token(callID: former.id.description), "offer": .offer])
            await bench.settle()
            #expect(bench.agent.requests.count == 1, "dora alone has been called, once")
            dora.receive(.success(sdp: sdp("dora's second answer")))
            await bench.settle()
            let call = try #require(alice.known.last)
            #expect(bench.isEstablished(call, of: alice) && former.sent.last == "BYE")
            #expect(try tickets(alice, of: call).first?.dialog.replaces.callID == dora.id.description)
            alice.request("hangup_call", ["call_id": .string(call)])
            await bench.settle()
            #expect(dora.sent.last == "BYE")
            withExtendedLifetime(nodes) {}
        }
    }
}
