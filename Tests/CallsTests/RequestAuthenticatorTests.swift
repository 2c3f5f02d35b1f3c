import Authentication
@testable import Calls
@testable import Configuration
import EventLoop
import Logging
@testable import Routing
import SIP
import SIPNames
import Testing

@Suite("Who sends a request")
@LoopActor
struct RequestAuthenticatorTests {
    private let realm = "tern.example.org"
    private let uri = "sip:echo@tern.example.org"

    private func authenticator(
        log lines: FaultLog = FaultLog(), registered: @escaping @LoopActor (String, String) -> String? = { _, _ in nil }
    ) -> RequestAuthenticator {
        var carrier = Trunk(name: "carrier", targets: [TrunkTarget(host: "192.0.2.1")])
        carrier.inbound.addresses = ["192.0.2.1", "192.0.2.128/25"].compactMap(AddressRange.init)
        var roaming = Trunk(name: "roaming", targets: [TrunkTarget(host: "192.0.2.9")])
        roaming.inbound.credentials = TrunkCredentials(username: "them", .password(Secret("theirs")))
        var settings = CallSettings(
            domain: realm, users: [CallSettings.User(name: "alice", credential: .password(Secret("wonderland")))], trunks: [carrier, roaming])
        settings.realm = realm
        return RequestAuthenticator(settings: settings, log: Logger(label: "test") { _ in lines }, registeredTrunk: registered)
    }

    private func request(from address: String, _ credentials: String? = nil, dialled: String = "echo") -> RequestAuthenticator.Request {
        RequestAuthenticator.Request(
            method: "INVITE", uri: uri, dialled: dialled, domain: "tern.example.org", address: address,
            authorizations: credentials.map { [$0] } ?? [])
    }

    /// What becomes of a request; a delayed answer is waited for.
    private func verdict(_ authenticator: RequestAuthenticator, _ request: RequestAuthenticator.Request, isUser: Bool = false) async -> RequestAuthenticator.Verdict {
        await withCheckedContinuation { done in
            if isUser {
                authenticator.identifyUser(request) { done.resume(returning: $0) }
            } else {
                authenticator.identify(request) { done.resume(returning: $0) }
            }
        }
    }

    private func source(_ verdict: RequestAuthenticator.Verdict) -> CallSource? { if case .known(let source) = verdict { source } else { nil } }

    private func status(_ verdict: RequestAuthenticator.Verdict) -> Int? {
        switch verdict {
        case .known: nil
        case .unproven(let challenge): challenge().status
        case .refused(let response): response.status
        }
    }

    /// The credentials of somebody who was challenged at `address`.
    private func credentials(_ authenticator: RequestAuthenticator, at address: String, _ name: String, _ password: String) async throws -> String {
        guard case .unproven(let challenge) = await verdict(authenticator, request(from: address), isUser: true) else {
            Issue.record("not challenged")
            return ""
        }
        var client = DigestClient(username: name, credential: .password(Secret(password)))
        let header = client.authorization(for: challenge().headers.map(\.value), method: "INVITE", uri: uri)
        return try #require(header)
    }

    @Test("an address of a trunk's is the trunk, a password its user or trunk, and all else nobody")
    func identities() async throws {
        let authenticator = authenticator()
        #expect(source(await verdict(authenticator, request(from: "192.0.2.1"))) == .trunk("carrier"))
        #expect(source(await verdict(authenticator, request(from: "192.0.2.200"))) == .trunk("carrier"))
        #expect(status(await verdict(authenticator, request(from: "192.0.2.2"))) == 401)
        let alice = try await credentials(authenticator, at: "192.0.2.2", "alice", "wonderland")
        #expect(source(await verdict(authenticator, request(from: "192.0.2.2", alice))) == .user("alice"))
        let them = try await credentials(authenticator, at: "192.0.2.2", "them", "theirs")
        #expect(source(await verdict(authenticator, request(from: "192.0.2.2", them))) == .trunk("roaming"))
        let wrong = try await credentials(authenticator, at: "192.0.2.2", "them", "wonderland")
        #expect(status(await verdict(authenticator, request(from: "192.0.2.2", wrong))) == 401)
    }

