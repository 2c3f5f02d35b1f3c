import Authentication
import BrowserAPI
@testable import Calls
@testable import Configuration
import EventLoop
import Foundation
import Logging
import ProxyCore
@testable import Routing
import SIP
import SIPNames
import Testing

@Suite("Admission")
@LoopActor
struct AdmissionTests {
    /// What the gateway has to do besides.
    private final class Load: CallLoad {
        var isMediaReady = true
        var sessionCount = 0
        var anonymousCallCount = 0
        var hasRoomForStrangers = true
        var ofUser = 0

        func sessionCount(of user: String) -> Int { ofUser }
        func strangersHaveRoom(for address: String, isProven: Bool) -> Bool { hasRoomForStrangers }
    }

    private let admission: Admission
    private let load = Load()
    private let trunks: TrunkService

    /// alice is a user; `carrier` has one line, at 192.0.2.50; strangers may dial `echo` and alice, users also numbers.
    init() {
        var carrier = Trunk(name: "carrier", targets: [TrunkTarget(host: "192.0.2.50")])
        carrier.inbound.addresses = ["192.0.2.50"].compactMap(AddressRange.init)
        carrier.maximumCalls = 1
        let log = Logger(label: "tern.test") { _ in SwiftLogNoOpLogHandler() }
        let alice = CallSettings.User(name: "alice", credential: .password(Secret("wonderland")), displayName: "Alice")
        var settings = CallSettings(domain: "tern.example.org", users: [alice], trunks: [carrier])
        settings.realm = "tern.example.org"
        settings.maximumCalls = 4
        settings.sessionsPerUser = 2
        let routing = RoutingTable(
            routes: [
                Route(.exact("echo"), to: [.echo]), Route(.exact("alice"), to: [.user(nil)]), Route(.exact("nobody"), to: [.user(nil)]),
                Route(.exact("1000"), to: [.trunk("carrier", dialled: nil)]), Route(.exact("2000"), to: [.echo], from: [.user("bob")]),
                Route(.exact("2001"), to: [.echo], from: [.trunk("other")]),
            ],
            users: [RoutingTable.User(name: "alice")], trunks: [carrier], domain: "tern.example.org")
        trunks = TrunkService([carrier], log: log)
        let authenticator = RequestAuthenticator(settings: settings, log: log) { _, _ in nil }
        admission = Admission(settings: settings, routing: routing, users: UserDirectory(settings), authenticator: authenticator, trunks: trunks)
        admission.ownAddresses = OwnAddresses(
            listening: [ListenAddress(transport: .udp, address: "192.0.2.1", port: 5_060)], domain: "tern.example.org")
        admission.load = load
    }

    private func invite(_ dialled: String = "echo", from: String = "stranger@example.net", source: String = "198.51.100.7:5060") -> SIPIncomingInvite {
        let parts = from.split(separator: "@").map { String($0.prefix { $0 != ":" }) }
        return SIPIncomingInvite(
            from: SIPParty(uri: "sip:\(from)", user: parts[0], host: parts[1], displayName: nil),
            to: SIPParty(uri: "sip:\(dialled)@tern.example.org", user: dialled, host: "tern.example.org", displayName: nil), requestUser: dialled,
            requestHost: "tern.example.org", requestURI: "sip:\(dialled)@tern.example.org", callID: "1", sdp: nil, source: source, transport: .udp,
            userAgent: nil, maxForwards: 70)
    }

    /// What becomes of an INVITE.
    private func ask(_ invite: SIPIncomingInvite) -> Result<Admission.Admitted, Admission.Refusal> {
        var answers: [Result<Admission.Admitted, Admission.Refusal>] = []
        admission.identify(invite) { result in
            answers.append(result.flatMap { caller in
                do throws(Admission.Refusal) {
                    return .success(try admission.admit(invite, from: caller))
                } catch {
                    return .failure(error)
                }
            })
        }
        #expect(answers.count == 1, "an INVITE has one answer")
        return answers.first ?? .failure(.overload)
    }

    private func refusal(_ invite: SIPIncomingInvite) -> Admission.Refusal? {
        if case .failure(let refusal) = ask(invite) { refusal } else { nil }
    }

    @Test("a stranger's call to a route for anyone goes there")
    func admits() throws {
        let admitted = try ask(invite()).get()
        #expect(admitted.routed.destinations == [.echo] && admitted.dialled == "echo" && admitted.place == nil)
    }

