import Foundation
import JSON
import Testing
import TestRandom

/// Many calls of all kinds, a third of which is broken off: what they took is given back. `make soak` plays the long form (`TERN_SOAK_CALLS`,
/// `TERN_SOAK_SECONDS`), whose figures go into docs/reliability.md (`TERN_SOAK_REPORT`).
extension IntegrationTests {
    @Suite("Soak")
    struct Soak {
        private static func number(_ name: String) -> Int? { ProcessInfo.processInfo.environment[name].flatMap { Int($0) } }

        @Test("after many calls of all kinds, a third of them broken off, there is as much of everything as before")
        func soak() async throws {
            let stage = try Stage.running, address = stage.environment.address
            let count = Soak.number("TERN_SOAK_CALLS") ?? 200, seconds = Soak.number("TERN_SOAK_SECONDS") ?? 0
            let workers = Soak.number("TERN_SOAK_WORKERS") ?? 12, port = try FreePort.both(address)
            let gateway = try await GatewayProcess(
                in: stage.environment, name: "soak",
                routes: """
                    trunks:
                      - {name: load, targets: ["sip:\(address):7"], from_addresses: [\(address)], maximum_calls: 4000}
                    routes:
                      - {match: echo, to: echo, from: trunk}
                    \(SoakPhones.Manner.allCases.map { "  - {match: \($0), from: [trunk, user], to: \"sip sip:{user}@\(address):\(port)\"}" }.joined(separator: "\n"))
                      - {match: "*", from: trunk, to: user}
                    """,
                sip: ["maximum_calls: 4000"], media: ["rtp_ports: 20000-29999", "timeout: 3s"], records: ["database: DIRECTORY/calls.sqlite"],
                // Bounds that the warm-up reaches: what they keep is no leak.
                more: "traces: {memory: 1M}", variables: ["TERN_LOG_LEVEL": "warning"])
            do {
                try await play(gateway, SoakPhones(at: gateway, port: port), count: count, seconds: seconds, workers: workers)
            } catch {
                Issue.record("\(error)\n\(gateway.log.suffix(4_000))")
            }
            await gateway.end(within: .seconds(120))
        }

        private func play(_ gateway: GatewayProcess, _ phones: SoakPhones, count: Int, seconds: Int, workers: Int) async throws {
            let calls = SoakCalls(gateway: gateway)
            defer { phones.stop() }
            let isLong = count >= 10_000
            let alice = try await APIClient.user("alice", at: gateway)
            let serving = calls.serve(alice)
            var random = SeededRandom("soak"), rows: [Sample] = []
            func run(_ count: Int, workers: Int, breaking: Bool = true, until end: ContinuousClock.Instant? = nil) async throws {
                let begun = ContinuousClock.now
                let (made, problems) = await calls.run(count, workers: workers, breaking: breaking, until: end, random: &random)
                #expect(problems.isEmpty, "\(problems.count) of \(made) calls: \(problems.prefix(20).joined(separator: "\n"))")
                let played = begun.duration(to: .now)
                let sample = try await Sample.whenIdle(gateway, calls: (rows.last?.calls ?? 0) + made, rate: Double(made) / played.seconds)
                print("soak: \(sample)")
                rows.append(sample)
            }
            // The long form: as many again. What keeps the last 4,000 calls (CallIndex) is full then, and has been renewed once: until then the heap grows, as calls
            // that are kept come to lie between what is given back.
            let warmUp = max(1, isLong ? count : count / 5)
            // What is broken off is waited for as long as SIP's timers say: the short form does that once.
            try await run(warmUp, workers: workers, breaking: isLong)
            try await run(isLong ? count : count - warmUp, workers: workers)
            if seconds > 0 { try await run(.max, workers: max(1, workers / 2), until: .now + .seconds(seconds)) }
            serving.cancel()
            await serving.value
            await alice.leave()
            // The short form ends before everything has been used once: it finds what grows with each call.
            for row in rows.dropFirst() { row.compare(with: rows[0], memory: isLong ? 0.02 : 0.25) }
            report(rows)
        }

        private func report(_ rows: [Sample]) {
            guard let path = ProcessInfo.processInfo.environment["TERN_SOAK_REPORT"], let file = FileHandle(forWritingAtPath: path) else { return }
            file.write(Data(rows.map { $0.row + "\n" }.joined().utf8))
            try? file.close()
        }
    }
}

