import EventLoop
import Foundation
import Testing

/// More calls than the machine takes, callers who acknowledge nothing, and floods of what needs no call. All limits are ratios within a run: the machine
/// does other things as well.
extension IntegrationTests {
    @Suite("Overload")
    struct Overload {
        private static func gateway(_ name: String, maximumCalls: Int = 4_000) async throws -> GatewayProcess {
            let environment = try Stage.running.environment
            return try await GatewayProcess(
                in: environment, name: name,
                routes: """
                    trunks:
                      - {name: load, targets: ["sip:\(environment.address):7"], from_addresses: [\(environment.address)], maximum_calls: 4000}
                    routes:
                      - {match: echo, to: echo, from: [trunk, user, anyone]}
                    """,
                sip: ["maximum_calls: \(maximumCalls)"], media: ["rtp_ports: 22000-29999"],
                // A debug build beside other programs: so many at a time that the media server still makes some of them ready.
                more: "limits: {set_ups: 20}")
        }

        @Test("at many times what can be set up each accepted call lives, OPTIONS are answered, others get 503 with Retry-After, and afterwards all is well")
        func load() async throws {
            let gateway = try await Self.gateway("overload")
            let seconds = 8
            let little = try await LoadRun(to: gateway, rate: 10, seconds: seconds)
            #expect(little.failed == 0)
            let options = try OptionsProbe(to: gateway)
            let begun = ContinuousClock.now
            let much = try await LoadRun(to: gateway, rate: 600, seconds: seconds)
            let duration = begun.duration(to: .now)
            let delays = await options.stop()
            #expect(much.failed == 0, "accepted calls died: \(much)")
            #expect(much.refused > much.accepted, "\(much)")
            // Overload takes no throughput away.
            #expect(much.accepted >= little.accepted / 2, "\(much), \(little)")
            #expect(delays.unanswered * 50 <= delays.times.count && delays.longest(but: 0.01) < duration / 20, "\(delays)")
            let after = try await LoadRun(to: gateway, rate: 5, seconds: 2)
            #expect(after.failed == 0 && after.refused == 0, "\(after)")
            await gateway.end()
        }

        @Test("strangers who acknowledge nothing take a few lines, are challenged then, and others call as before, users from there too")
        func strangers() async throws {
            let gateway = try await Self.gateway("strangers", maximumCalls: 400)
            let flood = try SIPProbe(at: gateway, address: "10.99.0.2")
            var taken = 0, challenged = 0
            let calls = (0..<100).map { _ in SIPProbe.Call(to: "echo", from: flood) }
            for call in calls {
                flood.send(call.invite())
                switch try await flood.finalStatus(of: call) {
                case 200: taken += 1
                case 401: challenged += 1
                default: Issue.record("neither taken nor challenged")
                }
            }
            #expect(taken > 0 && taken * 10 <= calls.count && taken + challenged == calls.count, "\(taken) taken, \(challenged) challenged")
            #expect(try gateway.status().calls == taken)
            // A trunk, by its address.
            try await SIPProbe(at: gateway).callEcho()
            // A user, from where the flood comes.
            var call = SIPProbe.Call(to: "echo", from: flood)
            flood.send(call.invite())
            let challenge = try await flood.final(of: call)
            flood.send(call.acknowledgement(of: "INVITE"))
            let credentials = try flood.answer(
                to: challenge, user: "alice", password: GatewayProcess.password, method: "INVITE", uri: "sip:echo@\(flood.registrar)")
            flood.send(call.invite(branch: "z9hG4bK-credentials", headers: "Authorization: \(credentials)\r\n", number: 2))
            let answer = await flood.message(with: "CSeq: 2 INVITE", of: call)
            let final = answer?.hasPrefix("SIP/2.0 100") == true ? await flood.message(with: "CSeq: 2 INVITE", of: call) : answer
            #expect(final?.hasPrefix("SIP/2.0 200") == true, "\(final ?? "nothing")")
            call.learn(from: final ?? "")
            flood.send(call.request("ACK", number: 2))
            flood.send(call.request("BYE", number: 3))
            #expect(try await flood.finalStatus("BYE", of: call) == 200)
            await gateway.end(within: .seconds(120))
        }

        @Test("20,000 OPTIONS and 20,000 REGISTERs without credentials leave no memory behind")
        func memory() async throws {
            let gateway = try await Self.gateway("memory")
            let probe = try SIPProbe(at: gateway)
            // What it needs to run at all is there after the first.
            try await Self.flood(probe, 400)
            let before = Torture.memory(of: gateway.pid)
            try await Self.flood(probe, 20_000)
            let after = Torture.memory(of: gateway.pid)
            // With a transaction of 7 KB each it would be 280 MB more.
            #expect(Double(after) < Double(before) * 1.5, "\(before) KiB before, \(after) KiB after")
            await gateway.end()
        }

        private static func flood(_ probe: SIPProbe, _ count: Int) async throws {
            let batch = 100
            for start in stride(from: 0, to: count, by: batch) {
                let ids = (0..<batch).map { "flood-\(start + $0)-\(UUID().uuidString)" }
                for id in ids {
                    probe.send(probe.registration("alice", at: nil, id: id, number: 1, expires: 60, contact: nil))
                    let call = SIPProbe.Call(to: "echo", from: probe)
                    probe.send(call.request("OPTIONS", number: 1))
                }
                for _ in 0..<batch * 2 {
                    guard await probe.message(where: { $0.hasPrefix("SIP/2.0 401") || $0.hasPrefix("SIP/2.0 200") }) != nil else {
                        throw HarnessError("not all are answered")
                    }
                }
            }
        }
    }
}