    @Test("a refusal has the sentence of `tern route`, which the caller does not get")
    func explained() {
        let forbidden = refusal(invite("2001"))
        #expect(forbidden?.details.words == "the route 2001 is for trunk other, not for anonymous" && forbidden?.reason == "the route is for other callers")
        let challenged = refusal(invite("2000"))
        #expect(challenged?.details.words == "the route 2000 is for user bob, not for anonymous without credentials")
        #expect(refusal(invite("77"))?.details.words == "no route takes 77")
    }

    @Test("a gateway that drains takes no call, but lets one go on elsewhere")
    func draining() throws {
        admission.isDraining = true
        #expect(refusal(invite()) == .draining)
        #expect(try admission.destinations(of: "echo", by: "alice") == [.echo])
        var replacing = invite()
        replacing.replaces = SIPReplaces(callID: "1", toTag: "a", fromTag: "b")
        #expect(throws: Never.self) { try ask(replacing).get() }
    }

    @Test("an INVITE that the gateway has sent itself is refused 482, and so is a URI that leads back here")
    func loops() {
        #expect(refusal(invite(source: "192.0.2.1:5060"))?.status == 482)
        #expect(throws: APIError.self) { try admission.destinations(of: "sip:bob@192.0.2.1", by: "alice") }
    }

    @Test("a caller that claims to be a user is challenged, whatever it dials")
    func claims() {
        let refusal = refusal(invite(from: "alice@tern.example.org"))
        #expect(refusal?.status == 401 && refusal?.response.headers.isEmpty == false)
        #expect(throws: Never.self) { try ask(invite(from: "alice@elsewhere.example")).get() }
    }

    @Test("a caller that claims a name which is no user's is asked for a password all the same: From tells nobody which names are users'")
    func claimsOfNobody() {
        for host in ["tern.example.org", "TERN.example.org", "192.0.2.1"] {
            let known = refusal(invite(from: "alice@\(host)")), unknown = refusal(invite(from: "mallory@\(host)"))
            #expect(known?.status == 401 && unknown?.status == 401 && known?.reason == unknown?.reason)
            #expect(known?.response.headers.map(\.name) == unknown?.response.headers.map(\.name))
        }
    }

    @Test("a program on the gateway's machine that names the address and port it sends from claims nothing, whatever the name")
    func sameMachine() {
        for name in ["alice", "mallory"] {
            #expect(throws: Never.self) { try ask(invite(from: "\(name)@192.0.2.1:5080", source: "192.0.2.1:5080")).get() }
            #expect(refusal(invite(from: "\(name)@192.0.2.1:5060", source: "192.0.2.1:5080"))?.status == 401)
            #expect(refusal(invite(from: "\(name)@192.0.2.1:5080"))?.status == 401)
            #expect(refusal(invite(from: "\(name)@192.0.2.1", source: "192.0.2.1:5080"))?.status == 401)
        }
    }

    @Test("a caller of a user's name at another host is not shown as that user")
    func shown() {
        var origins: [String] = []
        admission.identify(invite(from: "alice@elsewhere.example")) { origins.append((try? $0.get())?.origin.user ?? "") }
        #expect(origins == ["alice@elsewhere.example"])
    }

    @Test("a stranger gets the same answer for a name that is no user's as for a user who is away, also where there is no room; a trunk gets 404")
    func names() {
        #expect(refusal(invite("nobody"))?.response == CallEnd.notReachable.sipResponse)
        load.isMediaReady = false
        #expect(refusal(invite("nobody"))?.response == refusal(invite("alice"))?.response && refusal(invite("nobody"))?.status == 503)
        load.isMediaReady = true
        load.anonymousCallCount = 2
        #expect(refusal(invite("nobody"))?.response == Admission.Refusal.overload.response)
        #expect(refusal(invite("nobody", source: "192.0.2.50:5060"))?.status == 404)
    }

    @Test("a route for users is refused 401 to a stranger, a route for others 403")
    func routes() {
        #expect(refusal(invite("2000"))?.status == 401)
        #expect(refusal(invite("2001"))?.status == 403)
    }

