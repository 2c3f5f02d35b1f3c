import EventLoop
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

    @Test("asks each plugin over one handle, with the secret, and attaches no other")
    @LoopActor func oneHandleEach() async throws {
        try await Self.run { fake, findings in
            try await fake.requests.first { _ in fake.requests.elements.count { $0["janus"] == "message" } >= 12 }
            let attached = fake.requests.elements.filter { $0["janus"] == "attach" }.compactMap { $0["plugin"]?.stringValue }
            #expect(attached.sorted() == JanusPlugin.allCases.map(\.rawValue).sorted())
            let asked = Set(fake.requests.elements.filter { $0["janus"] == "message" }.compactMap { $0["handle_id"]?.intValue })
            #expect(asked.count == JanusPlugin.allCases.count)
            #expect(fake.requests.elements.allSatisfy { $0["apisecret"] == "secret" })
            #expect(findings.elements.count == 1)
        }
    }

    @Test("a Janus that answers everything but a plugin's messages is silent after two checks", arguments: JanusPlugin.allCases)
    @LoopActor func silentPlugin(plugin: JanusPlugin) async throws {
        try await Self.run { fake, findings in
            let made = fake.requests.elements.filter { ["create", "attach"].contains($0["janus"]?.stringValue) }
            let attach = try #require(made.firstIndex { $0["plugin"]?.stringValue == plugin.rawValue })
            let silent = Record<Int>()
            fake.answer = { fake, request in
                // Handles are numbered in the order in which they are attached; the session has the number before.
                guard request["janus"] == "message", request["handle_id"]?.intValue == attach + 2 else { return nil }
                silent.add(silent.elements.count)
                return [fake.reply("ack", to: request)]
            }
            let finding = try await findings.first { if case .silent = $0 { true } else { false } }
            guard case .silent(let reason) = finding else { return }
            #expect(reason.contains("\(plugin.rawValue) did not answer"))
            #expect(JanusPlugin.allCases.allSatisfy { $0 == plugin || !reason.contains($0.rawValue) })
            #expect(silent.elements.count == 2)
        }
    }

    @Test("one check without an answer is forgiven when the next one has one")
    @LoopActor func forgiven() async throws {
        try await Self.run { fake, findings in
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
                try await answered.first { _ in answered.elements.count >= 6 }
            }
            #expect(findings.elements.count == 1)
        }
    }

    @Test("a plugin that answers each message, but too late, is busy and lives")
    @LoopActor func late() async throws {
        try await Self.run { fake, findings in
            var last: [Int: JSONValue] = [:]
            let asked = Record<Bool>()
            fake.answer = { fake, request in
                guard request["janus"] == "message", let handle = request["handle_id"]?.intValue.map({ Int($0) }) else { return nil }
                defer { last[handle] = request }
                asked.add(true)
                return [fake.reply("ack", to: request)] + (last[handle].map { [fake.event(to: $0, ["result": "ok"])] } ?? [])
            }
            try await asked.first { _ in asked.elements.count >= 18 || findings.elements.count > 1 }
            #expect(findings.elements.count == 1)
        }
    }

    @Test("a plugin that is dead is found beside one that answers too late")
    @LoopActor func lateAndSilent() async throws {
        try await Self.run { fake, findings in
            var last: JSONValue?, dead: Int?
            fake.answer = { fake, request in
                guard request["janus"] == "message", let handle = request["handle_id"]?.intValue.map({ Int($0) }) else { return nil }
                dead = dead ?? handle
                guard handle != dead else { return [fake.reply("ack", to: request)] }
                defer { last = request }
                return [fake.reply("ack", to: request)] + (last.map { [fake.event(to: $0, ["result": "ok"])] } ?? [])
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
            try await asked.first { _ in asked.elements.count >= 9 }
            #expect(findings.elements.count == 1)
        }
    }

    @Test("a connection that is cut is made again, with other handles")
    @LoopActor func reconnects() async throws {
        try await Self.run { fake, findings in
            fake.requests.clear()
            fake.hangUp()
            try await fake.requests.first { _ in fake.requests.elements.count { $0["janus"] == "message" } >= 6 }
            #expect(fake.requests.elements.count { $0["janus"] == "attach" } == JanusPlugin.allCases.count)
            #expect(findings.elements.count == 1)
        }
    }

    @Test("a real Janus whose EchoTest hangs is killed and started again, though it answers keepalives")
    @LoopActor func realPlugin() async throws {
        try await RealJanus.run(memoryLimit: 8 << 30, healthInterval: .milliseconds(400)) { janus in
            try await janus.processStates.first { if case .running = $0 { true } else { false } }
            guard case .running(let pid) = janus.process.state else { return }
            try await janus.hangEchoTest()
            // The core goes on: another plugin's handle is made and answers.
            let phone = try await NoSIP.attach(to: janus.client)
            _ = try await phone.process(Descriptions.phoneOffer, .offer)
            let failure = try await janus.processStates.first { if case .backingOff = $0 { true } else { false } }
            guard case .backingOff(_, .silent(let reason)) = failure else { Issue.record("\(failure)"); return }
            // This process reads what Janus prints in its loop: others may seem late, too.
            #expect(reason.contains("janus.plugin.echotest"))
            try await janus.processStates.first { if case .running(let next) = $0 { next != pid } else { false } }
            #expect(!Machine.exists(pid))
            try await janus.clientStates.first { _ in janus.client.state == .ready }
            _ = try await EchoTest.attach(to: janus.client).start(JSEP(type: .offer, sdp: Descriptions.chromeOffer(), trickle: true))
        }
    }

    @Test("a real Janus that takes more memory than it may is killed and started again")
    @LoopActor func realMemory() async throws {
        try await RealJanus.run(memoryLimit: 128 << 20, healthInterval: .seconds(60)) { janus in
            try await janus.processStates.first { if case .running = $0 { true } else { false } }
            guard case .running(let pid) = janus.process.state else { return }
            try await janus.hangEchoTest()
            let failure = try await janus.processStates.first { if case .backingOff = $0 { true } else { false } }
            guard case .backingOff(_, .memory(let used, 134_217_728)) = failure else { Issue.record("\(failure)"); return }
            #expect(used > 128 << 20)
            try await janus.processStates.first { if case .running(let next) = $0 { next != pid } else { false } }
            #expect(!Machine.exists(pid))
        }
    }
}
}