    @Test("the line about wrong credentials says whose they should be, from where, and by which program; a ban is told once and is listed")
    func lines() async throws {
        let lines = FaultLog()
        lines.logLevel = .debug
        let authenticator = authenticator(log: lines)
        let wrong = try await credentials(authenticator, at: "192.0.2.7", "alice", "not-her-password")
        var request = request(from: "192.0.2.7", wrong)
        request.port = 5_071
        request.userAgent = "Snom 1.2"
        _ = await verdict(authenticator, request)
        let line = try #require(lines.lines.first { $0.message == "wrong credentials" })
        #expect(line.fields["user"] == "alice" && line.fields["source"] == "192.0.2.7:5071" && line.fields["user_agent"] == "Snom 1.2")
        #expect(line.fields["reason"] == "a wrong password" && line.fields["method"] == "INVITE")
        var told: [AccessBan] = []
        authenticator.onBan = { told.append(AccessBan($0, .sip)) }
        #expect(authenticator.bans.isEmpty)
        // From the sixth on the answers are late, and not waited for.
        for _ in 1...25 { authenticator.identify(request) { _ in } }
        let ban = try #require(told.first)
        #expect(told.count == 1 && authenticator.bans.map { AccessBan($0, .sip) }.first?.address == ban.address)
        #expect(ban.json["address"] == "192.0.2.7" && ban.json["user"] == "alice" && ban.json["door"] == "sip" && ban.until.hasSuffix("Z"))
        #expect(ban.json["reason"] == "20 wrong credentials over SIP within a minute")
        #expect(!lines.lines.contains { "\($0)".contains("not-her-password") })
    }

    @Test("where only users may do something a trunk's address is nobody")
    func usersOnly() async {
        #expect(status(await verdict(authenticator(), request(from: "192.0.2.1"), isUser: true)) == 401)
    }

    @Test("the registrar of a trunk is the trunk; which of several, what was dialled says")
    func registrars() async {
        let authenticator = authenticator { address, dialled in address == "192.0.2.77" ? "line \(dialled)" : nil }
        #expect(source(await verdict(authenticator, request(from: "192.0.2.77", dialled: "1"))) == .trunk("line 1"))
        #expect(source(await verdict(authenticator, request(from: "192.0.2.78"))) == nil)
    }

    @Test("whoever goes on guessing is banned: no password is looked at, and nothing tells; a trunk, others there and other addresses are served")
    func guesses() async throws {
        let authenticator = authenticator()
        let wrong = try await credentials(authenticator, at: "192.0.2.1", "alice", "guess")
        for _ in 1...20 { authenticator.identifyUser(request(from: "192.0.2.1", wrong)) { _ in } }
        let right = try await credentials(authenticator, at: "192.0.2.1", "alice", "wonderland")
        let banned = await verdict(authenticator, request(from: "192.0.2.1", right), isUser: true)
        #expect(status(banned) == 401 && source(banned) == nil)
        #expect(source(await verdict(authenticator, request(from: "192.0.2.1"))) == .trunk("carrier"))
        let them = try await credentials(authenticator, at: "192.0.2.1", "them", "theirs")
        #expect(source(await verdict(authenticator, request(from: "192.0.2.1", them), isUser: true)) == .trunk("roaming"))
        let elsewhere = try await credentials(authenticator, at: "192.0.2.2", "alice", "wonderland")
        #expect(source(await verdict(authenticator, request(from: "192.0.2.2", elsewhere), isUser: true)) == .user("alice"))
        #expect(authenticator.lift(address: "192.0.2.1", user: nil).count == 1)
        #expect(source(await verdict(authenticator, request(from: "192.0.2.1", right), isUser: true)) == .user("alice"))
    }

    @Test("who is registered at an address, or has proven a password there, is served whatever is guessed there")
    func known() async throws {
        for isProven in [true, false] {
            let authenticator = authenticator()
            if !isProven { authenticator.isRegistered = { $0 == "alice" && $1 == "192.0.2.5" } }
            let right = try await credentials(authenticator, at: "192.0.2.5", "alice", "wonderland")
            if isProven { _ = await verdict(authenticator, request(from: "192.0.2.5", right), isUser: true) }
            let wrong = try await credentials(authenticator, at: "192.0.2.5", "alice", "guess")
            for _ in 1...40 { authenticator.identifyUser(request(from: "192.0.2.5", wrong)) { _ in } }
            for number in 1...40 {
                let other = try await credentials(authenticator, at: "192.0.2.5", "name\(number)", "guess")
                authenticator.identifyUser(request(from: "192.0.2.5", other)) { _ in }
            }
            #expect(authenticator.bans.map(\.user) == [nil])
            let again = try await credentials(authenticator, at: "192.0.2.5", "alice", "wonderland")
            #expect(source(await verdict(authenticator, request(from: "192.0.2.5", again), isUser: true)) == .user("alice"))
        }
    }

    @Test("nobody is shut out by forged sources: neither by a nonce that another address got, nor by what cannot be read")
    func forgedSources() async throws {
        let authenticator = authenticator()
        let stolen = try await credentials(authenticator, at: "198.51.100.66", "alice", "guess")
        for forged in [stolen, "Digest x=y", "Digest username=\"alice", "Basic YQ=="] {
            for _ in 1...25 { authenticator.identify(request(from: "192.0.2.2", forged)) { _ in } }
        }
        let alice = try await credentials(authenticator, at: "192.0.2.2", "alice", "wonderland")
        #expect(source(await verdict(authenticator, request(from: "192.0.2.2", alice))) == .user("alice"))
    }
}