    private func screen(from address: String = "198.51.100.7", _ authorizations: [String] = [], again: Bool = false) -> SIPNewCall.Screening {
        let call = SIPNewCall(address: address, requestHost: "tern.example.org", requestUser: "echo", authorizations: authorizations)
        return admission.screen(call, wasChallenged: again)
    }

    @Test("where strangers have no room, or half of all is taken, they are challenged; trunks and who brings credentials are not")
    func strangers() throws {
        #expect(screen().challenge == nil && !screen().isKnown)
        load.hasRoomForStrangers = false
        let challenge = try #require(screen().challenge)
        #expect(challenge.status == 401)
        #expect(screen(from: "192.0.2.50").challenge == nil && screen(from: "192.0.2.50").isKnown)
        let header = try #require(challenge.headers.first?.value)
        let nonce = try #require(header.components(separatedBy: "nonce=\"").last?.split(separator: "\"").first)
        func credentials(_ nonce: String) -> String {
            "Digest username=\"alice\", realm=\"tern.example.org\", nonce=\"\(nonce)\", uri=\"sip:echo@tern.example.org\", response=\"\(String(repeating: "0", count: 32))\""
        }
        #expect(screen([credentials(String(nonce))]).challenge == nil)
        #expect(screen([credentials("forged")]).challenge != nil)
        #expect(screen(from: "198.51.100.8", [credentials(String(nonce))]).challenge != nil, "it was made for another address")
        load.hasRoomForStrangers = true
        #expect(screen(again: true).challenge != nil, "what was challenged is not taken when it comes again")
        load.sessionCount = 2
        #expect(screen().challenge?.status == 401)
    }

    @Test("a full gateway refuses 503 with Retry-After; strangers have half of it")
    func full() {
        load.anonymousCallCount = 2
        #expect(refusal(invite())?.response == Admission.Refusal.overload.response)
        #expect(throws: Never.self) { try admission.checkRoom(for: .user("alice")) }
        load.sessionCount = 4
        #expect(throws: Admission.Refusal.overload) { try admission.checkRoom(for: .user("alice")) }
        #expect(Admission.Refusal.overload.response.retryAfter == 5)
        #expect(throws: APIError(.tooManySessions)) { try admission.checkRoom(forClientOf: "alice") }
        load.sessionCount = 1
        load.ofUser = 2
        #expect(throws: APIError.self) { try admission.checkRoom(forClientOf: "alice") }
        load.isMediaReady = false
        #expect(refusal(invite())?.status == 503)
        #expect(throws: APIError(.mediaUnavailable)) { try admission.checkRoom(forClientOf: "alice") }
    }

    @Test("a call by a trunk takes a line of it; when all are taken, the next is refused, until one is free")
    func trunkFull() throws {
        let call = invite(source: "192.0.2.50:5060")
        let place = try #require(try ask(call).get().place)
        #expect(trunks.states.first?.calls == 1)
        let refusal = refusal(call)
        #expect(refusal?.status == 503 && refusal?.response.phrase == "Trunk Busy")
        place.leave()
        #expect(throws: Never.self) { try ask(call).get() }
    }

    @Test("a refused call takes no line")
    func keepsNoLine() {
        #expect(refusal(invite("nobody", source: "192.0.2.50:5060"))?.status == 404)
        #expect(trunks.states.first?.calls == 0)
    }

    @Test("what users dial: names, numbers and URIs of other domains")
    func dials() throws {
        #expect(try admission.destinations(of: "alice", .user, by: "alice") == [.user("alice")])
        #expect(try admission.destinations(of: "sip:bob@example.net", by: "alice") == [.sip(uri: "sip:bob@example.net")])
        guard case .trunk(_, dialled: "1000") = try admission.destinations(of: "tel:1000", by: "alice").first else {
            Issue.record("no trunk")
            return
        }
        #expect(throws: APIError.self) { try admission.destinations(of: "nobody", by: "alice") }
        #expect(throws: APIError.self) { try admission.destinations(of: "sips:bob@example.net", by: "alice") }
        #expect(throws: Admission.Refusal.self) { try admission.destinations(uri: "sip:bob@192.0.2.1", for: .user("alice")) }
        #expect(try admission.destinations(uri: "sip:bob@example.net", for: .user("alice")) == [.sip(uri: "sip:bob@example.net")])
        #expect(throws: Admission.Refusal.self) { try admission.destinations(uri: "sip:bob@example.net", for: .anonymous) }
    }
}
