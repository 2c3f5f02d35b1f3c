import Authentication
import BrowserAPI
@testable import Calls
@testable import Configuration
import EventLoop
import JSON
import Logging
import ProxyCore
import Registrar
@testable import Routing
import SIP
import SIPNames
import Testing

/// The calls of a gateway, with everything that is theirs, between phones, browsers and media that a test plays: no sockets, no clock, no Janus.
@LoopActor
final class CallBench {
    let clock = TurnedClock()
    let agent = StandInUserAgent()
    let media = StandInMedia()
    let switchboard: Switchboard
    let sessions: SessionRegistry
    let service: BrowserService
    let api: BrowserAPI
    private(set) var browsers: [StandInBrowser] = []
    /// All calls that there were, as long as anything holds them.
    private var calls: [Weak<CallController>] = []
    private var seen: Set<ObjectIdentifier> = []
    private var connections: UInt64 = 0
    let faults = FaultLog()

    private struct Weak<Object: AnyObject> {
        weak var object: Object?
    }

    init(registrar: RegistrarService? = nil) {
        let settings = CallBench.settings, faults = faults
        let log = Logger(label: "tern.test") { _ in faults }
        clock.use()
        let table = CallTable()
        sessions = SessionRegistry(factory: media, table: table)
        switchboard = Switchboard(
            settings: settings, routing: CallBench.routing, table: table, sessions: sessions,
            trunks: TrunkService(settings.trunks, log: log), log: log)
        service = BrowserService(sessions: sessions, switchboard: switchboard, log: log)
        api = BrowserAPI(handler: service, log: log)
        sessions.api = api
        switchboard.api = api
        switchboard.endpoint = agent
        switchboard.registrar = registrar
        agent.onEvent = { [weak switchboard] event in switchboard?.handle(event) }
    }

    // MARK: The gateway's settings

    /// Users with browsers: alice, bob, carol; mallory is in no call of others. bob and dora have phones. The trunks west and east are PBXs, which prove
    /// by their address who they are.
    private static let settings: CallSettings = {
        let users = ["alice", "bob", "carol", "dora", "mallory"].map { CallSettings.User(name: $0, credential: .password(Secret("secret"))) }
        let trunks = [("west", 10), ("east", 20)].map { name, host in
            var trunk = Trunk(
                name: name, targets: [TrunkTarget(host: "192.0.2.\(host)"), TrunkTarget(host: "192.0.2.\(host + 1)")])
            trunk.inbound.addresses = ["192.0.2.\(host)"].compactMap(AddressRange.init)
            return trunk
        }
        return CallSettings(domain: "tern.example.org", users: users, trunks: trunks)
    }()

    private static let routing = RoutingTable(
        routes: [
            Route(.exact("echo"), to: [.echo]),
            Route(.exact("desk"), to: [.user("dora"), .user("bob"), .reject(486, phrase: nil)]),
            Route(.prefix("8"), to: [.trunk("west", dialled: nil)], from: [.anyUser, .anyTrunk]),
            Route(.prefix("9"), to: [.trunk("east", dialled: nil)], from: [.anyUser, .anyTrunk]),
            Route(.any, to: [.user(nil)]),
        ],
        users: settings.users.keys.map { RoutingTable.User(name: $0) }, trunks: settings.trunks, domain: settings.domain,
        places: (10...14).map { .file(path: "tern.yaml", line: $0, column: 5) })

    /// A registrar with two phones of bob's and one of dora's.
    static func registrar() async throws -> RegistrarService {
        let registrar = try await RegistrarService.start(database: ":memory:", limits: RegistrarLimits(), log: Logger(label: "tern.test") { _ in SwiftLogNoOpLogHandler() })
        for phone in phones { register(phone, at: registrar) }
        return registrar
    }

    /// Phones that are registered: the user, and the last byte of the address.
    static let phones = [(user: "bob", number: 1), (user: "bob", number: 2), (user: "dora", number: 3)]

    /// A phone registers for the first time, or anew after its registration was lost.
    static func register(_ phone: (user: String, number: Int), at registrar: RegistrarService) {
        _ = registrar.handle(RegisterRequest(
            user: phone.user, contacts: [.init("sip:\(phone.user)\(phone.number)@198.51.100.\(phone.number):5060", expires: 3_600)],
            callID: "\(phone.number)", cSeq: 1, flow: "udp/198.51.100.\(phone.number):5060/192.0.2.1:5060"))
    }

    // MARK: Parties

    /// A page logs in.
    @discardableResult
    func browser(_ user: String) -> StandInBrowser {
        connections += 1
        let browser = StandInBrowser(user, number: connections, api: api)
        browsers.append(browser)
        return browser
    }

