import Authentication
import BrowserAPI
@testable import Calls
@testable import Configuration
import EventLoop
import JSON
import Logging
import ProxyCore
@testable import Registrar
@testable import Routing
import SIP
import SIPNames
import Testing

@Suite("Who rings for a call")
@LoopActor
struct CallPlannerTests {
    /// A connection on which nothing is sent.
    private final class Line: BrowserTransport {
        let id: UInt64
        let remoteAddress = "192.0.2.1"

        init(_ id: UInt64) { self.id = id }

        func send(_ text: String) {}
        func close(code: Int, reason: String) {}
    }

    /// Lets users in by any password.
    private final class Door: BrowserAPIHandler {
        func authenticate(user: String, password: String) -> BrowserUser? { BrowserUser(name: user) }
        func authenticate(token: String) async throws(APIError) -> BrowserUser { throw .invalidToken }
        func perform(_ command: BrowserCommand, from client: BrowserClient, reply: BrowserReply) {}
        func ended(_ client: BrowserClient) {}
        func alive(of client: BrowserClient) -> (sessions: [String], calls: [String]) { ([], []) }
        func owners(of objID: String) -> Set<String>? { nil }
    }

    /// A registrar that knows these contacts.
    private final class Contacts: ContactSource {
        var bindings: [Binding] = []

        func targets(of user: String) -> [Binding] { bindings.filter { $0.user == user } }
    }

    private let planner: CallPlanner
    private let users: UserDirectory
    private let door = Door()
    private let api: BrowserAPI
    private let contacts = Contacts()
    private let trunk: Trunk

    init() {
        trunk = Trunk(name: "carrier", targets: [TrunkTarget(host: "192.0.2.50"), TrunkTarget(host: "192.0.2.51")])
        let alice = CallSettings.User(name: "alice", credential: .password(Secret("wonderland")), displayName: "Alice")
        var settings = CallSettings(domain: "tern.example.org", users: [alice], trunks: [trunk])
        settings.srtp = .off
        let log = Logger(label: "tern.test") { _ in SwiftLogNoOpLogHandler() }
        users = UserDirectory(settings)
        api = BrowserAPI(handler: door)
        users.browsers = api
        users.phones = contacts
        planner = CallPlanner(settings: settings, users: users, trunks: TrunkService([trunk], log: log))
        // Never started: it has no socket.
        planner.agent = SIPEndpoint(configuration: SIPEndpointConfiguration(listen: [], domain: "tern.example.org")) { _ in }
    }

