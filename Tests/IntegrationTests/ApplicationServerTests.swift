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
                let isLimited = try await eventually(within: .patience) { try await peers.sendingLimit(of: "one") < 150_000 }
                #expect(isLimited)

                #expect(recordings(stage, of: id).isEmpty)
                for _ in 0..<2 {
                    try await update(["record": true])
                    _ = try await peers.packets("audio", at: "one")
                    #expect(try await peers.packets("video", at: "one") > 0)
                    try await update(["record": false])
                    _ = try await client.recording(.ready, of: id)
                }
                #expect(recordings(stage, of: id) == ["\(id).mp4", "\(id)-2.mp4"])

                try await client.request("media", "stop_session", ["session_id": .string(id)])
                _ = try await client.event("stop", of: id)
            }
        }

        @Test("the bitrate that a session begins with bounds what its browsers send", arguments: ["echo", "proxy"])
        func bitrate(type: String) async throws {
            try await play { stage, client, peers in
                let offer = try await peers.offer("caller", frequency: 700)
                let start = try await client.request("media", "start_session", ["type": .string(type), "offer": ["sdp": offer], "bitrate": 120])
                let id = try #require(start["session_id"]?.stringValue)
                if type == "proxy" {
                    let answer = try await peers.answer("callee", to: try #require(start["offer"]?["sdp"]), frequency: 1_500)
                    let answered = try await client.request("media", "answer_session", ["session_id": .string(id), "answer": ["sdp": answer]])
                    try await peers.accept("caller", try #require(answered["answer"]?["sdp"]))
                } else {
                    try await peers.accept("caller", try #require(start["answer"]?["sdp"]))
                }
                for name in type == "proxy" ? ["caller", "callee"] : ["caller"] {
                    try await peers.connected(name)
                    #expect(try await eventually(within: .seconds(20)) { try await peers.sendingLimit(of: name) < 150_000 }, "\(name)")
                    #expect(try await eventually(within: .seconds(20)) { (1...170).contains(try await peers.rate(of: name)) }, "\(name)")
                }
                try await client.request("media", "stop_session", ["session_id": .string(id)])
                _ = try await client.event("stop", of: id)
            }
        }

        @Test("answer_session on a session that is answered gets an error at once, also while its called party has an offer of the gateway's own")
        func answeredBefore() async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("alice", at: stage.gateway)
            func sdp(_ port: Int) -> String { SIPProbe.Call.sdp(stage.environment.address, port: port) }
            let start = try await client.request("media", "start_session", [
                "type": "proxy", "offer": ["sdp": .string(sdp(41_000)), "sdp_type": "rtp"], "sdp_type": "rtp",
            ])
            let id = try #require(start["session_id"])
            let answer: JSONValue = ["session_id": id, "answer": ["sdp": .string(sdp(41_010)), "sdp_type": "rtp"]]
            try await client.request("media", "answer_session", answer)
            // Each of the two is offered the limit; the second one's offer waits for its answer here.
            async let update: JSONValue = client.request("media", "update_session", ["session_id": id, "bitrate": 64])
            try await client.serve("renegotiate_session") { _ in ["answer": ["sdp": .string(sdp(41_000)), "sdp_type": "rtp"]] }
            try await client.serve("renegotiate_session") { _ in
                let refusal = try await client.refusal(of: "media", "answer_session", answer)
                #expect(refusal.code == 3004)
                return ["answer": ["sdp": .string(sdp(41_010)), "sdp_type": "rtp"]]
            }
            let options = try await update
            #expect(options["bitrate"]?.intValue == 64)
            try await client.request("media", "stop_session", ["session_id": id])
            _ = try await client.event("stop", of: id.stringValue)
            await client.leave()
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
                let isSilent = await eventually(within: .patience) { await phone.packets(during: .milliseconds(500)) == 0 }
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

        @Test("a proxy of two browsers whose candidates all trickle, each by its side: both hear each other")
        func trickledSides() async throws {
            try await play { stage, client, peers in
                let offer = try await peers.offer("caller", frequency: 700, video: false)
                let start = try await client.request("media", "start_session", [
                    "type": "proxy", "offer": ["sdp": .string(Peers.withoutCandidates(offer)), "trickle_ice": true],
                ])
                let id = try #require(start["session_id"])
                let answer = try await peers.answer("callee", to: try #require(start["offer"]?["sdp"]), frequency: 1_500, video: false)
                let answered = try await client.request("media", "answer_session", [
                    "session_id": id, "answer": ["sdp": .string(Peers.withoutCandidates(answer)), "trickle_ice": true],
                ])
                try await peers.accept("caller", try #require(answered["answer"]?["sdp"]))
                for (side, sdp) in [("caller", offer), ("callee", answer)] {
                    for candidate in Peers.candidates(of: sdp) {
                        try await client.request("media", "set_candidate", [
                            "session_id": id, "side": .string(side), "sdpMid": "0", "sdpMLineIndex": 0, "candidate": .string(candidate),
                        ])
                    }
                    try await client.request("media", "set_candidate_end", ["session_id": id, "side": .string(side)])
                }
                let caller = try await peers.missing(1_500, at: "caller"), callee = try await peers.missing(700, at: "callee")
                #expect(caller == nil)
                #expect(callee == nil)
                try await client.request("media", "stop_session", ["session_id": id])
                _ = try await client.event("stop", of: id.stringValue)
            }
        }

        @Test("a call with a session that was started before takes the options of start_call")
        func adoptedOptions() async throws {
            try await play { stage, client, peers in
                let bob = try await APIClient.user("bob", at: stage.gateway)
                let offer = try await peers.offer("caller", frequency: 700)
                let start = try await client.request("media", "start_session", ["type": "proxy", "offer": ["sdp": offer]])
                let id = try #require(start["session_id"])
                let refusal = try await client.refusal(of: "media", "start_call", ["dest": "bob", "session_id": id, "bitrate": -1])
                #expect(refusal.code == 1106)
                let call = try await client.request("media", "start_call", [
                    "dest": "bob", "session_id": id, "use_video": false, "record": true,
                ])
                let invite = try await bob.serve("call_invite")
                let answer = try await peers.answer("callee", to: try #require(invite["offer"]?["sdp"]), frequency: 1_500)
                try await bob.request("media", "answer_call", ["call_id": try #require(invite["call_id"]), "answer": ["sdp": answer]])
                let answered = try await client.event("answer", of: call["call_id"]?.stringValue)
                try await peers.accept("caller", try #require(answered["answer"]?["sdp"]))
                let options = try await client.event("updated", of: id.stringValue)
                #expect(options == ["use_audio": true, "use_video": false, "bitrate": 0, "record": true])
                let callee = try await peers.missing(700, at: "callee")
                #expect(callee == nil)
                #expect(try await eventuallyStops("video", peers, "callee"))
                try await client.request("media", "hangup_call", ["call_id": try #require(call["call_id"])])
                _ = try await bob.event("hangup")
                #expect(try !recordings(stage, of: #require(id.stringValue)).isEmpty)
                await bob.leave()
            }
        }

        @Test("get_info with `statistics` counts both sides of a proxy, and without it asks nobody")
        func statistics() async throws {
            try await play { stage, client, peers in
                let phone = try RTPPhone(on: stage.environment.address, frequency: 440)
                let offer = try await peers.offer("caller", frequency: 700, video: false)
                let start = try await client.request("media", "start_session", [
                    "type": "proxy", "offer": ["sdp": offer], "sdp_type": "rtp",
                ])
                let id = try #require(start["session_id"])
                let plain = try #require(start["offer"]?["sdp"]?.stringValue)
                phone.connect(to: stage.environment.address, port: try #require(Peers.audioPort(of: plain)))
                let answered = try await client.request("media", "answer_session", [
                    "session_id": id,
                    "answer": ["sdp": .string(SIPProbe.Call.sdp(stage.environment.address, port: phone.port)), "sdp_type": "rtp"],
                ])
                try await peers.accept("caller", try #require(answered["answer"]?["sdp"]))
                #expect(await phone.hears(700))
                var statistics: JSONValue = .null
                let isWhole = try await eventually(within: .patience) {
                    let info = try await client.request("media", "get_info", ["session_id": id, "statistics": true])
                    statistics = info["statistics"] ?? .null
                    // What the browser's RTCP says comes a moment after its media.
                    let sent = statistics["caller"]?["audio"]?["sent"]
                    return sent?["packets"]?.intValue ?? 0 > 100 && sent?["lost"] != nil
                }
                #expect(isWhole, "\(statistics.text)")
                let caller = try #require(statistics["caller"]?["audio"]), callee = try #require(statistics["callee"]?["audio"])
                for direction in ["received", "sent"] {
                    let packets = caller[direction]?["packets"]?.intValue ?? 0, bytes = caller[direction]?["bytes"]?.intValue ?? 0
                    #expect(packets >= 50, "\(statistics.text)")
                    #expect(bytes >= packets * 172, "PCMU of 20 ms: \(statistics.text)")
                    #expect(caller[direction]?["lost"]?.intValue == 0, "\(statistics.text)")
                    #expect(caller[direction]?["jitter"] != nil, "\(statistics.text)")
                }
                #expect(callee["sent"]?["lost"] == nil)
                // Between two moments in which the phone says nothing: what comes from it goes to the browser, all of it.
                phone.pause(true)
                let before = try await standingCounts(client, id)
                phone.pause(false)
                let spoken = phone.sentPackets
                #expect(await eventually(within: .patience) { phone.sentPackets >= spoken + 50 })
                phone.pause(true)
                let after = try await standingCounts(client, id)
                #expect(after.received - before.received >= 50 && after.received - before.received == after.sent - before.sent, "\(before) \(after)")
                let without = try await client.request("media", "get_info", ["session_id": id])
                #expect(without["statistics"] == nil)
                try await client.request("media", "stop_session", ["session_id": id])
                _ = try await client.event("stop", of: id.stringValue)
                phone.stop()
            }
        }

        /// What has come from the phone and what went to the browser, once both have stood still for a tenth of a second.
        private func standingCounts(_ client: APIClient, _ id: JSONValue) async throws -> (received: Int, sent: Int) {
            var last = (received: -1, sent: -1), times = 0
            let stands = try await eventually(within: .patience) {
                let info = try await client.request("media", "get_info", ["session_id": id, "statistics": true])
                let received = info["statistics"]?["callee"]?["audio"]?["received"]?["packets"]?.intValue ?? 0
                let sent = info["statistics"]?["caller"]?["audio"]?["sent"]?["packets"]?.intValue ?? 0
                times = last == (received, sent) ? times + 1 : 0
                last = (received, sent)
                return times == 4
            }
            #expect(stands, "\(last)")
            return last
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
            try await eventually(within: .patience) { try await peers.packets(kind, at: name) == 0 }
        }

        private func eventuallyFlows(_ kind: String, _ peers: Peers, _ name: String) async throws -> Bool {
            try await eventually(within: .patience) { try await peers.packets(kind, at: name) > 0 }
        }
    }
}

extension Peers {
    /// A description as it is before its candidates are known.
    static func withoutCandidates(_ sdp: JSONValue) -> String {
        let lines = (sdp.stringValue ?? "").components(separatedBy: "\r\n")
        return lines.filter { !$0.hasPrefix("a=candidate:") && $0 != "a=end-of-candidates" }.joined(separator: "\r\n")
    }

    /// Its candidates, as `RTCIceCandidate` has them.
    static func candidates(of sdp: JSONValue) -> [String] {
        (sdp.stringValue ?? "").components(separatedBy: "\r\n").filter { $0.hasPrefix("a=candidate:") }.map { String($0.dropFirst(2)) }
    }

    /// The port of the first audio line of a plain SDP.
    static func audioPort(of sdp: String) -> Int? {
        let line = sdp.components(separatedBy: .newlines).first { $0.hasPrefix("m=audio ") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    }
}
