import Foundation
import JSON
import Testing

/// Faults of what the gateway rests on: Janus that stands still, name servers that are dead, the gateway itself killed.
extension IntegrationTests {
    @Suite("Faults")
    struct Faults {
        @Test("Janus stands still for 5 s: a call outlives it, one that is begun meanwhile is answered or refused, and nothing is left")
        func stopped() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "stopped-janus")
            let phone = try SIPPhone(at: gateway)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            #expect(await phone.audio.hears(440))
            let janus = try #require(gateway.janusProcesses().first)
            #expect(kill(janus, SIGSTOP) == 0)
            let probe = try SIPProbe(at: gateway)
            var call = SIPProbe.Call(to: "echo", from: probe)
            let start = ContinuousClock.now
            probe.send(call.invite())
            // The rest of the gateway goes on: it answers what needs no Janus.
            let question = SIPProbe.Call(to: "echo", from: probe)
            probe.send(question.request("OPTIONS", number: 1))
            #expect(try await probe.finalStatus("OPTIONS", of: question, within: .seconds(1)) == 200)
            try await Task.sleep(for: .seconds(5) - start.duration(to: .now))
            #expect(kill(janus, SIGCONT) == 0)
            let answer = try await probe.final(of: call)
            if SIPProbe.status(of: answer) == 200 {
                call.learn(from: answer)
                probe.send(call.request("ACK", number: 1))
                probe.send(call.request("BYE", number: 2))
                #expect(try await probe.finalStatus("BYE", of: call) == 200)
            } else {
                probe.send(call.acknowledgement(of: "INVITE"))
                #expect(SIPProbe.status(of: answer) >= 480)
            }
            #expect(await phone.audio.hears(440))
            try await phone.hangUp()
            #expect(!gateway.log.contains("Janus is killed"))
            await gateway.end()
        }

        @Test("Janus stands still for good: it is killed and started again, its call ends with one BYE, and calls work again")
        func hung() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "hung-janus")
            let phone = try SIPPhone(at: gateway)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            let janus = try #require(gateway.janusProcesses().first)
            #expect(kill(janus, SIGSTOP) == 0)
            #expect(try await phone.reasonOfHangUp(within: .seconds(30)) != nil)
            // The call may notice before the watch over Janus does.
            #expect(await eventually(within: .seconds(20)) { gateway.log.contains("Janus is killed") })
            try await gateway.ready(within: .seconds(20))
            try await SIPProbe(at: gateway).callEcho()
            await gateway.end()
        }

        @Test("the gateway is killed in a call: after its restart the phone's BYE and re-INVITE are answered 481, and a new call works")
        func killed() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "killed")
            let probe = try SIPProbe(at: gateway)
            var call = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.invite())
            call.learn(from: try await probe.final(of: call))
            probe.send(call.request("ACK", number: 1))
            let janus = gateway.janusProcesses()
            await gateway.kill()
            let gone = await eventually(within: .patience) { janus.allSatisfy { kill($0, 0) != 0 } }
            #expect(gone, "Janus survives the gateway")
            let again = try await GatewayProcess(again: gateway, in: stage.environment)
            probe.send(call.request("OPTIONS", number: 2))
            #expect(try await probe.finalStatus("OPTIONS", of: call) == 481)
            probe.send(call.request("INVITE", number: 3))
            let refusal = SIPText(text: try await probe.final(of: call))
            #expect(refusal.status == 481 && refusal.number == 3)
            probe.send(call.request("BYE", number: 4))
            #expect(try await probe.finalStatus("BYE", of: call) == 481)
            try await probe.callEcho()
            await again.end()
        }

        @Test("the name server is dead: a call to a name is refused in time, and calls that need none do not notice")
        func names() async throws {
            let stage = try Stage.running
            // It takes questions, and says nothing.
            let dead = try Socket(type: SOCK_DGRAM, address: "127.0.0.1", port: 0)
            defer { dead.close() }
            let gateway = try await GatewayProcess(
                in: stage.environment, name: "dead-names",
                routes: """
                    routes:
                      - {match: echo, to: echo}
                      - {match: far, from: anyone, to: "sip sip:far@host.test"}
                    """,
                nameServer: "127.0.0.1:\(dead.port)")
            let probe = try SIPProbe(at: gateway)
            let calls = (0..<5).map { _ in SIPProbe.Call(to: "far", from: probe) }
            for call in calls { probe.send(call.invite()) }
            let start = ContinuousClock.now
            try await SIPProbe(at: gateway).callEcho()
            #expect(start.duration(to: .now) < .seconds(2))
            for call in calls {
                let status = try await probe.finalStatus(of: call, within: .seconds(15))
                #expect((480...504).contains(status), "\(status)")
                probe.send(call.acknowledgement(of: "INVITE"))
            }
            await gateway.end()
        }
    }
}
