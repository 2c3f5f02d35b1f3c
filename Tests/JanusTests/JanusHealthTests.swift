import EventLoop
import Foundation
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("The health check of a Janus", .serialized)
struct JanusHealthTests {
    /// A health check of a Janus that answers as a test lets it.
    @LoopActor
    static func run(
        interval: Duration = .milliseconds(60), _ body: @LoopActor (FakeJanus, Record<JanusHealth.Finding>) async throws -> Void
    ) async throws {
        let fake = FakeJanus(), findings = Record<JanusHealth.Finding>()
        try fake.start()
        let health = JanusHealth(url: fake.url, secret: "secret", startLimit: .seconds(5), interval: interval) { findings.add($0) }
        do {
            try await findings.first { if case .ready = $0 { true } else { false } }
            try await body(fake, findings)
        } catch {
            await health.stop()
            await fake.stop()
            throw error
        }
        await health.stop()
        await fake.stop()
    }

    @Test("asks the plugin over one handle, with the secret, and attaches no other")
    @LoopActor func oneHandle() async throws {
        try await Self.run { fake, findings in
            try await fake.requests.first { _ in fake.requests.elements.count { $0["janus"] == "message" } >= 4 }
            let attached = fake.requests.elements.filter { $0["janus"] == "attach" }
            #expect(attached.map { $0["plugin"] } == ["janus.plugin.tern"])
            let asked = Set(fake.requests.elements.filter { $0["janus"] == "message" }.compactMap { $0["handle_id"]?.intValue })
            #expect(asked.count == 1)
            #expect(fake.requests.elements.allSatisfy { $0["apisecret"] == "secret" })
            #expect(findings.elements.count == 1)
        }
    }

    @Test("a Janus that answers everything but the plugin's messages is silent after two checks")
    @LoopActor func silentPlugin() async throws {
        try await Self.run { fake, findings in
            let silent = Record<Int>()
            fake.answer = { fake, request in
                guard request["janus"] == "message" else { return nil }
                silent.add(silent.elements.count)
                return [fake.reply("ack", to: request)]
            }
            let finding = try await findings.first { if case .silent = $0 { true } else { false } }
            guard case .silent(let reason) = finding else { return }
            #expect(reason.contains("janus.plugin.tern did not answer"))
            #expect(silent.elements.count == 2)
        }
    }

    @Test("one check without an answer is forgiven when the next one has one")
    @LoopActor func forgiven() async throws {
        // The answered check must not be missed because this machine paused.
        try await Self.run(interval: .milliseconds(500)) { fake, findings in
            for _ in 0..<3 {
                var isDropped = false
                let answered = Record<Bool>()
                fake.answer = { fake, request in
                    guard request["janus"] == "message" else { return nil }
                    guard isDropped else {
                        isDropped = true
                        return [fake.reply("ack", to: request)]
                    }
                    answered.add(true)
                    return nil
                }
                try await answered.first { _ in answered.elements.count >= 2 }
            }
            #expect(findings.elements.count == 1)
        }
    }

    @Test("a plugin that answers each message, but too late, is busy and lives")
    @LoopActor func late() async throws {
        try await Self.run { fake, findings in
            var last: JSONValue?
            let asked = Record<Bool>()
            fake.answer = { fake, request in
                guard request["janus"] == "message" else { return nil }
                defer { last = request }
                asked.add(true)
                return [fake.reply("ack", to: request)] + (last.map { [fake.event(to: $0, ["result": "ok"])] } ?? [])
            }
            try await asked.first { _ in asked.elements.count >= 6 || findings.elements.count > 1 }
            #expect(findings.elements.count == 1)
        }
    }

    @Test("what comes late for another handle is no answer of the plugin")
    @LoopActor func lateForAnother() async throws {
        try await Self.run { fake, findings in
            fake.answer = { fake, request in
                guard request["janus"] == "message", let handle = request["handle_id"]?.intValue else { return nil }
                let other = JSONValue.object(["janus": "event", "sender": .integer(handle + 1), "plugindata": ["data": [:]]])
                return [fake.reply("ack", to: request), other.text]
            }
            try await findings.first { if case .silent = $0 { true } else { false } }
        }
    }

    @Test("a plugin that refuses the message has answered")
    @LoopActor func refusal() async throws {
        try await Self.run { fake, findings in
            let asked = Record<Bool>()
            fake.answer = { fake, request in
                guard request["janus"] == "message" else { return nil }
                asked.add(true)
                return [fake.event(to: request, ["error_code": 449, "error": "no"])]
            }
            try await asked.first { _ in asked.elements.count >= 4 }
            #expect(findings.elements.count == 1)
        }
    }

    @Test("a connection that is cut is made again, with another handle")
    @LoopActor func reconnects() async throws {
        // Also the time for each answer: on a busy machine a new connection takes longer than a question.
        try await Self.run(interval: .milliseconds(300)) { fake, findings in
            fake.requests.clear()
            fake.hangUp()
            try await fake.requests.first { _ in fake.requests.elements.count { $0["janus"] == "message" } >= 3 }
            #expect(fake.requests.elements.count { $0["janus"] == "attach" } == 1)
            #expect(findings.elements.count == 1)
        }
    }

    @Test("a real Janus that hangs is killed and started again, and calls work again")
    @LoopActor func realHang() async throws {
        try await RealJanus.run(healthInterval: .milliseconds(400)) { janus in
            try await janus.processStates.first { if case .running = $0 { true } else { false } }
            guard case .running(let pid) = janus.process.state else { return }
            let leg = try await EngineLeg.attach(to: janus.client), events = Record<JanusHandleEvent>()
            leg.handle.onEvent = { events.add($0) }
            janus.clientStates.clear()
            kill(pid, SIGSTOP)
            let failure = try await janus.processStates.first { if case .backingOff = $0 { true } else { false } }
            guard case .backingOff(_, .silent(let reason)) = failure else { Issue.record("\(failure)"); return }
            #expect(reason.contains("janus.plugin.tern did not answer"))
            try await janus.processStates.first { if case .running(let next) = $0 { next != pid } else { false } }
            #expect(!Machine.exists(pid))
            try await janus.clientStates.first { $0 == .ready }
            #expect(events.elements == [.lost])
            let ports = try await EngineLeg.attach(to: janus.client).open([.audio], at: Machine.address)
            #expect(ports.audio != nil)
        }
    }

    @Test("a real Janus that takes more memory than it may, for thousands of legs, is killed and started again")
    @LoopActor func realMemory() async throws {
        try await RealJanus.run(memoryLimit: 64 << 20, healthInterval: .seconds(60)) { janus in
            try await janus.processStates.first { if case .running = $0 { true } else { false } }
            guard case .running(let pid) = janus.process.state else { return }
            var legs: [EngineLeg] = []
            do throws(JanusError) {
                // Each takes some 14 KiB.
                for _ in 0..<20_000 { legs.append(try await EngineLeg.attach(to: janus.client)) }
            } catch {
                #expect(error == .lost)
            }
            let failure = try await janus.processStates.first { if case .backingOff = $0 { true } else { false } }
            guard case .backingOff(_, .memory(let used, 67_108_864)) = failure else { Issue.record("\(failure)"); return }
            #expect(used > 64 << 20)
            try await janus.processStates.first { if case .running(let next) = $0 { next != pid } else { false } }
            #expect(!Machine.exists(pid))
        }
    }
}
}