/// What a gateway and its Janus have when no call is up.
private struct Sample: CustomStringConvertible {
    /// Since the start, and of them in a second lately.
    let calls: Int, rate: Double
    let descriptors: (gateway: Int, janus: Int)
    let sessions: Int, legs: Int, handles: Int, setUps: Int, timers: Int, threads: Int
    /// Bytes that the gateway has allocated; KiB that both have of the system.
    let allocated: Int, resident: (gateway: Int, janus: Int)

    /// Waits until nothing is up: a party that is gone is waited for as long as SIP's timers say.
    static func whenIdle(_ gateway: GatewayProcess, calls: Int, rate: Double) async throws -> Sample {
        var status: GatewayProcess.Status?
        let isIdle = await eventually(within: .seconds(150)) {
            status = try? gateway.status()
            return status.map { $0.calls + $0.sessions + $0.sipLegs + $0.handles == 0 && $0.clients <= 1 } ?? false
        }
        guard isIdle else { throw HarnessError("left over: \(String(describing: status))") }
        // Transactions of SIP end 32 s after their last message; the records are written within a second.
        var last = -1
        _ = try await eventually(within: .seconds(60)) {
            let timers = try Int(gateway.metric("tern_event_loop_timers"))
            defer { last = timers }
            try await Task.sleep(for: .seconds(2))
            return timers == last
        }
        return try Sample(gateway, calls: calls, rate: rate)
    }

    private init(_ gateway: GatewayProcess, calls: Int, rate: Double) throws {
        guard let janus = gateway.janusProcesses().first else { throw HarnessError("no Janus") }
        (self.calls, self.rate) = (calls, rate)
        func open(_ process: Int32) -> Int { (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").count) ?? 0 }
        // The page's connection of this question is none of the gateway's own.
        descriptors = (gateway.descriptors().count, open(janus))
        func value(_ name: String) throws -> Int { Int(try gateway.metric(name)) }
        sessions = try value("tern_sessions")
        legs = try value("tern_sip_legs")
        handles = try value(#"tern_janus_handles{server="janus-1"}"#)
        setUps = try value("tern_sip_set_ups")
        timers = try value("tern_event_loop_timers")
        allocated = try value("tern_allocated_memory_bytes")
        threads = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(janus)/task").count) ?? 0)
        resident = (IntegrationTests.Torture.memory(of: gateway.pid), IntegrationTests.Torture.memory(of: janus))
    }

    /// - Parameter memory: The share by which memory may have grown.
    func compare(with first: Sample, memory: Double) {
        #expect(sessions == 0 && legs == 0 && handles == 0 && setUps == 0, "\(self)")
        #expect(descriptors.gateway <= first.descriptors.gateway && descriptors.janus <= first.descriptors.janus, "\(first)\n\(self)")
        #expect(timers <= first.timers && threads <= first.threads, "\(first)\n\(self)")
        for (now, before) in [(resident.gateway, first.resident.gateway), (resident.janus, first.resident.janus)] {
            #expect(Double(now) <= Double(before) * (1 + memory), "\(first)\n\(self)")
        }
        // Queues are cut when they are twice as long as they need be: it depends on the moment how much of that is there.
        #expect(Double(allocated) <= Double(first.allocated) * (1 + max(memory, 0.05)), "\(first)\n\(self)")
    }

    var description: String {
        "\(calls) calls, \(String(format: "%.1f", rate)) a second lately; descriptors \(descriptors), sessions \(sessions), legs \(legs), handles \(handles), set-ups \(setUps), "
            + "timers \(timers), threads of Janus \(threads), \(allocated >> 10) KiB allocated, \(resident) KiB of the system"
    }

    /// For the table of docs/reliability.md.
    var row: String {
        "| \(calls) | \(String(format: "%.1f", rate)) | \(sessions), \(legs), \(handles) | \(timers) | \(descriptors.gateway), \(descriptors.janus) | "
            + "\(String(format: "%.1f", Double(allocated) / 1_048_576)) MB | \(resident.gateway >> 10) MB, \(resident.janus >> 10) MB |"
    }
}
