import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct CommandLineTests {
    private static let shipped =
        #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/config/tern.yaml"

    private func withFile(_ text: String, _ body: (String) async throws -> Void) async throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("tern-\(UUID().uuidString).yaml")
        try text.write(to: url, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: url) }
        try await body(url.path)
    }

    @Test("--version and --help end with 0", arguments: ["--version", "--help", "serve --help", "check --help", "passwd --help", ""])
    func information(line: String) async throws {
        let outcome = try await TernProgram.run(line.split(separator: " ").map(String.init))
        #expect(outcome.code == 0)
        #expect(!outcome.output.isEmpty && outcome.error.isEmpty)
    }

    @Test(
        "wrong arguments end with 2",
        arguments: ["bogus", "serve --nope", "check --config", "serve extra", "check --http-listen nowhere", "check --log-level loud"])
    func wrongArguments(line: String) async throws {
        let outcome = try await TernProgram.run(line.split(separator: " ").map(String.init))
        #expect(outcome.code == 2)
        #expect(outcome.output.isEmpty && !outcome.error.isEmpty)
    }

    @Test("check tells what a right configuration does")
    func check() async throws {
        let outcome = try await TernProgram.run(["check", "--config", Self.shipped, "--sip-listen", "tcp:[::1]:5070"])
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("tcp:[::1]:5070") && outcome.output.contains("http://127.0.0.1:8080/"))
        #expect(outcome.output.contains("have their calls ended after 60.0 seconds"))
        #expect(outcome.output.contains("from pages of its own address alone (http.allowed_origins is empty)"))
        let open = try await TernProgram.run(["check", "--config", Self.shipped], environment: ["TERN_HTTP_ALLOWED_ORIGINS": "https://a.example/"])
        #expect(open.output.contains("from pages of its own address and of https://a.example\n"), "\(open.output)")
        let silent = try await TernProgram.run(["check", "--config", Self.shipped], environment: ["TERN_MEDIA_TIMEOUT": "0"])
        #expect(silent.output.contains("keep their calls"))
    }

    @Test(
        "route tells what becomes of a call, and ends with 1 when nobody is reached",
        arguments: [
            (["anonymous", "echo"], 0, "takes the call"), (["user:alice", "bob"], 0, "user bob"), (["anonymous", "nobody"], 1, "404"),
            (["alice", "bob"], 2, "did you mean user:alice?"), (["anonymous"], 2, "TO"),
        ] as [([String], Int32, String)])
    func route(arguments: [String], code: Int32, words: String) async throws {
        let outcome = try await TernProgram.run(["route"] + arguments + ["--config", Self.shipped])
        #expect(outcome.code == code)
        #expect((code == 2 ? outcome.error : outcome.output).lowercased().contains(words.lowercased()), "\(outcome)")
    }

    @Test("what docs/routing.md shows of route is what it says")
    func documentedRoute() async throws {
        let root = Self.shipped.dropLast("config/tern.yaml".count), example = "config/examples/carrier-trunk.yaml"
        let outcome = try await TernProgram.run(["route", "--config", root + example, "user:alice", "004420123"])
        let documentation = try String(contentsOfFile: root + "docs/routing.md", encoding: .utf8)
        let shown = outcome.output.replacingOccurrences(of: root + example, with: example)
        #expect(!shown.isEmpty && documentation.contains("$ tern route --config \(example) user:alice 004420123\n\(shown)"), "\(shown)")
    }

    @Test("check and serve tell what is wrong, with line and key, and end with 2", arguments: ["check", "serve"])
    func wrongConfiguration(command: String) async throws {
        try await withFile("sip:\n  listen: udp:0.0.0.0:5060\nlog:\n  levle: x\n") { path in
            let outcome = try await TernProgram.run([command, "--config", path])
            #expect(outcome.code == 2)
            #expect(outcome.error.contains("\(path):4:3: log.levle: unknown key (did you mean level?)"))
            #expect(outcome.error.contains("sample users"))
        }
    }

    @Test("a file that is not there ends with 2", arguments: ["check", "serve"])
    func missingFile(command: String) async throws {
        #expect(try await TernProgram.run([command, "--config", "/nonexistent.yaml"]).code == 2)
    }

    @Test("passwd makes an entry that the configuration takes, of the first line of its input")
    func password() async throws {
        let outcome = try await TernProgram.run(
            ["passwd", "alice", "--realm", "tern.example.org"], input: "wonderland\nsecond line\n")
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(outcome.output.contains("ha1: MD5:b34c0e833a7711dfe7a13c83a237993d,SHA-256:373b58b5e329d847e216e692a7aa76a536994b5cc9cacf399e8d5432579c8671"))
        try await withFile("sip: {realm: tern.example.org}\nusers:\n\(outcome.output)") { path in
            let check = try await TernProgram.run(["check", "--config", path])
            #expect(check.code == 0, "\(check.error)")
            let again = try await TernProgram.run(["passwd", "alice", "--config", path], input: "wonderland")
            #expect(again.output == outcome.output)
        }
    }

    @Test(
        "passwd refuses what could not log in, with 2",
        arguments: [("al ice", "r", "x"), ("alice", "a\"b", "x"), ("alice", "r", ""), ("alice", "r", "\n"), ("alice", "r", "a\tb")])
    func wrongPassword(name: String, realm: String, input: String) async throws {
        let outcome = try await TernProgram.run(["passwd", name, "--realm", realm], input: input)
        #expect(outcome.code == 2)
        #expect(outcome.output.isEmpty && !outcome.error.isEmpty)
    }

    @Test("the environment counts, and its mistakes are told by name")
    func environment() async throws {
        let outcome = try await TernProgram.run(["check"], environment: ["TERN_HTTP_LISTEN": "127.0.0.1:99999"])
        #expect(outcome.code == 2)
        #expect(outcome.error.contains("environment variable TERN_HTTP_LISTEN: http.listen: port 99999"))
    }

    @Test("serve on an address that is taken ends with 1")
    func addressTaken() async throws {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.77.0.1", &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                #expect(bind(socket, $0, length) == 0 && listen(socket, 1) == 0 && getsockname(socket, $0, &length) == 0)
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        let outcome = try await TernProgram.run(
            ["serve", "--http-listen", "127.77.0.1:\(port)", "--sip-listen", "udp:127.77.0.2:5060"] + quiet,
            environment: ["TERN_REGISTRAR_DATABASE": ":memory:", "TERN_RECORDS_DATABASE": "memory"])
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("HTTP"))
    }

    @Test("serve tells what to dial and open, and a signal ends it with 0")
    func welcome() async throws {
        let outcome = try await serve(at: "127.77.1.1") { output, process in
            if output.contains("is running") { kill(process, SIGINT) }
        }
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(outcome.output.contains("sip:echo@127.77.1.1:5060"))
        #expect(outcome.output.contains("http://127.77.1.1:8080/"))
    }

    @Test("a signal ends a gateway that still waits for its Janus")
    func earlySignal() async throws {
        let outcome = try await serve(at: "127.77.1.2") { output, process in
            if output.contains("listening for HTTP") { kill(process, SIGTERM) }
        }
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(!outcome.output.contains("is running"))
    }

    @Test("SIGHUP reads the configuration again, the log's format among it, and SIGPIPE is nothing")
    func hangUp() async throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("tern-\(UUID().uuidString).yaml")
        try "log: {format: text}".write(to: url, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: url) }
        let outcome = try await serve(at: "127.77.1.3", ["--config", url.path]) { output, process in
            if output.contains("listening for HTTP") {
                try? "log: {format: json}".write(to: url, atomically: true, encoding: .utf8)
                kill(process, SIGPIPE)
                kill(process, SIGHUP)
            }
            if output.contains("configuration read again") { kill(process, SIGTERM) }
        }
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(outcome.error.contains(#""message":"configuration read again""#))
    }

    @Test("no core dumps are written, of the gateway and its children, unless that is asked for", arguments: [[], ["--core-dumps"]])
    func coreDumps(arguments: [String]) async throws {
        let limits = FileManager.default.temporaryDirectory.appendingPathComponent("limits-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: limits) }
        let outcome = try await serve(at: "127.77.1.\(arguments.isEmpty ? 4 : 5)", arguments) { output, process in
            guard output.contains("listening for HTTP") else { return }
            try? String(contentsOfFile: "/proc/\(process)/limits", encoding: .utf8).write(to: limits, atomically: true, encoding: .utf8)
            kill(process, SIGTERM)
        }
        #expect(outcome.code == 0, "\(outcome.error)")
        let text = try String(contentsOf: limits, encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        let values = line.dropFirst("Max core file size".count).split(separator: " ").prefix(2).map(String.init)
        #expect(arguments.isEmpty ? values == ["0", "0"] : (values[1] == "0") == (limit.rlim_max == 0), "\(line)")
    }

    private func serve(
        at address: String, _ more: [String] = [], reaction: @escaping @Sendable (String, pid_t) -> Void
    ) async throws -> TernProgram.Outcome {
        let listeners = ["--sip-listen", "udp:\(address):5060", "--http-listen", "\(address):8080"]
        return try await TernProgram.run(
            ["serve"] + listeners + quiet + more, environment: ["TERN_REGISTRAR_DATABASE": ":memory:", "TERN_RECORDS_DATABASE": "memory"], reaction: reaction)
    }

    /// A Janus elsewhere that is not there, so that none is started, and recordings out of the way.
    private var quiet: [String] {
        ["--janus-mode", "external", "--janus-urls", "ws://127.77.9.9:1", "--recordings-directory", NSTemporaryDirectory() + "/tern-tests"]
    }
}
