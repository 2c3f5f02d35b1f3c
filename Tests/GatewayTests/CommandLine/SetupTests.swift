import Foundation
import Testing

@Suite("tern setup", .timeLimit(.minutes(1))) struct SetupTests {
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("setup-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder.path)
    }

    private func setup(_ folder: String, _ more: [String] = []) async throws -> TernProgram.Outcome {
        try await TernProgram.run(["setup", "--config", folder + "/tern.yaml", "--address", "127.0.0.1", "--domain", "127.0.0.1"] + more)
    }

    @Test("writes a configuration that check takes, for nobody else to read, and says what to do")
    func writes() async throws {
        try await withFolder { folder in
            try "s3cret-of-the-trunk\n".write(toFile: folder + "/password", atomically: true, encoding: .utf8)
            let outcome = try await setup(folder, ["--trunk", "sip.example.net", "--trunk-user", "4930123", "--trunk-password-file", folder + "/password", "--users", "carol"])
            #expect(outcome.output.contains("\(folder)/tern.yaml is written.") && outcome.output.contains("log in at the page as carol"), "\(outcome)")
            #expect(!outcome.output.contains("s3cret-of-the-trunk"))
            let file = try String(contentsOfFile: folder + "/tern.yaml", encoding: .utf8)
            #expect(file.contains("s3cret-of-the-trunk") && file.contains("certificate: \"\(folder)/tern-self.pem\""), "\(file)")
            for name in ["tern.yaml", "tern-self.key", "tern-self.pem"] {
                let mode = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)[.posixPermissions] as? Int
                #expect(mode == (getgrnam("tern") != nil && geteuid() == 0 ? 0o640 : 0o600), "\(name)")
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["password", "tern-self.key", "tern-self.pem", "tern.yaml"])
            let check = try await TernProgram.run(["check", "--config", folder + "/tern.yaml", "--janus-mode", "external", "--janus-urls", "ws://127.77.9.9:1"])
            #expect(check.code == 0 && check.output.contains("carrier at sip:sip.example.net"), "\(check)")
            for (from, to, words) in [
                ("user:carol", "+4930555", "trunk carrier"), ("user:admin", "carol", "user carol"), ("trunk:carrier", "+4930123", "user carol"), ("trunk:carrier", "nobody", "user carol"),
            ] {
                let route = try await TernProgram.run(["route", "--config", folder + "/tern.yaml", from, to])
                #expect(route.output.contains(words), "\(route)")
            }
        }
    }

    @Test("a user whose name is a number is called before the carrier; a trunk without registration is known by its address")
    func numbers() async throws {
        try await withFolder { folder in
            try "s3cret of 701\r\nmore\r\n".write(toFile: folder + "/password", atomically: true, encoding: .utf8)
            _ = try await setup(folder, ["--certificate", "none", "--trunk", "sip:192.0.2.7:5070", "--users", "701", "--password-file", folder + "/password"])
            let file = try String(contentsOfFile: folder + "/tern.yaml", encoding: .utf8)
            #expect(file.contains("targets: [\"sip:192.0.2.7:5070\"]") && file.contains("from_addresses: [\"192.0.2.7\"]") && file.contains("password: \"s3cret of 701\"}"), "\(file)")
            let route = try await TernProgram.run(["route", "--config", folder + "/tern.yaml", "user:admin", "701"])
            #expect(route.output.contains("user 701"), "\(route)")
        }
    }

    @Test("a user called admin is the administrator, calls of the carrier ring the first one, and sips: is passed on")
    func administrator() async throws {
        try await withFolder { folder in
            _ = try await setup(folder, ["--certificate", "none", "--trunk", "sips:sip.example.net", "--users", "dave, admin"])
            let file = try String(contentsOfFile: folder + "/tern.yaml", encoding: .utf8)
            #expect(file.components(separatedBy: "admin: true").count == 2 && file.components(separatedBy: "{name:").count == 3 && file.contains("user dave"), "\(file)")
            #expect(file.contains("targets: [\"sips:sip.example.net\"]"), "\(file)")
        }
    }

    @Test("two users are made where none is named, and shown with their passwords; a file has the passwords of the first ones")
    func passwords() async throws {
        try await withFolder { folder in
            let made = try await setup(folder, ["--certificate", "none"])
            #expect(made.output.contains("log in at the page as alice, register a phone as bob, dial alice"), "\(made)")
            let file = try String(contentsOfFile: folder + "/tern.yaml", encoding: .utf8)
            for name in ["alice", "bob", "admin"] {
                let entry = try #require(file.split(separator: "\n").first { $0.contains("{name: \"\(name)\"") })
                #expect(made.output.contains(try #require(entry.split(separator: "\"").dropFirst(3).first)), "\(made)")
            }
            try "first one\nsecond one\n\nmore\n".write(toFile: folder + "/passwords", atomically: true, encoding: .utf8)
            let given = try await setup(folder, ["--certificate", "none", "--yes", "--users", "a,b,c,d", "--password-file", folder + "/passwords"])
            #expect(given.output.contains("a       password of \(folder)/passwords") && !given.output.contains("first one"), "\(given.output)")
            let other = try String(contentsOfFile: folder + "/tern.yaml", encoding: .utf8)
            #expect(other.contains("{name: \"a\", password: \"first one\"}") && other.contains("{name: \"b\", password: \"second one\"}"), "\(other)")
            #expect(other.contains("{name: \"d\", password: \"") && !other.contains("more"), "\(other)")
        }
    }

    @Test("a public address behind NAT is written, is the domain, and stands in the certificate; for an address that is not here the key is named")
    func nat() async throws {
        try await withFolder { folder in
            let outcome = try await TernProgram.run(["setup", "--config", folder + "/tern.yaml", "--address", "127.0.0.1", "--public-address", "203.0.113.5"])
            #expect(outcome.output.contains("https://203.0.113.5:8443/"), "\(outcome)")
            let file = try String(contentsOfFile: folder + "/tern.yaml", encoding: .utf8)
            #expect(file.contains("nat: {public_address: 203.0.113.5}") && file.contains("domain: \"203.0.113.5\"") && file.contains("  address: 127.0.0.1"), "\(file)")
            let elsewhere = try await TernProgram.run(["setup", "--config", folder + "/other.yaml", "--address", "203.0.113.5"])
            #expect(elsewhere.code == 2 && elsewhere.error.contains("--public-address 203.0.113.5"), "\(elsewhere)")
        }
    }

    @Test("where the configuration is a symbolic link, its file is replaced and the link stays")
    func link() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder + "/real", withIntermediateDirectories: false)
            try "# mine\n".write(toFile: folder + "/real/tern.yaml", atomically: true, encoding: .utf8)
            try FileManager.default.createSymbolicLink(atPath: folder + "/tern.yaml", withDestinationPath: "real/tern.yaml")
            _ = try await setup(folder, ["--certificate", "none", "--yes"])
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder + "/tern.yaml") == "real/tern.yaml")
            #expect(try String(contentsOfFile: folder + "/real/tern.yaml", encoding: .utf8).contains("tern setup"))
        }
    }

    @Test("a password file with an empty first line, or a control character in it, is refused", arguments: ["\nsecret\n", "\r\nsecret\r\n", "sec\tret\n", ""])
    func passwordFile(text: String) async throws {
        try await withFolder { folder in
            try text.write(toFile: folder + "/password", atomically: true, encoding: .utf8)
            let outcome = try await setup(folder, ["--certificate", "none", "--password-file", folder + "/password"])
            #expect(outcome.code == 2 && outcome.error.contains("first line"), "\(outcome)")
            #expect(!FileManager.default.fileExists(atPath: folder + "/tern.yaml"))
        }
    }

    @Test("a file that is there is replaced only where that is wanted, and kept")
    func keeps() async throws {
        try await withFolder { folder in
            try "# mine\n".write(toFile: folder + "/tern.yaml", atomically: true, encoding: .utf8)
            let refused = try await setup(folder, ["--certificate", "none"])
            #expect(refused.code == 2 && refused.error.contains("is there already"), "\(refused)")
            #expect(try String(contentsOfFile: folder + "/tern.yaml", encoding: .utf8) == "# mine\n")
            _ = try await setup(folder, ["--certificate", "none", "--yes"])
            let kept = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("tern.yaml.before-") }
            #expect(kept.count == 1)
            #expect(try kept.map { try String(contentsOfFile: folder + "/" + $0, encoding: .utf8) } == ["# mine\n"])
        }
    }

    @Test(
        "answers that cannot be right are refused, and nothing is written",
        arguments: [
            ["--address", "203.0.113.77"], ["--address", "2001:db8::1"], ["--address", "here"], ["--users", "a b"], ["--users", ","], ["--users", "a,a"], ["--public-address", "here"], ["--public-address", "2001:db8::1"], ["--domain", "no domain"], ["--certificate", "/none.pem,/none.key"],
            ["--trunk", "sip.example.net", "--trunk-user", "x"], ["--password-file", "/nowhere"],
        ])
    func refuses(arguments: [String]) async throws {
        try await withFolder { folder in
            let outcome = try await TernProgram.run(["setup", "--config", folder + "/tern.yaml", "--certificate", "none", "--address", "127.0.0.1"] + arguments)
            #expect(outcome.code == 2 && !outcome.error.isEmpty, "\(outcome)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test("no certificate is made where the rest is wrong")
    func noCertificate() async throws {
        try await withFolder { folder in
            let outcome = try await setup(folder, ["--certificate", "self", "--users", "a b"])
            #expect(outcome.code == 2, "\(outcome)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }
}
