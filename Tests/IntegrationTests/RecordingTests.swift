import Foundation
import JSON
import Testing

/// Recordings of real calls: each side's tone is recognised in its channel of the file.
extension IntegrationTests {
    @Suite("Recordings")
    struct Recordings {
        @Test("a phone calls a browser: the phone is left, the browser right, and each recording of the call is a file of its own")
        func phoneToBrowser() async throws {
            try await play { stage, client, peers in
                let phone = try SIPPhone(stage)
                defer { phone.stop() }
                phone.call("alice")
                let invite = try await client.serve("call_invite")
                let id = try #require(invite["session_id"]?.stringValue)
                let answer = try await peers.answer("callee", to: try #require(invite["offer"]?["sdp"]), frequency: 700, video: false)
                try await client.request("media", "answer_call", ["call_id": try #require(invite["call_id"]), "answer": ["sdp": answer]])
                try await phone.answered()
                #expect(await phone.audio.hears(700))
                for name in [id, "\(id)-2"] {
                    try await update(client, id, ["record": true])
                    #expect(try await client.recording(.started, of: id)["file"]?.stringValue == name)
                    let begin = ContinuousClock.now
                    try await Task.sleep(for: .seconds(2))
                    try await update(client, id, ["record": false])
                    let length = (ContinuousClock.now - begin).seconds
                    #expect(try await client.recording(.stopped, of: id)["file"]?.stringValue == name)
                    let recorded = try await client.recorded(id, at: stage.gateway)
                    #expect(recorded.path.hasSuffix("/\(name).m4a") && recorded.streams == ["aac,audio"])
                    #expect(abs(recorded.duration - length) < 0.5)
                    for (tone, side) in [(440.0, Recorded.Side.left), (700, .right)] {
                        let spans = recorded.spans(of: tone, on: side)
                        #expect(spans.count == 1 && spans.allSatisfy { $0.lowerBound < 0.3 && $0.upperBound > recorded.duration - 0.3 }, "\(spans)")
                    }
                    #expect(!recorded.hears(700, on: .left) && !recorded.hears(440, on: .right))
                }
                #expect(files(stage, of: id) == ["\(id)-2.m4a", "\(id).m4a"])
                try await phone.hangUp()
                _ = try await client.event("hangup")
            }
        }

        @Test("a browser calls a phone, recorded from the start to the end: the file is ready after the session's end")
        func browserToPhone() async throws {
            try await play { stage, client, peers in
                let phone = try SIPPhone(stage)
                defer { phone.stop() }
                let offer = try await peers.offer("caller", frequency: 700, video: false)
                let start = try await client.request("media", "start_call", ["dest": .string(phone.uri), "offer": ["sdp": offer], "record": true])
                let id = try #require(start["session_id"]?.stringValue)
                try await phone.called()
                try await phone.accept()
                let answer = try await client.event("answer", of: start["call_id"]?.stringValue)
                try await peers.accept("caller", try #require(answer["answer"]?["sdp"]))
                _ = try await client.recording(.started, of: id)
                #expect(await phone.audio.hears(700))
                try await Task.sleep(for: .seconds(1))
                try await phone.hangUp()
                _ = try await client.event("stop", of: id)
                #expect(client.waitingEvents("record", of: id) == 1, "stopped comes before stop")
                let recorded = try await client.recorded(id, at: stage.gateway)
                #expect(recorded.hears(700, on: .left) && recorded.hears(440, on: .right))
                #expect(!recorded.hears(440, on: .left) && !recorded.hears(700, on: .right))
            }
        }

        @Test("a phone that sends nothing for a while, its timestamps standing still: what it says then is not shifted")
        func hold() async throws {
            try await play { stage, client, peers in
                let phone = try SIPPhone(stage)
                defer { phone.stop() }
                let offer = try await peers.offer("caller", frequency: 700, video: false)
                let start = try await client.request("media", "start_call", ["dest": .string(phone.uri), "offer": ["sdp": offer]])
                let id = try #require(start["session_id"]?.stringValue)
                try await phone.called()
                try await phone.accept()
                let answer = try await client.event("answer", of: start["call_id"]?.stringValue)
                try await peers.accept("caller", try #require(answer["answer"]?["sdp"]))
                #expect(await phone.audio.hears(700))
                try await update(client, id, ["record": true])
                let begin = ContinuousClock.now
                var times: [Double] = []
                for isPaused in [true, false] {
                    try await Task.sleep(for: .seconds(1.5))
                    phone.audio.pause(isPaused)
                    times.append((ContinuousClock.now - begin).seconds)
                }
                try await Task.sleep(for: .seconds(1))
                try await update(client, id, ["record": false])
                let recorded = try await client.recorded(id, at: stage.gateway)
                let spans = recorded.spans(of: 440, on: .right)
                #expect(spans.count == 2, "\(spans)")
                if spans.count == 2 {
                    #expect(abs(spans[0].upperBound - times[0]) < 0.25 && abs(spans[1].lowerBound - times[1]) < 0.25, "\(spans), \(times)")
                }
                #expect(recorded.spans(of: 700, on: .left).count == 1)
                try await phone.hangUp()
                _ = try await client.event("hangup")
            }
        }

        @Test("two phones: the caller is left and the called one right, and an admin hears of it")
        func phones() async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage), called = try SIPPhone(stage, frequency: 620, port: stage.gateway.phonePort)
            let admin = try await APIClient.user("admin", at: stage.gateway)
            defer { [caller, called].forEach { $0.stop() } }
            try await admin.request("core", "subscribe", [:])
            caller.call("phone")
            try await called.called()
            try await called.accept()
            try await caller.answered()
            #expect(await caller.audio.hears(620))
            let list = try await admin.request("media", "get_list", ["user": "*"])
            let id = try #require(list["session_ids"]?[0]?.stringValue)
            try await update(admin, id, ["record": true])
            try await Task.sleep(for: .seconds(1.5))
            // Both fall silent at once, and do so in the file.
            [caller, called].forEach { $0.audio.pause(true) }
            try await Task.sleep(for: .seconds(0.5))
            try await caller.hangUp()
            try await called.hungUp()
            let recorded = try await admin.recorded(id, at: stage.gateway)
            if let left = recorded.spans(of: 440, on: .left).last, let right = recorded.spans(of: 620, on: .right).last {
                #expect(abs(left.upperBound - right.upperBound) < 0.1, "\(left), \(right)")
            }
            #expect(recorded.hears(440, on: .left) && recorded.hears(620, on: .right))
            #expect(!recorded.hears(620, on: .left) && !recorded.hears(440, on: .right))
            await admin.leave()
        }

        @Test("two browsers with video: their video is side by side, and moves")
        func browsers() async throws {
            try await play { stage, client, peers in
                let offer = try await peers.offer("caller", frequency: 700)
                let start = try await client.request("media", "start_session", ["type": "proxy", "offer": ["sdp": offer], "record": true])
                let id = try #require(start["session_id"]?.stringValue)
                let answer = try await peers.answer("callee", to: try #require(start["offer"]?["sdp"]), frequency: 1_500)
                let answered = try await client.request("media", "answer_session", ["session_id": .string(id), "answer": ["sdp": answer]])
                try await peers.accept("caller", try #require(answered["answer"]?["sdp"]))
                let heard = try await peers.missing(700, at: "callee")
                #expect(heard == nil)
                try await Task.sleep(for: .seconds(2))
                try await client.request("media", "stop_session", ["session_id": .string(id)])
                let recorded = try await client.recorded(id, at: stage.gateway)
                #expect(recorded.path.hasSuffix(".mp4") && recorded.streams == ["aac,audio", "h264,video"])
                #expect(recorded.hears(700, on: .left) && recorded.hears(1_500, on: .right))
                #expect(try recorded.size() == [640, 240])
                #expect(try recorded.pictures() > 25)
            }
        }

        @Test("with `tracks` a phone's and a browser's video are as they were sent, a track each", arguments: [PhoneMedia.Video.vp8, .h264])
        func tracks(codec: PhoneMedia.Video) async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "tracks-\(codec.rawValue)", recording: ["video: tracks"])
            let client = try await APIClient.user("alice", at: gateway), peers = try await Peers(stage)
            let phone = try SIPPhone(at: gateway, video: codec)
            defer { phone.stop() }
            phone.call("alice")
            let invite = try await client.serve("call_invite")
            let id = try #require(invite["session_id"]?.stringValue)
            let answer = try await peers.answer("callee", to: try #require(invite["offer"]?["sdp"]), frequency: 700)
            try await client.request("media", "answer_call", ["call_id": try #require(invite["call_id"]), "answer": ["sdp": answer]])
            try await phone.answered()
            #expect(await phone.video.sees())
            #expect(await phone.audio.hears(700))
            try await update(client, id, ["record": true])
            try await Task.sleep(for: .seconds(3))
            try await phone.hangUp()
            let recorded = try await client.recorded(id, at: gateway)
            let video = "\(codec.rawValue.lowercased()),video"
            #expect(recorded.path.hasSuffix("/\(id).mkv") && recorded.streams == ["aac,audio", video, video])
            #expect(recorded.hears(440, on: .left) && recorded.hears(700, on: .right))
            #expect(try recorded.pictures(0) > 10 && recorded.pictures(1) > 10)
            await client.leave()
            try await peers.close()
            await gateway.end()
        }

        @Test("an echo: the browser on both channels, and its video once")
        func echo() async throws {
            try await play { stage, client, peers in
                let offer = try await peers.offer("one", frequency: 700)
                let start = try await client.request("media", "start_session", ["type": "echo", "offer": ["sdp": offer], "record": true])
                let id = try #require(start["session_id"]?.stringValue)
                try await peers.accept("one", try #require(start["answer"]?["sdp"]))
                let heard = try await peers.missing(700, at: "one")
                #expect(heard == nil)
                try await Task.sleep(for: .seconds(1))
                try await client.request("media", "stop_session", ["session_id": .string(id)])
                let recorded = try await client.recorded(id, at: stage.gateway)
                #expect(recorded.hears(700, on: .left) && recorded.hears(700, on: .right))
                #expect(try recorded.size() == [320, 240])
                #expect(files(stage, of: id) == ["\(id).mp4"])
            }
        }

        // MARK: What the tests share

        private func play(_ body: (Stage, APIClient, Peers) async throws -> Void) async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("alice", at: stage.gateway)
            let peers = try await Peers(stage)
            do {
                try await body(stage, client, peers)
            } catch {
                await client.leave()
                try? await peers.close()
                throw error
            }
            await client.leave()
            try await peers.close()
        }

        private func update(_ client: APIClient, _ id: String, _ options: [String: JSONValue]) async throws {
            try await client.request("media", "update_session", .object(options.merging(["session_id": .string(id)]) { $1 }))
        }

        private func files(_ stage: Stage, of session: String) -> [String] {
            let names = try? FileManager.default.contentsOfDirectory(atPath: stage.gateway.recordings.path)
            return (names ?? []).filter { $0.contains(session) }.sorted()
        }
    }
}
