import EventLoop
import Foundation
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("Tern's plugin in a Janus", .serialized)
struct EngineCheckTests {
    /// A plugin that does not belong to this gateway, and what is said of it.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// The reply to `version`; `nil` for a Janus without the plugin.
        let reply: JSONValue?
        let reason: String
    }

    nonisolated static let wrong = [
        Wrong(testDescription: "missing", reply: nil, reason: "Janus 1.1.2 has not loaded janus.plugin.tern. Put libjanus_tern.so into"),
        Wrong(testDescription: "another version", reply: FakeJanus.version("0.0.1"), reason: "is version 0.0.1, protocol 1, but this gateway is"),
        Wrong(testDescription: "another protocol", reply: FakeJanus.version(protocol: 9), reason: "protocol 9, but this gateway is"),
        Wrong(
            testDescription: "for a later Janus", reply: FakeJanus.version(api: 103),
            reason: "its plugin API is 103, that of Janus 1.1.2 is 102"),
        Wrong(testDescription: "without a version", reply: ["tern": "version"], reason: "does not tell its version"),
        Wrong(testDescription: "another plugin of that name", reply: [:], reason: "does not tell its version"),
    ]

    /// A Janus whose plugin answers as `wrong` says.
    @LoopActor
    static func answer(_ wrong: Wrong) -> @LoopActor (FakeJanus, JSONValue) -> [String]? {
        { fake, request in
            switch (request["janus"]?.stringValue, wrong.reply) {
            case ("attach", nil) where request["plugin"] == "janus.plugin.tern":
                [fake.reply("error", to: request, ["error": ["code": 460, "reason": "No such plugin 'janus.plugin.tern'"]])]
            case ("message", let reply?) where request["body"] == ["request": "version"]:
                [fake.reply("success", to: request, ["plugindata": ["data": reply]])]
            default: nil
            }
        }
    }

    @Test("a client is not ready while the plugin is missing or another one, says what to do, and recovers", arguments: wrong)
    @LoopActor func client(wrong: Wrong) async throws {
        let fake = FakeJanus()
        try fake.start()
        fake.answer = Self.answer(wrong)
        let states = Record<JanusState>()
        let client = JanusClient(
            configuration: JanusClientConfiguration(
                url: fake.url, apiSecret: "secret", engine: .current, firstRetry: .milliseconds(10), longestRetry: .milliseconds(20))
        ) { states.add($0) }
        client.start()
        let state = try await states.first { if case .down = $0 { true } else { false } }
        guard case .down(let reason) = state else { return }
        #expect(reason.contains(wrong.reason) && reason.contains("Janus"), "\(reason)")
        #expect(!states.elements.contains(.ready))
        fake.answer = nil
        try await states.first { $0 == .ready }
        // The handle that asked is not kept.
        #expect(fake.requests.elements.last?["janus"] == "detach" && client.openHandles == 0)
        #expect(fake.requests.elements.allSatisfy { $0["apisecret"] == "secret" })
        await client.stop()
        await fake.stop()
    }

    @Test("a plugin built for this Janus or an earlier one is right, and a later Janus is the judge itself", arguments: [
        (1_102, 102, true), (1_102, 101, true), (1_102, 103, false), (1_003, 102, false), (1_201, 103, true), (1_202, 105, false),
        (1_300, 105, true), (1_300, 106, false), (1_401, 106, true), (1_500, 110, true),
    ])
    func api(janus: Int, api: Int, isRight: Bool) throws {
        let version = try #require(JanusVersion(["version": .integer(janus), "version_string": "x"]))
        let found = EngineVersion(protocol: 1, version: "1", api: api)
        #expect((EngineCheck.problem(of: found, expecting: EngineVersion(protocol: 1, version: "1"), in: version) == nil) == isRight)
    }

    @Test("the health check finds it at once, and once", arguments: wrong)
    @LoopActor func health(wrong: Wrong) async throws {
        let fake = FakeJanus(), findings = Record<JanusHealth.Finding>()
        try fake.start()
        fake.answer = Self.answer(wrong)
        let health = JanusHealth(url: fake.url, secret: "secret", startLimit: .seconds(30), interval: .seconds(30)) { findings.add($0) }
        guard case .unusable(let reason) = try await findings.first(where: { _ in true }) else { Issue.record("unusable"); return }
        #expect(reason.contains(wrong.reason), "\(reason)")
        await health.stop()
        await fake.stop()
        #expect(findings.elements.count == 1)
    }

    @Test("the library is taken from where the configuration says, else from beside the program, else from ../lib/tern")
    func places() throws {
        let folder = try Machine.scratchDirectory()
        defer { Machine.remove(folder) }
        func make(_ path: String) throws {
            let path = "\(folder)/\(path)"
            try FileManager.default.createDirectory(
                atPath: String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)), withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: path))
        }
        let error = #expect(throws: JanusProcessError.self) { try EngineLibrary.find(configured: nil, beside: "\(folder)/bin") }
        #expect(error?.description.contains("\(folder)/bin/libjanus_tern.so or \(folder)/bin/../lib/tern/libjanus_tern.so") == true)
        try make("lib/tern/libjanus_tern.so")
        try make("bin/tern")
        #expect(try EngineLibrary.find(configured: nil, beside: "\(folder)/bin") == "\(folder)/bin/../lib/tern/libjanus_tern.so")
        try make("bin/libjanus_tern.so")
        #expect(try EngineLibrary.find(configured: nil, beside: "\(folder)/bin") == "\(folder)/bin/libjanus_tern.so")
        try make("else/where")
        #expect(try EngineLibrary.find(configured: "\(folder)/else/where", beside: "\(folder)/bin") == "\(folder)/else/where")
        #expect(throws: JanusProcessError.self) { try EngineLibrary.find(configured: "\(folder)/else/missing", beside: "\(folder)/bin") }
    }

    @Test("a managed Janus that cannot load the library says why, and runs once it is replaced")
    @LoopActor func unloadable() async throws {
        let folder = try Machine.scratchDirectory(), library = "\(folder)/engine"
        defer { Machine.remove(folder) }
        try "no library".write(toFile: library, atomically: true, encoding: .utf8)
        try await JanusProcessTests.Supervised.run(script: "exec /usr/bin/janus \"$@\"", change: { $0.engine = library }) { supervised in
            let reason = try await supervised.failure()
            guard case .engine(let text) = reason else { Issue.record("\(String(describing: reason))"); return }
            #expect(text.contains("Couldn't load plugin 'libjanus_tern.so'") && text.contains("swift build --product janus_tern"), "\(text)")
            #expect(!text.contains("janus.c"), "\(text)")
            try FileManager.default.removeItem(atPath: library)
            try FileManager.default.createSymbolicLink(atPath: library, withDestinationPath: try EngineLibrary.find(configured: nil))
            try await supervised.states.first { if case .running = $0 { true } else { false } }
        }
    }

    @Test("a managed Janus with another plugin API says which, as Janus' core prints it")
    @LoopActor func olderAPI() async throws {
        let said = "[ERR] [janus.c:main:5642] The 'janus.plugin.tern' plugin was compiled against an older version of the API (101 < 102), "
            + "skipping it: update it to enable it again"
        let script = "echo \"\(said)\"; rm -f \"$3/plugins/libjanus_tern.so\"; exec /usr/bin/janus \"$@\""
        try await JanusProcessTests.Supervised.run(script: script) { supervised in
            guard case .engine(let text) = try await supervised.failure() else { Issue.record("no plugin"); return }
            #expect(text.hasPrefix("Janus does not load Tern's plugin: The 'janus.plugin.tern' plugin was compiled against an older version"))
        }
    }

    @Test("only Janus' lines about a plugin, whatever its file's name, explain why Tern's is missing", arguments: [
        ("[janus.c:main:5603] \tCouldn't load plugin 'libjanus_tern.so': no such file", "Couldn't load plugin 'libjanus_tern.so': no such file."),
        ("The 'janus.plugin.tern' plugin could not be initialized", "The 'janus.plugin.tern' plugin could not be initialized."),
        ("[janus.c:main:5603] \tCouldn't load plugin 'other.so': no such file", "Couldn't load plugin 'other.so': no such file."),
        ("Couldn't load transport plugin 'libjanus_websockets.so': no such file", nil), ("anything", nil),
    ] as [(String, String?)])
    func complaints(line: String, reason: String?) {
        let complaint = JanusLog.engineComplaint(line)
        guard let reason else { #expect(complaint == nil); return }
        #expect(complaint?.hasPrefix("Janus does not load Tern's plugin: \(reason)") == true)
    }
}
}
