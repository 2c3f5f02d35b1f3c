import EventLoop
import Foundation
import JSON
import Testing

/// How a gateway ends: when its calls have ended, when their time is over, or at once.
extension IntegrationTests {
    @Suite("Drain")
    struct Drain {
        /// A gateway of its own, and a call of a phone to its echo.
        private static func with(
            calls: [String] = [], _ body: (_ gateway: GatewayProcess, _ probe: SIPProbe, _ call: SIPProbe.Call) async throws -> Void
        ) async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "drain-\(UUID().uuidString.prefix(8))", calls: calls)
            let probe = try SIPProbe(at: gateway)
            var call = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.invite())
            call.learn(from: try await probe.final(of: call))
            probe.send(call.request("ACK", number: 1))
            do {
                try await body(gateway, probe, call)
            } catch {
                await gateway.kill()
                throw error
            }
        }

        @Test("SIGTERM: no new calls and sessions, by SIP, HTTP and in browsers; the call that is up goes on, and with its end the gateway ends with 0")
        func drains() async throws {
            try await Drain.with { gateway, probe, call in
                let janus = gateway.janusProcesses()
                #expect(janus.count == 1)
                let client = try await APIClient.user("alice", at: gateway)
                await gateway.terminate()
                _ = try await client.event("draining", of: "gateway")
                // A second signal would end all; the listeners still answer.
                let refused = SIPProbe.Call(to: "echo", from: probe)
                probe.send(refused.invite())
                let response = try await probe.final(of: refused)
                #expect(SIPProbe.status(of: response) == 503 && response.contains("\r\nRetry-After: "), "\(response)")
                probe.send(refused.acknowledgement(of: "INVITE"))
                let question = SIPProbe.Call(to: "echo", from: probe)
                probe.send(question.request("OPTIONS", number: 1))
                let options = try await probe.final("OPTIONS", of: question)
                #expect(SIPProbe.status(of: options) == 503 && options.contains("\r\nRetry-After: "), "\(options)")
                // Nobody opens it again.
                let admin = try await APIClient.user("admin", at: gateway)
                #expect(try await admin.refusal(of: "admin", "drain", ["on": false]).code == 5004)
                await admin.leave()
                let (status, text) = try SmallHTTP.get(gateway.httpAddress, port: gateway.httpPort, path: "/readyz")
                #expect(status == 503 && text.contains("the gateway is stopping"), "\(text)")
                let session: JSONValue = ["type": "echo", "offer": ["sdp": .string(SIPProbe.Call.sdp("10.0.0.1")), "sdp_type": "rtp"]]
                #expect(try await client.refusal(of: "media", "start_session", session).code == 5004)
                let later = try APIClient(gateway)
                let login = try await later.request("core", "login", ["user": "bob", "password": .string(GatewayProcess.password)])
                #expect(login["draining"]?.boolValue == true)
                // The call that is up has all its rights.
                probe.send(call.request("OPTIONS", number: 2))
                #expect(try await probe.finalStatus("OPTIONS", of: call) == 200)
                #expect(await gateway.exit(within: .milliseconds(500)) == nil)
                probe.send(call.request("BYE", number: 3))
                #expect(try await probe.finalStatus("BYE", of: call) == 200)
                #expect(await gateway.exit() == .exited(0), "\(gateway.log)")
                let gone = await eventually(within: .patience) { janus.allSatisfy { kill($0, 0) != 0 } }
                #expect(gone, "Janus survives the gateway")
            }
        }

        @Test("what has not ended within calls.drain is hung up")
        func overdue() async throws {
            try await Drain.with(calls: ["drain: 1s"]) { gateway, probe, call in
                await gateway.terminate()
                #expect(await probe.message(within: .milliseconds(600)) { $0.hasPrefix("BYE ") } == nil)
                let bye = try #require(await probe.message(with: "BYE sip:", of: call))
                probe.send(SIPProbe.ok(to: bye))
                #expect(await gateway.exit() == .exited(0), "\(gateway.log)")
                #expect(gateway.log.contains("calls are hung up: they have not ended in calls.drain"))
            }
        }

        @Test("a second SIGTERM hangs up at once", arguments: [SIGTERM, SIGINT])
        func atOnce(second: Int32) async throws {
            try await Drain.with { gateway, probe, call in
                await gateway.terminate()
                #expect(await eventually(within: .patience) { gateway.log.contains("no new calls are taken") })
                await gateway.send(signal: second)
                let bye = try #require(await probe.message(with: "BYE sip:", of: call))
                probe.send(SIPProbe.ok(to: bye))
                #expect(await gateway.exit() == .exited(0), "\(gateway.log)")
            }
        }

        @Test("a session of the browser API is waited for as well, and a gateway without any ends at once")
        func sessions() async throws {
            let stage = try Stage.running
            let idle = try await GatewayProcess(in: stage.environment, name: "drain-idle")
            await idle.terminate()
            #expect(await idle.exit() == .exited(0), "\(idle.log)")
            let gateway = try await GatewayProcess(in: stage.environment, name: "drain-session")
            let client = try await APIClient.user("alice", at: gateway)
            let started = try await client.request(
                "media", "start_session", ["type": "echo", "offer": ["sdp": .string(SIPProbe.Call.sdp(gateway.address)), "sdp_type": "rtp"]])
            let session = try #require(started["session_id"]?.stringValue)
            await gateway.terminate()
            _ = try await client.event("draining", of: "gateway")
            #expect(await gateway.exit(within: .milliseconds(500)) == nil)
            _ = try? await client.request("media", "stop_session", ["session_id": .string(session)])
            #expect(await gateway.exit() == .exited(0), "\(gateway.log)")
        }

        @Test("the page says that no new calls are taken, and takes it back")
        func page() async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway)
            try await stage.with("alice") { page in
                #expect(try await page.run("return document.getElementById('drain-banner').hidden") as JSONValue == .bool(true))
                _ = try await admin.request("admin", "drain", ["on": true])
                try await page.wait(until: "document.getElementById('drain-banner').textContent.includes('takes no new calls')")
                _ = try await admin.request("admin", "drain", ["on": false])
                try await page.wait(until: "document.getElementById('drain-banner').hidden")
            }
            await admin.leave()
        }
    }
}