    /// A page that has lost its connection comes back with another one.
    func resume(_ former: StandInBrowser) {
        connections += 1
        let browser = StandInBrowser(former.user, number: connections, api: api, resuming: former)
        browsers.removeAll { $0 === former }
        browsers.append(browser)
    }

    /// A page that has lost its connection comes back with another one, which breaks before the answer has come.
    func resumeInVain(_ browser: StandInBrowser) {
        connections += 1
        let connection = LostConnection(number: connections)
        api.opened(connection)
        let message: JSONValue = ["class": "core", "cmd": "resume", "tid": 1, "data": ["resume_token": .string(browser.resumeToken)]]
        api.received(message.text, on: connection)
        api.closed(connection)
    }

    /// A page is closed for good.
    func forget(_ browser: StandInBrowser) { browsers.removeAll { $0 === browser } }

    /// A phone calls: of a PBX where `trunk` is its host's last byte, else of a stranger.
    @discardableResult
    func phone(
        calls dialled: String, trunk: Int? = nil, offer: String? = sdp("a phone's offer"), replaces: SIPLegID? = nil, authorizations: [String] = [],
        contact: String? = nil
    ) -> StandInLeg {
        let address = trunk.map { "192.0.2.\($0)" } ?? "203.0.113.5"
        var invite = SIPIncomingInvite(
            from: SIPParty(uri: "sip:+49301@\(address)", user: "+49301", host: address, displayName: nil),
            to: SIPParty(uri: "sip:\(dialled)@tern.example.org", user: dialled, host: "tern.example.org", displayName: nil),
            requestUser: dialled, requestHost: "tern.example.org", requestURI: "sip:\(dialled)@tern.example.org", callID: "call",
            sdp: offer, source: "\(address):5060", transport: .udp,
            flow: SIPFlow(transport: .udp, peerAddress: address, peerPort: 5_060, listener: agent.listening[0]), userAgent: nil, maxForwards: 70)
        invite.authorizations = authorizations
        invite.contact = contact
        invite.assertedIdentities = authorizations.isEmpty ? [] : [SIPParty(uri: "sip:carol@tern.example.org", user: "carol", host: "tern.example.org", displayName: "Carol")]
        invite.replaces = replaces.map { SIPReplaces(callID: $0.description, toTag: "1", fromTag: "2") }
        return agent.call(invite)
    }

    // MARK: Time

    /// Lets all that the gateway does by itself happen, media included.
    func settle() async {
        await rest()
        while let session = media.sessions.first(where: \.hasSteps) {
            session.step()
            await rest()
        }
    }

    /// Lets the gateway's own jobs run.
    func rest() async {
        for _ in 0..<3 { await Task.yield() }
        for call in switchboard.calls.values where seen.insert(ObjectIdentifier(call)).inserted { calls.append(Weak(object: call)) }
    }

    /// Whether the call that the page knows by this id is answered.
    func isEstablished(_ call: String, of browser: StandInBrowser) -> Bool {
        guard let client = browser.client.flatMap(api.client) else { return false }
        return switchboard.table.call(call, for: client.place).flatMap { switchboard.calls[$0] }?.isEstablished == true
    }

    // MARK: What is left

    /// What the parties and the gateway's tables say is wrong at this moment.
    func violations() -> [String] {
        let foreign = browsers.filter { $0.user == "mallory" }.flatMap(\.events).map { "mallory was told of \($0.type) of \($0.object)" }
        return faults.errors + agent.violations + media.unreadable + foreign + browsers.flatMap { browser in browser.violations.map { "\(browser.user) \(browser.id): \($0)" } }
    }

    /// What there is of calls that are over: nothing, when all parties are gone.
    func leftovers() -> [String] {
        var left: [String] = []
        func expect(_ count: Int, _ what: String) { if count > 0 { left.append("\(count) \(what) are left") } }
        expect(switchboard.calls.count, "calls")
        expect(switchboard.sipLegs.count, "bindings of SIP legs")
        expect(switchboard.movingPhones.count, "transferred phones")
        expect(switchboard.transfers.count, "transfers")
        expect(switchboard.table.rows.count, "rows of the call table")
        expect(switchboard.table.aliases.count, "aliases of calls")
        expect(sessions.entries.count, "entries of sessions")
        expect(service.apiSessions.count, "sessions of API clients")
        expect(media.sessions.count, "sessions")
        expect(agent.legs.count, "SIP legs \(agent.legs.map { "\($0.id) \($0.state)" })")
        expect(api.clientCount, "clients")
        expect(clock.count, "timers")
        expect(switchboard.trunks.states.reduce(0) { $0 + $1.calls }, "places on trunks")
        expect(calls.count { $0.object != nil }, "call objects")
        for browser in browsers where !browser.open.isEmpty {
            left.append("\(browser.user) \(browser.id): no response to \(browser.open.values.map(\.command))")
        }
        return left
    }

    func retire() { clock.retire() }
}
