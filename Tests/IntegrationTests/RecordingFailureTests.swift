import EventLoop
import Foundation
import JSON
import Testing

/// What becomes of recordings when something dies, is missing or is full.
extension IntegrationTests {
    @Suite("Recordings when parts fail")
    struct RecordingFailures {
        @Test("the gateway is killed in the middle: its next start finishes what was recorded")
        func gatewayKilled() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "killed")
            let (caller, called, id) = try await recordedCall(at: gateway)
            defer { [caller, called].forEach { $0.stop() } }
            try await Task.sleep(for: .seconds(2))
            await gateway.kill()
            #expect(!FileManager.default.fileExists(atPath: file(id, gateway)))
            let next = try await GatewayProcess(again: gateway, in: stage.environment)
            #expect(await eventually(within: .patience) { FileManager.default.fileExists(atPath: file(id, gateway)) }, "\(next.log.suffix(2_000))")
            let recorded = try Recorded(file(id, gateway))
            // Janus has the last half second in its buffers.
            #expect(recorded.duration > 1 && recorded.duration < 4)
            #expect(recorded.hears(440, on: .left) && recorded.hears(620, on: .right))
            #expect(await eventually(within: .patience) { names(gateway) == ["\(id).m4a"] }, "\(names(gateway))")
            await next.end()
        }

        @Test("Janus is killed in the middle: the call ends, and what was recorded is ready")
        func janusKilled() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "janus-killed")
            let admin = try await APIClient.user("admin", at: gateway)
            try await admin.request("core", "subscribe", [:])
            let (caller, called, id) = try await recordedCall(at: gateway)
            defer { [caller, called].forEach { $0.stop() } }
            try await Task.sleep(for: .seconds(2))
            for process in gateway.janusProcesses() { kill(process, SIGKILL) }
            _ = try await admin.event("stop", of: id)
            try await caller.hungUp()
            try await called.hungUp()
            let body = try await admin.recording(.ready, of: id)
            #expect(body["path"]?.stringValue == "\(id).m4a")
            let recorded = try Recorded(file(id, gateway))
            #expect(recorded.hears(440, on: .left) && recorded.hears(620, on: .right))
            await admin.leave()
            await gateway.end()
        }

        @Test("without ffmpeg the call goes on, an event says why, and what Janus wrote stays")
        func withoutProgram() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "no-ffmpeg", recording: ["ffmpeg: /nonexistent/ffmpeg"])
            let admin = try await APIClient.user("admin", at: gateway)
            try await admin.request("core", "subscribe", [:])
            let (caller, called, id) = try await recordedCall(at: gateway)
            defer { [caller, called].forEach { $0.stop() } }
            #expect(await eventually(within: .patience) { names(gateway).count { $0.hasSuffix(".mjr") } >= 2 })
            try await admin.request("media", "update_session", ["session_id": .string(id), "record": false])
            let failed = try await admin.recording(.failed, of: id)
            #expect(failed["reason"]?.stringValue?.contains("/nonexistent/ffmpeg") == true, "\(failed.text)")
            #expect(names(gateway).count { $0.hasSuffix(".mjr") } >= 2 && names(gateway).contains("\(id).recording"))
            #expect(await caller.audio.hears(620))
            try await caller.hangUp()
            try await called.hungUp()
            await admin.leave()
            _ = await gateway.stop()
        }

        @Test("the disk fills up: recordings stop, none begins, calls go on; with room again what was recorded is finished")
        func diskFull() async throws {
            let stage = try Stage.running
            let folder = stage.environment.directory.appendingPathComponent("full/recordings")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let mount = try await TestProcess("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder.path])
            try #require(await mount.exit(within: .seconds(5)) == .exited(0), "\(mount.output)")
            defer { umount2(folder.path, 2 /* MNT_DETACH */) }
            let gateway = try await GatewayProcess(in: stage.environment, name: "full", recording: ["minimum_free: 1M"])
            let admin = try await APIClient.user("admin", at: gateway)
            try await admin.request("core", "subscribe", [:])
            let (caller, called, id) = try await recordedCall(at: gateway)
            defer { [caller, called].forEach { $0.stop() } }
            try await Task.sleep(for: .seconds(1))
            // All of it: Janus and ffmpeg have no room either.
            let ballast = folder.appendingPathComponent("ballast")
            let fill = try await TestProcess("dd", ["if=/dev/zero", "of=\(ballast.path)", "bs=64k"])
            _ = await fill.exit(within: .seconds(5))
            let stopped = try await admin.recording(.stopped, of: id)
            #expect(stopped["reason"]?.stringValue?.contains("full") == true, "\(stopped.text)")
            let failed = try await admin.recording(.failed, of: id)
            #expect(failed["reason"]?.stringValue?.contains("full") == true, "\(failed.text)")
            let refusal = try await admin.refusal(of: "media", "update_session", ["session_id": .string(id), "record": true])
            #expect(refusal.code == 3013, "\(refusal)")
            #expect(await caller.audio.hears(620))
            try await echoes(at: gateway, on: stage)
            let (code, body) = try SmallHTTP.status(port: gateway.httpPort)
            let counts = try JSONValue(parsing: body)["recordings"]
            #expect(code == 200 && counts?["refused"] == 2 && counts?["failed"] == 1 && counts?["running"] == 0, "\(body)")
            try await caller.hangUp()
            try await called.hungUp()
            await admin.leave()
            #expect(await gateway.stop() == .exited(0))
            try FileManager.default.removeItem(at: ballast)
            let next = try await GatewayProcess(again: gateway, in: stage.environment)
            #expect(await eventually(within: .patience) { FileManager.default.fileExists(atPath: file(id, gateway)) }, "\(next.log.suffix(2_000))")
            #expect(try Recorded(file(id, gateway)).hears(440, on: .left))
            _ = await next.stop()
        }

        // MARK: What the tests share

        /// An echo that was to be recorded and cannot be goes on without.
        private func echoes(at gateway: GatewayProcess, on stage: Stage) async throws {
            let client = try await APIClient.user("alice", at: gateway), peers = try await Peers(stage)
            let offer = try await peers.offer("one", frequency: 700, video: false)
            let start = try await client.request("media", "start_session", ["type": "echo", "offer": ["sdp": offer], "record": true])
            let id = try #require(start["session_id"]?.stringValue)
            _ = try await client.recording(.failed, of: id)
            try await peers.accept("one", try #require(start["answer"]?["sdp"]))
            let heard = try await peers.missing(700, at: "one")
            #expect(heard == nil)
            let info = try await client.request("media", "get_info", ["session_id": .string(id)])
            #expect(info["options"]?["record"] == false)
            try await client.request("media", "stop_session", ["session_id": .string(id)])
            _ = try await client.event("stop", of: id)
            #expect(client.waitingEvents("record", of: id) == 0)
            await client.leave()
            try await peers.close()
        }

        /// Two phones in a call that is being recorded, and its session.
        private func recordedCall(at gateway: GatewayProcess) async throws -> (caller: SIPPhone, called: SIPPhone, session: String) {
            let caller = try SIPPhone(at: gateway), called = try SIPPhone(at: gateway, frequency: 620, port: gateway.phonePort)
            let admin = try await APIClient.user("admin", at: gateway)
            try await admin.request("core", "subscribe", [:])
            caller.call("phone")
            try await called.called()
            try await called.accept()
            try await caller.answered()
            guard await caller.audio.hears(620) else { throw HarnessError("the phones do not hear each other") }
            let list = try await admin.request("media", "get_list", ["user": "*"])
            let id = try #require(list["session_ids"]?[0]?.stringValue)
            try await admin.request("media", "update_session", ["session_id": .string(id), "record": true])
            _ = try await admin.recording(.started, of: id)
            await admin.leave()
            return (caller, called, id)
        }

        private func file(_ session: String, _ gateway: GatewayProcess) -> String { gateway.recordings.path + "/\(session).m4a" }

        private func names(_ gateway: GatewayProcess) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: gateway.recordings.path)) ?? []).sorted()
        }
    }
}