    /// Logs browsers of a user in.
    private func logIn(_ user: String, _ count: Int) -> [BrowserClient] {
        for number in 1...UInt64(count) {
            let line = Line(number)
            api.opened(line)
            api.received(#"{"class":"core","cmd":"login","data":{"user":"\#(user)","password":"x"},"tid":1}"#, on: line)
        }
        return api.clients(of: user)
    }

    private func register(_ user: String, at flow: String, path: [String] = []) throws {
        contacts.bindings.append(Binding(
            id: 1, user: user, contact: try #require(SIPURI("sip:\(user)@198.51.100.5")), expires: .now, updated: .now, callID: "1", cSeq: 1,
            path: path, flow: flow, received: ""))
    }

    private func context(_ type: SDPType = .rtp, maxForwards: Int? = 70) -> CallContext {
        CallContext(
            call: "c", session: "s", callerType: type, origin: CallOrigin(source: .anonymous, user: "stranger"), dialled: "alice",
            maxForwards: maxForwards)
    }

    private func parties(_ plan: CallPlan, stage: Int = 0) -> [Call.Party] {
        guard plan.stages.indices.contains(stage), case .parties(let parties) = plan.stages[stage] else { return [] }
        return parties
    }

    @Test("a user's browsers and phones ring at once, the browsers in one session, the phone in another")
    func user() throws {
        #expect(logIn("alice", 2).count == 2)
        try register("alice", at: "tcp/198.51.100.5:40000/192.0.2.1:5060")
        let plan = planner.plan([.user("alice")], context())
        let parties = parties(plan)
        #expect(plan.refusal == nil && plan.stages.count == 1 && parties.count == 3)
        let legs = parties.compactMap { plan.callees[$0.leg] }
        #expect(legs.count { $0 is BrowserCalleeLeg } == 2 && legs.count { $0 is SIPCalleeLeg } == 1)
        #expect(Set(parties.map(\.branch)).count == 2)
        let kinds = plan.branches.sorted { $0.key < $1.key }.map(\.value.kind)
        #expect(kinds == [.proxy(caller: .rtp, callee: .webrtc), .proxy(caller: .rtp, callee: .rtp)])
        #expect(legs.allSatisfy { $0.origin.provenUser == "alice" })
    }

    @Test("behind a NAT phones and trunks in local networks are told the own address, others and those behind a proxy the public one", arguments: [
        ("198.51.100.5", false, false), ("10.7.0.5", false, true), ("10.7.0.5", true, false),
    ])
    func translated(address: String, isProxied: Bool, isLocal: Bool) throws {
        planner.settings.nat = NATMapping(
            publicAddress: try #require(IPAddress("203.0.113.5")), ownAddress: try #require(IPAddress("10.0.0.5")), localNetworks: [try #require(AddressRange("10.7.0.0/16"))])
        let flow = "udp/\(address):5060/10.0.0.5:5060"
        try register("alice", at: flow, path: isProxied ? ["<sip:proxy.example.org;lr>"] : [])
        var context = context()
        context.flow = SIPFlow("udp/\(address):5070/10.0.0.5:5060")
        context.isProxied = isProxied
        let phone = try #require(planner.plan([.user("alice")], context).branches.values.first { $0.kind == .proxy(caller: .rtp, callee: .rtp) })
        #expect(phone.profiles[.caller]?.isLocal == isLocal && phone.profiles[.callee]?.isLocal == isLocal)
        let elsewhere = try #require(planner.plan([.sip(uri: "sip:bob@\(address)")], context).branches.values.first)
        #expect(elsewhere.profiles[.callee]?.isLocal == address.hasPrefix("10."))
        var trunk = trunk
        trunk.targets = [TrunkTarget(host: "10.7.0.9"), TrunkTarget(host: address)]
        #expect(planner.settings.isLocal(trunk) == address.hasPrefix("10."))
        trunk.targets = [TrunkTarget(host: "10.7.0.9"), TrunkTarget(host: "pbx.example.org")]
        #expect(!planner.settings.isLocal(trunk))
    }

    @Test("the client that calls, and the phone that calls, do not ring")
    func notItself() throws {
        let client = try #require(logIn("alice", 2).first)
        let flow = "tcp/198.51.100.5:40000/192.0.2.1:5060"
        try register("alice", at: flow)
        var own = context(.webrtc)
        own.calling = client
        own.flow = SIPFlow(flow)
        let plan = planner.plan([.user("alice")], own)
        #expect(parties(plan).count == 1)
        #expect((plan.callees[1] as? BrowserCalleeLeg).map { $0.client !== client } == true)
    }

    @Test("other nodes are told which phone calls where it is the user's own, and only then")
    func notItselfElsewhere() throws {
        let nodes = OtherNodeTests.Nodes()
        users.others = nodes
        var context = context()
        context.contact = SIPURI("sip:alice@198.51.100.5")
        _ = planner.plan([.user("alice")], context)
        context.origin = CallOrigin(source: .user("alice"), user: "alice")
        _ = planner.plan([.user("alice")], context)
        _ = planner.plan([.user("bob")], context)
        #expect(nodes.callers == [nil, "sip:alice@198.51.100.5", nil])
    }

    @Test("a caller's own session decides who can ring: others are left out")
    func only() throws {
        _ = logIn("alice", 1)
        try register("alice", at: "tcp/198.51.100.5:40000/192.0.2.1:5060")
        let phones = CallPlan.Branch(
            kind: .proxy(caller: .rtp, callee: .rtp), profiles: [.caller: SIPProfile(srtp: .off), .callee: SIPProfile(srtp: .off)])
        let plan = planner.plan([.user("alice")], context(), only: phones)
        #expect(parties(plan).count == 1 && plan.callees[1] is SIPCalleeLeg)
    }

    @Test("a trunk is one party, whose leg tries one target after the other; behind it comes the next destination")
    func trunkWithFailover() {
        let plan = planner.plan([.trunk(trunk, dialled: "1000"), .reject(status: 486, phrase: nil)], context())
        #expect(plan.stages.count == 2 && parties(plan).count == 1)
        let leg = plan.callees[1] as? SIPCalleeLeg
        #expect(leg?.origin == CallOrigin(source: .trunk("carrier"), user: "1000"))
        #expect(leg?.attempts.map(\.request.target) == ["sip:1000@192.0.2.50", "sip:1000@192.0.2.51"])
        #expect(leg?.attempts.map(\.target) == [0, 1])
    }

    @Test("the echo has a session and no party")
    func echo() {
        let plan = planner.plan([.echo], context(.webrtc))
        #expect(plan.stages == [.echo(1)] && plan.callees.isEmpty && plan.branches[1]?.kind == .echo(.webrtc) && plan.refusal == nil)
    }

    @Test("a call that nobody rings for is refused: a user without browser and phone by 480, a rejecting route by its own status")
    func nobody() {
        #expect(planner.plan([.user("alice")], context()).refusal == .notReachable)
        #expect(planner.plan([.reject(status: 404, phrase: "Gone Fishing")], context()).refusal?.status == 404)
        planner.agent = nil
        #expect(planner.plan([.sip(uri: "sip:bob@example.net")], context()).refusal == .notReachable)
    }

    @Test("a redirection rings its targets with the diversion named, each target once, and not for ever")
    func redirected() throws {
        var followed: Set<String> = []
        func redirect(_ contacts: [String], maxForwards: Int? = 70) -> [CallPlanner.Party]? {
            planner.redirected(contacts, by: "alice", context(maxForwards: maxForwards), followed: &followed) { [.sip(uri: $0)] }
        }
        let parties = try #require(redirect(["sip:bob@example.net"]))
        let request = try #require((parties.first?.leg as? SIPCalleeLeg)?.attempts.first?.request)
        #expect(parties.count == 1 && request.target == "sip:bob@example.net" && request.maxForwards == 69)
        #expect(redirect(["sip:bob@example.net"]) == nil, "it is known")
        #expect(redirect(["sip:carol@example.net"], maxForwards: 0) == nil)
        #expect(redirect(["sip:1@example.net", "sip:2@example.net", "sip:3@example.net", "sip:4@example.net"])?.count == 3)
        #expect(followed.count == 4)
        #expect(redirect(["sip:5@example.net", "sip:6@example.net"]) == nil && followed.count == 4)
    }

    @Test("a phone to which a call is forwarded hears by whom: Diversion and History-Info")
    func history() throws {
        try register("bob", at: "tcp/198.51.100.6:40000/192.0.2.1:5060")
        var followed: Set<String> = []
        let parties = planner.redirected(["sip:bob@tern.example.org"], by: "alice", context(), followed: &followed) { _ in [.user("bob")] }
        let request = try #require((parties?.first?.leg as? SIPCalleeLeg)?.attempts.first?.request)
        let headers = Dictionary(request.headers.map { ($0.0, $0.1) }) { first, _ in first }
        #expect(headers["Diversion"] == "<sip:alice@tern.example.org>;reason=unconditional;counter=1")
        #expect(headers["History-Info"]?.contains("index=1.1;mp=1") == true)
    }
}
