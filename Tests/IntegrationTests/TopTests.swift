import Foundation
import Testing

/// `tern top`: what it shows of a real gateway, and how it leaves the terminal.
extension IntegrationTests {
    @Suite("Top")
    struct Top {
        @Test("once: live calls, as they are")
        func once() async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            let run = try await LongOutput(stage.environment.tern, ["top", "--once", "--socket", stage.gateway.controlSocket], in: stage.environment.directory)
            #expect(run.exit == .exited(0), "\(run)")
            #expect(run.text.contains("calls 1 (1 answered)"), "\(run.text)")
            #expect(run.text.split(separator: "\n").contains { $0.contains("echo") && $0.contains("answered") }, "\(run.text)")
            try await phone.hangUp()
        }

        @Test("in a terminal it takes the other screen, shows the gateway there, and q gives all back as it was")
        func terminal() async throws {
            let stage = try Stage.running
            let command = "stty -a; '\(stage.environment.tern)' top --socket '\(stage.gateway.controlSocket)'; echo code=$?; stty -a"
            // The key is pressed when the picture is there.
            let file = stage.environment.directory.appendingPathComponent("top")
            let keys = "until grep -aq registrations '\(file.path)' 2>/dev/null; do sleep 0.1; done; printf q; sleep 1"
            let run = try await LongOutput("/bin/sh", ["-c", "{ \(keys); } | script -qefc \"$0\" '\(file.path)'", command], in: stage.environment.directory)
            #expect(run.exit == .exited(0), "\(run)")
            let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            let enter = try #require(text.range(of: "\u{1b}[?1049h")), leave = try #require(text.range(of: "\u{1b}[?1049l"))
            #expect(text[enter.upperBound..<leave.lowerBound].contains("registrations") && text[leave.upperBound...].contains("code=0"))
            func settings(_ text: Substring) -> [Substring] { text.split(whereSeparator: { $0.isWhitespace || $0 == ";" }).filter { ["icanon", "-icanon", "echo", "-echo", "susp"].contains($0) } }
            // `script` writes the command itself in front.
            let begin = try #require(text.range(of: "speed "))
            let before = settings(text[begin.upperBound..<enter.lowerBound]), after = settings(text[leave.upperBound...])
            #expect(before == after && before.contains("icanon"), "\(before) \(after)")
        }

        @Test("status, registrations, trunks and doctor say how the gateway is, as text and as JSON")
        func state() async throws {
            let stage = try Stage.running
            func run(_ arguments: String...) async throws -> LongOutput {
                try await LongOutput(stage.environment.tern, arguments + ["--socket", stage.gateway.controlSocket], in: stage.environment.directory)
            }
            let status = try await run("status")
            #expect(status.exit == .exited(0) && status.text.contains("takes calls    yes"), "\(status)")
            let json = try await run("status", "--json")
            #expect(json.exit == .exited(0) && json.text.contains("\"registrations\""), "\(json)")
            for command in ["registrations", "trunks"] {
                let list = try await run(command, "--json")
                #expect(list.exit == .exited(0) && list.text.hasPrefix("["), "\(list)")
                let text = try await run(command)
                #expect(text.exit == .exited(0) && !text.text.isEmpty, "\(text)")
            }
            let doctor = try await run("doctor", "--config", "\(stage.gateway.directory.path)/tern.yaml")
            #expect(doctor.text.contains("runs, and takes calls") && doctor.text.contains("echo answers, and sends back what it hears"), "\(doctor)")
            #expect(doctor.exit == .exited(0), "\(doctor)")
        }

        @Test("without a gateway it says so")
        func absent() async throws {
            let stage = try Stage.running
            let run = try await LongOutput(stage.environment.tern, ["top", "--once", "--socket", "/nowhere"], in: stage.environment.directory)
            #expect(run.exit == .exited(1) && run.errors.contains("no gateway is running here"), "\(run)")
        }
    }
}
