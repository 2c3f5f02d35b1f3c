import Foundation
import JSON
import Testing

/// Janus slow, out of ports, and cut off.
extension IntegrationTests {
    @Suite("Janus that is slow, full or cut off")
    struct MediaServerFaults {
        @Test("Janus stands still nine tenths of the time: calls are set up more slowly, the one that is up stays, and Janus is not killed")
        func slow() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "slow-janus")
            let phone = try SIPPhone(at: gateway)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            let janus = try #require(gateway.janusProcesses().first)
            let slices = Task.detached {
                while !Task.isCancelled {
                    kill(janus, SIGSTOP)
                    try? await Task.sleep(for: .milliseconds(180))
                    kill(janus, SIGCONT)
                    try? await Task.sleep(for: .milliseconds(20))
                }
                kill(janus, SIGCONT)
            }
            let probe = try SIPProbe(at: gateway)
            // Longer than a check of Janus' health takes to fail twice.
            let end = ContinuousClock.now + .seconds(11)
            var calls = 0
            while ContinuousClock.now < end {
                try await probe.callEcho()
                calls += 1
            }
            slices.cancel()
            await slices.value
            #expect(calls >= 3)
            #expect(await phone.audio.hears(440))
            try await phone.hangUp()
            #expect(!gateway.log.contains("Janus is killed"))
            await gateway.end()
        }

        @Test("Janus is out of ports: further calls get 503, those that are up stay, and the first that ends makes room")
        func ports() async throws {
            let stage = try Stage.running
            // Of fifty pairs other programs have all but four.
            let taken = try stride(from: 23_008, through: 23_099, by: 2).map { try Socket(type: SOCK_DGRAM, address: stage.environment.address, port: $0) }
            defer { for socket in taken { socket.close() } }
            let gateway = try await GatewayProcess(in: stage.environment, name: "no-ports", media: ["rtp_ports: 23000-23099"])
            let probe = try SIPProbe(at: gateway)
            var calls = (0..<4).map { _ in SIPProbe.Call(to: "echo", from: probe) }
            for index in calls.indices {
                probe.send(calls[index].invite())
                let answer = try await probe.final(of: calls[index])
                try #require(SIPProbe.status(of: answer) == 200, "\(index): \(answer)")
                calls[index].learn(from: answer)
                probe.send(calls[index].request("ACK", number: 1))
            }
            for _ in 0..<3 {
                let refused = SIPProbe.Call(to: "echo", from: probe)
                probe.send(refused.invite())
                #expect(try await probe.finalStatus(of: refused) == 503)
                probe.send(refused.acknowledgement(of: "INVITE"))
            }
            #expect(gateway.log.contains("is free on this address"))
            for call in calls {
                probe.send(call.request("OPTIONS", number: 2))
                #expect(try await probe.finalStatus("OPTIONS", of: call) == 200)
            }
            probe.send(calls[0].request("BYE", number: 3))
            #expect(try await probe.finalStatus("BYE", of: calls[0]) == 200)
            #expect(await eventually(within: .patience) { (try? gateway.status().handles) == 3 })
            try await probe.callEcho()
            for call in calls.dropFirst() {
                probe.send(call.request("BYE", number: 3))
                #expect(try await probe.finalStatus("BYE", of: call) == 200)
            }
            await gateway.end()
        }

        @Test("the WebSocket to Janus is cut: a call that is up and one that rings end once each, a session too, Janus keeps nothing, and new calls work")
        func cut() async throws {
            let stage = try Stage.running
            let janus = try await ExternalJanus(stage, name: "cut-janus")
            do {
                let gateway = try await GatewayProcess(in: stage.environment, name: "cut", janus: ["mode: external", "urls: [\"\(janus.url)\"]"])
                let up = try SIPPhone(at: gateway), caller = try SIPPhone(at: gateway), called = try SIPPhone(at: gateway, port: gateway.phonePort)
                defer { [up, caller, called].forEach { $0.stop() } }
                up.call("echo")
                try await up.answered()
                caller.call("phone")
                try await called.called()
                try called.ring()
                _ = try await caller.provisional(180)
                let client = try await APIClient.user("alice", at: gateway)
                let started = try await client.request(
                    "media", "start_session", ["type": "echo", "offer": ["sdp": .string(SIPProbe.Call.sdp(gateway.address)), "sdp_type": "rtp"]])
                let session = try #require(started["session_id"]?.stringValue)
                janus.disconnect()
                try await up.hungUp()
                _ = try await client.event("stop", of: session)
                let refusal = try await caller.final("INVITE", within: .patience)
                #expect((500...599).contains(refusal.status), "\(refusal.text)")
                if let dialog = caller.dialog { caller.probe.send(dialog.acknowledgement(of: refusal)) }
                let cancel = try #require(await called.probe.message(where: { $0.hasPrefix("CANCEL ") }))
                called.send { $0.response(200, "OK", to: SIPText(text: cancel)) }
                try await called.refuse(487)
                try await gateway.ready(within: .patience)
                try await SIPProbe(at: gateway).callEcho()
                #expect(client.waitingEvents("stop", of: session) == 0)
                #expect(await up.probe.message(within: .milliseconds(1)) { $0.hasPrefix("BYE ") } == nil)
                await client.leave()
                await gateway.end()
            } catch {
                Issue.record(error)
            }
            await janus.stop()
        }
    }
}
