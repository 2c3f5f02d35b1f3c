import Foundation
import JSON
import Testing

/// An application server drives sessions for others, as in NkMEDIA's external interface, and carries the SDP itself.
extension IntegrationTests {
    @Suite("An application server")
    struct ApplicationServer {
        @Test("the echo sample: start_session with an offer and `record` brings an answer that works, and a recording")
        func echoSample() async throws {
            try await play { stage, client, peers in
                let offer = try await peers.offer("one", frequency: 700)
                let data = try await client.request("media", "start_session", [
                    "type": "echo", "offer": ["sdp": offer], "use_video": false, "record": true,
                ])
                let id = try #require(data["session_id"]?.stringValue)
                try await peers.accept("one", try #require(data["answer"]?["sdp"]))
                let heard = try await peers.missing(700, at: "one")
                #expect(heard == nil)
                #expect(try await peers.packets("video", at: "one") == 0)
                try await client.request("media", "stop_session", ["session_id": .string(id)])
                _ = try await client.event("stop", of: id)
                #expect(!recordings(stage, of: id).isEmpty)
            }
        }

        @Test("the proxy sample: start_session brings an offer, answer_session the answer, and both sides hear each other")
        func proxySample() async throws {
            try await play { stage, client, peers in
                let offer = try await peers.offer("caller", frequency: 700)
                let start = try await client.request("media", "start_session", ["type": "proxy", "offer": ["sdp": offer], "record": true])
                let id = try #require(start["session_id"]?.stringValue)
                let answer = try await peers.answer("callee", to: try #require(start["offer"]?["sdp"]), frequency: 1_500)
                let answered = try await client.request("media", "answer_session", ["session_id": .string(id), "answer": ["sdp": answer]])
                try await peers.accept("caller", try #require(answered["answer"]?["sdp"]))
                let caller = try await peers.missing(1_500, at: "caller"), callee = try await peers.missing(700, at: "callee")
                #expect(caller == nil)
                #expect(callee == nil)
                let refusal = try await client.refusal(of: "media", "answer_session", ["session_id": .string(id), "answer": ["sdp": answer]])
                #expect(refusal.code == 3004, "answering twice")
                try await client.request("media", "stop_session", ["session_id": .string(id)])
                _ = try await client.event("stop", of: id)
                #expect(!recordings(stage, of: id).isEmpty)
            }
        }

        @Test("update_session of an echo: audio, video and bitrate really change, each recording is a file of its own")
        func updates() async throws {
            try await play { stage, client, peers in
                let offer = try await peers.offer("one", frequency: 700)
                let data = try await client.request("media", "start_session", ["type": "echo", "offer": ["sdp": offer]])
                let id = try #require(data["session_id"]?.stringValue)
                try await peers.accept("one", try #require(data["answer"]?["sdp"]))
                func update(_ options: [String: JSONValue]) async throws {
                    try await client.request("media", "update_session", .object(options.merging(["session_id": .string(id)]) { $1 }))
                }
                let heard = try await peers.missing(700, at: "one")
                #expect(heard == nil)
                #expect(try await eventuallyFlows("video", peers, "one"))

                try await update(["use_audio": false])
                #expect(try await eventuallyStops("audio", peers, "one"))
                #expect(try await peers.packets("video", at: "one") > 0)
                try await update(["use_audio": true])
                #expect(try await eventuallyFlows("audio", peers, "one"))

                try await update(["use_video": false])
                #expect(try await eventuallyStops("video", peers, "one"))
                #expect(try await peers.packets("audio", at: "one") > 0)
                try await update(["use_video": true])
                #expect(try await eventuallyFlows("video", peers, "one"))

                try await update(["bitrate": 120])
                let isLimited = try await eventually(within: .seconds(10)) { try await peers.sendingLimit(of: "one") < 150_000 }
                #expect(isLimited)

                var files = [recordings(stage, of: id)]
                for _ in 0..<2 {
                    try await update(["record": true])
                    _ = try await peers.packets("audio", at: "one")
                    try await update(["record": false])
                    files.append(recordings(stage, of: id))
                }
                #expect(files[0].isEmpty)
                #expect(!files[1].isEmpty)
                #expect(files[2].isSuperset(of: files[1]) && files[2].count > files[1].count)

                try await client.request("media", "stop_session", ["session_id": .string(id)])
                _ = try await client.event("stop", of: id)
            }
        }

        @Test("a proxy from WebRTC to RTP: tones both ways, and use_audio stops them and lets them flow again")
        func toRTP() async throws {
            try await play { stage, client, peers in
                let phone = try RTPPhone(on: stage.environment.address, frequency: 440)
                let offer = try await peers.offer("caller", frequency: 700, video: false)
                let start = try await client.request("media", "start_session", [
                    "type": "proxy", "offer": ["sdp": offer], "sdp_type": "rtp",
                ])
                let id = try #require(start["session_id"]?.stringValue)
                let plain = try #require(start["offer"]?["sdp"]?.stringValue)
                phone.connect(to: stage.environment.address, port: try #require(Peers.audioPort(of: plain)))
                let answer = SIPProbe.Call.sdp(stage.environment.address, port: phone.port)
                let answered = try await client.request("media", "answer_session", [
                    "session_id": .string(id), "answer": ["sdp": .string(answer), "sdp_type": "rtp"],
                ])
                try await peers.accept("caller", try #require(answered["answer"]?["sdp"]))
                let caller = try await peers.missing(440, at: "caller")
                #expect(caller == nil)
                #expect(await phone.hears(700))

                try await client.request("media", "update_session", ["session_id": .string(id), "use_audio": false])
                let isSilent = await eventually(within: .seconds(5)) { await phone.packets(during: .milliseconds(500)) == 0 }
                #expect(isSilent)
                #expect(try await eventuallyStops("audio", peers, "caller"))
                try await client.request("media", "update_session", ["session_id": .string(id), "use_audio": true])
                #expect(await phone.hears(700))
                let again = try await peers.missing(440, at: "caller")
                #expect(again == nil)
                try await client.request("media", "stop_session", ["session_id": .string(id)])
                _ = try await client.event("stop", of: id)
                phone.stop()
            }
        }

        @Test("a proxy from RTP to WebRTC: tones both ways")
        func fromRTP() async throws {
            try await play { stage, client, peers in
                let phone = try RTPPhone(on: stage.environment.address, frequency: 440)
                let offer = SIPProbe.Call.sdp(stage.environment.address, port: phone.port)
                let start = try await client.request("media", "start_session", [
                    "type": "proxy", "offer": ["sdp": .string(offer), "sdp_type": "rtp"],
                ])
                let id = try #require(start["session_id"]?.stringValue)
                let answer = try await peers.answer("callee", to: try #require(start["offer"]?["sdp"]), frequency: 700, video: false)
                let answered = try await client.request("media", "answer_session", ["session_id": .string(id), "answer": ["sdp": answer]])
                let plain = try #require(answered["answer"]?["sdp"]?.stringValue)
                phone.connect(to: stage.environment.address, port: try #require(Peers.audioPort(of: plain)))
                #expect(await phone.hears(700))
                let callee = try await peers.missing(440, at: "callee")
                #expect(callee == nil)
                try await client.request("media", "stop_session", ["session_id": .string(id)])
                _ = try await client.event("stop", of: id)
                phone.stop()
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

        private func recordings(_ stage: Stage, of session: String) -> Set<String> {
            let files = try? FileManager.default.contentsOfDirectory(atPath: stage.gateway.recordings.path)
            return Set((files ?? []).filter { $0.contains(session) })
        }

        private func eventuallyStops(_ kind: String, _ peers: Peers, _ name: String) async throws -> Bool {
            try await eventually(within: .seconds(6)) { try await peers.packets(kind, at: name) == 0 }
        }

        private func eventuallyFlows(_ kind: String, _ peers: Peers, _ name: String) async throws -> Bool {
            try await eventually(within: .seconds(6)) { try await peers.packets(kind, at: name) > 0 }
        }
    }
}

extension Peers {
    /// The port of the first audio line of a plain SDP.
    static func audioPort(of sdp: String) -> Int? {
        let line = sdp.components(separatedBy: .newlines).first { $0.hasPrefix("m=audio ") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
}
