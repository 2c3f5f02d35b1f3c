import Authentication
@testable import Calls
@testable import Configuration
import EventLoop
import Logging
import SIP
import SIPNames
import Testing

/// Addresses that stand for many: a proxy in front, a trunk.
@Suite("Exempt addresses")
@LoopActor
struct ExemptTests {
    private let exempt = ExemptAddresses(["192.0.2.0/28", "2001:db8::/32"].compactMap(AddressRange.init))

    @Test("strangers' calls from there count in all only, and what nobody acknowledges is still bounded", arguments: ["192.0.2.1", "2001:db8::1"])
    func strangers(address: String) {
        var limits = StrangerLimits()
        (limits.perAddress, limits.perPrefix, limits.unacknowledged, limits.unacknowledgedPerAddress) = (2, 3, 6, 1)
        var strangers = StrangerCalls(limits, exempt: exempt)
        for id in 0..<10 {
            #expect(strangers.hasRoom(for: address, isProven: false))
            strangers.insert("acknowledged \(id)", from: address)
            strangers.answer("acknowledged \(id)")
            strangers.acknowledge("acknowledged \(id)")
        }
        for id in 0..<6 {
            #expect(strangers.hasRoom(for: address, isProven: false))
            strangers.insert("\(id)", from: address)
            strangers.answer("\(id)")
        }
        #expect(!strangers.hasRoom(for: address, isProven: false) && strangers.hasRoom(for: address, isProven: true))
        // Read again without it: its calls count from now on, and those of before do no harm.
        strangers.exempt = .none
        for id in 0..<6 { strangers.remove("\(id)") }
        strangers.insert("a", from: address)
        strangers.insert("b", from: address)
        #expect(!strangers.hasRoom(for: address, isProven: true))
    }

    @Test("wrong passwords from there ban nobody, and are slowed down by user; read again without it, they do")
    func passwords() async throws {
        var settings = CallSettings(domain: "tern.example.org", users: [CallSettings.User(name: "alice", credential: .password(Secret("wonderland")))])
        settings.realm = "tern.example.org"
        settings.exempt = exempt
        let authenticator = RequestAuthenticator(settings: settings, log: Logger(label: "tern.test") { _ in SwiftLogNoOpLogHandler() }) { _, _ in nil }
        var bans = 0
        authenticator.onBan = { _ in bans += 1 }
        let uri = "sip:echo@tern.example.org"
        func guess() throws {
            var request = RequestAuthenticator.Request(method: "INVITE", uri: uri, dialled: "echo", domain: "tern.example.org", address: "192.0.2.5", authorizations: [])
            var challenge: SIPResponse?
            authenticator.identifyUser(request) { if case .unproven(let make) = $0 { challenge = make() } }
            var client = DigestClient(username: "alice", credential: .password(Secret("wrong")))
            let header = client.authorization(for: try #require(challenge).headers.map(\.value), method: "INVITE", uri: uri)
            request = RequestAuthenticator.Request(
                method: "INVITE", uri: uri, dialled: "echo", domain: "tern.example.org", address: "192.0.2.5", authorizations: [try #require(header)])
            authenticator.identifyUser(request) { _ in }
        }
        for _ in 0..<30 { try guess() }
        #expect(bans == 0 && authenticator.bans.isEmpty)
        settings.exempt = .none
        authenticator.apply(settings)
        for _ in 0..<30 { try guess() }
        #expect(bans == 1 && authenticator.bans.first?.source == "192.0.2.5")
        settings.exempt = exempt
        authenticator.apply(settings)
        #expect(authenticator.hasCredentials([], from: "192.0.2.5") == false)
    }
}
