import EventLoop
import Foundation
import Testing

/// Parts that die under a call.
extension IntegrationTests {
    @Suite("When parts die")
    struct Failures {
        @Test("Janus is killed: the call ends with BYE, the page is told, and new calls work within seconds")
        func janusKilled() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let phone = try RTPPhone(on: stage.environment.address)
                let run = try await SIPpRun.calling("alice", "uac-user-hangs-up", on: stage, rtpPort: phone.port)
                try await page.wait(for: "incoming")
                try await page.click("answer-button")
                try await page.wait(for: "in-call")
                #expect(await phone.hears(Chromium.frequency))
                let janus = stage.gateway.janusProcesses()
                #expect(janus.count == 1)
                for process in janus { kill(process, SIGKILL) }
                await run.passes()
                try await page.wait(for: "ready")
                try await stage.gateway.ready(within: .patience)
                #expect(stage.gateway.janusProcesses().count == 1)
                try await SIPpRun.calling("echo", "uac-echo", on: stage).passes()
                phone.stop()
            }
        }

        @Test("without Janus a call is refused with 503 and Retry-After")
        func noJanus() async throws {
            let stage = try Stage.running
            for process in stage.gateway.janusProcesses() { kill(process, SIGKILL) }
            let noticed = await eventually(within: .patience) { (try? stage.gateway.status().janus) != "ready" }
            #expect(noticed)
            let probe = try SIPProbe(stage)
            let call = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.invite())
            let answer = try await probe.final(of: call)
            #expect(SIPProbe.status(of: answer) == 503 && answer.lowercased().contains("retry-after:"), "\(answer)")
            probe.send(call.acknowledgement(of: "INVITE"))
            try await stage.gateway.ready(within: .patience)
            try await probe.callEcho()
        }

        @Test("Janus answers nothing: the caller gets a 5xx in bounded time, and calls work when it is back")
        func janusSilent() async throws {
            let stage = try Stage.running
            let janus = stage.gateway.janusProcesses()
            for process in janus { kill(process, SIGSTOP) }
            defer { for process in janus { kill(process, SIGCONT) } }
            let probe = try SIPProbe(stage)
            let call = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.invite())
            let status = try await probe.finalStatus(of: call, within: .patience)
            #expect((500...599).contains(status))
            probe.send(call.acknowledgement(of: "INVITE"))
            for process in janus { kill(process, SIGCONT) }
            try await stage.gateway.ready(within: .patience)
            try await probe.callEcho()
        }

        @Test("the ports for phones' media are used up: a call more is refused with 503, those that stand go on, and one that ends makes room")
        func portsUsedUp() async throws {
            let stage = try Stage.running
            // Half of them is for phones, a pair for each medium.
            let gateway = try await GatewayProcess(in: stage.environment, name: "few-ports", media: ["rtp_ports: 21000-21099"])
            let probe = try SIPProbe(at: gateway)
            var calls: [SIPProbe.Call] = []
            for _ in 0..<25 {
                var call = SIPProbe.Call(to: "echo", from: probe)
                probe.send(call.invite())
                let answer = try await probe.final(of: call)
                try #require(SIPProbe.status(of: answer) == 200, "\(answer)")
                call.learn(from: answer)
                probe.send(call.request("ACK", number: 1))
                calls.append(call)
            }
            let refused = SIPProbe.Call(to: "echo", from: probe)
            probe.send(refused.invite())
            #expect(try await probe.finalStatus(of: refused, within: .patience) == 503)
            probe.send(refused.acknowledgement(of: "INVITE"))
            let first = calls.removeFirst()
            probe.send(first.request("BYE", number: 2))
            #expect(try await probe.finalStatus("BYE", of: first) == 200)
            #expect(await eventually(within: .patience) { (try? gateway.status().handles) == 24 })
            try await probe.callEcho()
            for call in calls {
                probe.send(call.request("BYE", number: 2))
                #expect(try await probe.finalStatus("BYE", of: call) == 200)
            }
            await gateway.end()
        }

        @Test("the RTP port of a phone is closed, and it sends nothing: it is given up after two seconds, and both sides are told why", arguments: [true, false])
        func closedPort(withPage: Bool) async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage, port: withPage ? 0 : stage.gateway.phonePort)
            defer { phone.stop() }
            let address = stage.environment.address
            // Otherwise it would be reached where its packets come from.
            phone.audio.pause(true)
            phone.media = PhoneMedia(address: address, audioPort: try FreePort.both(address), videoPort: phone.video.port, video: nil)
            let reason = #"SIP;cause=408;text="The phone's RTP port is closed""#
            if withPage {
                try await stage.with("alice") { page in
                    try await page.dial(phone.uri)
                    try await phone.called()
                    try await phone.accept()
                    #expect(try await phone.reasonOfHangUp() == reason)
                    #expect(try await page.endOfCall() == "408")
                }
            } else {
                let caller = try SIPPhone(stage, frequency: 700)
                defer { caller.stop() }
                caller.call("phone")
                try await phone.called()
                try await phone.accept()
                try await caller.answered()
                #expect(try await phone.reasonOfHangUp() == reason)
                #expect(try await caller.reasonOfHangUp() == reason)
            }
        }

        @Test("the RTP port of a phone whose call still rings is closed: that ends nothing until the call is answered")
        func closedPortWhileRinging() async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, frequency: 700), phone = try SIPPhone(stage, port: stage.gateway.phonePort)
            defer { caller.stop(); phone.stop() }
            let address = stage.environment.address
            caller.audio.pause(true)
            caller.media = PhoneMedia(address: address, audioPort: try FreePort.both(address), videoPort: caller.video.port, video: nil)
            caller.call("phone")
            try await phone.called()
            // Its tone is early media, which the caller's port refuses.
            try phone.ring(early: true)
            #expect(!(await caller.hasOutcome(within: .seconds(4))))
            try await phone.accept()
            try await caller.answered()
            let reason = #"SIP;cause=408;text="The phone's RTP port is closed""#
            #expect(try await caller.reasonOfHangUp() == reason)
            #expect(try await phone.reasonOfHangUp() == reason)
        }
    }
}
