@testable import Configuration
import Foundation
@testable import Routing
import TestCertificates
import Testing

@Suite struct ExampleTests {
    private static let directory =
        #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/config/examples"

    private func load(_ name: String) throws(TernConfigurationError) -> LoadedConfiguration {
        try ConfigurationReader.load(file: "\(Self.directory)/\(name).yaml", environment: [:], arguments: [:], host: .usual)
    }

    private func decide(_ name: String, _ from: String, _ to: String) throws -> RoutingDecision {
        let configuration = try load(name).configuration
        let query = try RoutingQuery(from: from, to: to, caller: nil, table: RoutingTable(configuration))
        return RoutingTable(configuration).decide(query.request)
    }

    private func user(_ name: String, _ configuration: String) throws -> RouteDestination {
        .user(try #require(try load(configuration).configuration.user(named: name)).name)
    }

    @Test("every example is one that is tested here")
    func complete() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.directory).filter { $0.hasSuffix(".yaml") }.sorted()
        #expect(names == ["beside-a-pbx.yaml", "carrier-trunk.yaml", "registrar.yaml", "tls-internet.yaml"])
    }

    @Test("certbot's hook puts certificate and key where it is told, for root and the group alone", .enabled(if: geteuid() == 0))
    func hook() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hook-\(UUID().uuidString)")
        let lineage = folder.appendingPathComponent("live"), certificates = folder.appendingPathComponent("tern")
        for one in [lineage, certificates] { try FileManager.default.createDirectory(at: one, withIntermediateDirectories: true) }
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in [("fullchain.pem", "certificate"), ("privkey.pem", "key")] {
            try text.write(to: lineage.appendingPathComponent(name), atomically: true, encoding: .utf8)
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [Self.directory + "/certbot-hook"]
        process.environment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "RENEWED_LINEAGE": lineage.path, "TERN_CERTIFICATES": certificates.path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: certificates.path).sorted() == ["tern.key", "tern.pem"])
        for (name, text) in [("tern.pem", "certificate"), ("tern.key", "key")] {
            let path = certificates.appendingPathComponent(name).path
            #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o640)
        }
    }

    @Test("an example is right, but for the passwords that everybody can read", arguments: ["registrar", "carrier-trunk", "beside-a-pbx"])
    func right(name: String) throws {
        let warnings = try load(name).warnings
        #expect(!warnings.isEmpty)
        #expect(warnings.allSatisfy { $0.key.hasSuffix(".password") && $0.reason.contains("change-me") }, "\(warnings)")
        #expect(try decide(name, "anonymous", "echo") != .targets([.echo], route: 0))
    }

    @Test("registrar: users call each other, and nobody else anybody")
    func registrar() throws {
        #expect(try decide("registrar", "user:alice", "bob") == .targets([user("bob", "registrar")], route: 1))
        #expect(try decide("registrar", "user:alice", "echo") == .targets([.echo], route: 0))
        for dialled in ["alice", "echo", "nobody"] { #expect(try decide("registrar", "anonymous", dialled) == .challenge) }
    }

    @Test(
        "carrier: what a user dials goes out in the carrier's notation",
        arguments: [("004430", "+4430"), ("+4430", "+4430"), ("040123", "+4940123")])
    func outbound(dialled: String, sent: String) throws {
        guard case .targets(let destinations, _) = try decide("carrier-trunk", "user:alice", dialled),
            case .trunk(let trunk, let number)? = destinations.first
        else { return #expect(Bool(false)) }
        #expect(trunk.requestURIs(dialled: number) == ["sip:\(sent)@sip1.carrier.example", "sip:\(sent)@sip2.carrier.example"])
        let origin = CallOrigin(source: .user("alice"), user: "alice", displayName: "Alice")
        let identity = OutgoingIdentity(of: origin, to: trunk, domain: "sip.example.org")
        #expect(identity.fromUser == "+49301230" && identity.fromHost == "carrier.example" && identity.displayName == nil)
    }

    @Test("carrier: its calls reach our numbers, in any notation, and nothing else", arguments: ["+493012311", "00493012311", "03012311"])
    func inbound(dialled: String) throws {
        let alice = try user("alice", "carrier-trunk")
        for source in ["trunk:carrier", "192.0.2.200", "2001:db8:1::5"] {
            #expect(try decide("carrier-trunk", source, dialled) == .targets([alice], route: 0))
            #expect(try decide("carrier-trunk", source, "+493012399") == .targets([.reject(status: 404, phrase: nil)], route: 2))
            #expect(try decide("carrier-trunk", source, "004430") == .forbidden)
        }
        #expect(try decide("carrier-trunk", "203.0.113.1", dialled) == .challenge)
        #expect(try decide("carrier-trunk", "203.0.113.1", "+4430") == .challenge)
    }

    @Test("carrier: what costs too much is refused in each way of dialling it", arguments: ["00870123", "+870123", "+8831"])
    func expensive(dialled: String) throws {
        #expect(try decide("carrier-trunk", "user:bob", dialled) == .targets([.reject(status: 403, phrase: "Too expensive")], route: 4))
    }

    @Test("PBX: whoever is here is rung here, all else is the PBX's, and its own calls do not go back to it")
    func beside() throws {
        #expect(try decide("beside-a-pbx", "trunk:pbx", "701") == .targets([user("701", "beside-a-pbx")], route: 1))
        #expect(try decide("beside-a-pbx", "user:702", "701") == .targets([user("701", "beside-a-pbx")], route: 1))
        guard case .targets(let destinations, 2) = try decide("beside-a-pbx", "user:702", "04012"), case .trunk(let trunk, "04012")? = destinations.first
        else { return #expect(Bool(false)) }
        #expect(trunk.requestURIs(dialled: "04012") == ["sip:04012@192.0.2.10:5060;transport=tcp"])
        #expect(try decide("beside-a-pbx", "trunk:pbx", "04012") == .forbidden)
        #expect(try decide("beside-a-pbx", "anonymous", "04012") == .challenge)
    }

    @Test("TLS: with a certificate where the example has one, all is encrypted, and strangers reach nobody")
    func encrypted() throws {
        let authority = try TestAuthority()
        let files = try authority.issue("host", names: "DNS:sip.example.org", days: 90)
        let directory = "/etc/letsencrypt/live/sip.example.org"
        let text = try String(contentsOfFile: "\(Self.directory)/tls-internet.yaml", encoding: .utf8)
            .replacingOccurrences(of: "\(directory)/fullchain.pem", with: files.certificate)
            .replacingOccurrences(of: "\(directory)/privkey.pem", with: files.key)
        let loaded = try ConfigurationReader.load(text: text, host: .usual)
        #expect(loaded.warnings.count == 3)
        #expect(loaded.warnings.allSatisfy { $0.key.hasSuffix(".password") && $0.reason.contains("change-me") }, "\(loaded.warnings)")
        let configuration = loaded.configuration
        #expect(configuration.sip.listen.allSatisfy { $0.transport == .tls } && configuration.sip.srtp == .required)
        #expect(configuration.sip.tls != nil && configuration.http.tls != nil)
        let table = RoutingTable(configuration)
        for dialled in ["alice", "+4430", "+49301230", "nobody"] {
            let request = RoutingRequest(source: .anonymous, dialled: dialled, domain: "sip.example.org")
            #expect(table.decide(request) == .challenge)
        }
        let explanation = RouteExplanation(
            table, try RoutingQuery(from: "user:bob", to: "+4430", caller: nil, table: table))
        #expect(explanation.text.contains("INVITE sip:+4430@sip.carrier.example;transport=tls over TLS"))
    }

    @Test("TLS: where the certificate is not there, nothing else is wrong with the example")
    func withoutCertificate() {
        do throws(TernConfigurationError) {
            _ = try load("tls-internet")
        } catch {
            #expect(error.problems.allSatisfy { $0.key.contains(".tls") }, "\(error)")
        }
    }
}
