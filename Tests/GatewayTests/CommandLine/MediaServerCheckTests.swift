import EventLoop
import Foundation
@testable import Gateway
import Testing

@Suite("What tern check says of Janus", .timeLimit(.minutes(1))) struct MediaServerCheckTests {
    private func check(_ key: String, _ value: String, more: [String: String] = [:]) async throws -> TernProgram.Outcome {
        let outcome = try await TernProgram.run(["check"], environment: more.merging([key: value]) { own, _ in own })
        // A configuration may be checked before Janus is there.
        #expect(outcome.code == 0)
        return outcome
    }

    @Test("nothing, when the installed Janus takes the plugin that was built; and nothing of it stays behind")
    func right() async throws {
        let outcome = try await TernProgram.run(["check"])
        #expect(outcome.code == 0 && !outcome.error.contains("janus"), "\(outcome.error)")
        let left = try FileManager.default.contentsOfDirectory(atPath: NSTemporaryDirectory()).filter { $0.hasPrefix("tern-check-") }
        #expect(left.isEmpty)
    }

    @Test("that the plugin is missing, or is no library for this Janus, and what to do")
    func wrongPlugin() async throws {
        let missing = try await check("TERN_JANUS_PLUGIN", "/nonexistent/libjanus_tern.so")
        #expect(missing.error.contains("warning: janus: Tern's plugin for Janus is missing: no readable file /nonexistent/libjanus_tern.so."))
        let file = NSTemporaryDirectory() + "/tern-\(UUID().uuidString)"
        try "no library".write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let broken = try await check("TERN_JANUS_PLUGIN", file)
        #expect(broken.error.contains("warning: janus: Janus does not load Tern's plugin: Couldn't load plugin"), "\(broken.error)")
        #expect(broken.output.contains("is right. With it Tern"))
    }

    @Test("that an external Janus cannot be reached, by its URL")
    func unreachable() async throws {
        let outcome = try await check("TERN_JANUS_URLS", "ws://127.0.0.1:9/", more: ["TERN_JANUS_MODE": "external"])
        #expect(outcome.error.contains("warning: janus: ws://127.0.0.1:9/: "), "\(outcome.error)")
    }
}
