import Foundation
import JSON
import TestRandom
import Testing

/// What is wrong gets an error, leaves nothing, and the next call works.
extension IntegrationTests {
    @Suite("Bad input")
    struct BadInput {
        // MARK: From phones

        @Test("malformed SIP: 400 or silence, and the next call works", arguments: [
            Sample("empty lines", "\r\n\r\n"), Sample("a word", "hello"), Sample("half a request line", "INVITE"),
            Sample("no headers", "INVITE sip:echo SIP/2.0\r\n\r\n"),
            Sample("a negative length", "INVITE sip:echo@10.99.0.1 SIP/2.0\r\nContent-Length: -5\r\n\r\n"),
            Sample("another version", "INVITE sip:echo@10.99.0.1 SIP/7.0\r\nVia: SIP/2.0/UDP x\r\nCSeq: 99999999999999999999 INVITE\r\n\r\n"),
            Sample("a response to nothing", "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.99.0.1;branch=z9hG4bKnobody\r\nCSeq: 1 INVITE\r\nCall-ID: nobody\r\n\r\n"),
            Sample("60,000 letters", String(repeating: "A", count: 60_000)),
            Sample("a header of 60,000 letters", "INVITE sip:echo@10.99.0.1 SIP/2.0\r\nX: " + String(repeating: "y", count: 60_000) + "\r\n\r\n"),
        ])
        func malformedSIP(sample: Sample) async throws {
            let probe = try SIPProbe(.running)
            probe.send(sample.text)
            try await probe.callEcho()
        }

        @Test("random bytes on the SIP port do nothing")
        func randomBytes() async throws {
            let probe = try SIPProbe(.running)
            var numbers = SeededRandom("random bytes on the SIP port")
            for size in stride(from: 1, to: 1_400, by: 70) {
                probe.send((0..<size).map { _ in UInt8.random(in: .min ... .max, using: &numbers) })
            }
            try await probe.callEcho()
        }

        @Test("an INVITE whose SDP is malformed, hopeless or huge is refused with what is wrong", arguments: [
            (Sample("a version alone", "v=0"), 488, "no audio or video that can be used"),
            (Sample("half an origin", "v=0\r\no=- 1 1 IN IP4\r\ns=-\r\nt=0 0\r\n"), 488, "no audio or video that can be used"),
            (Sample("words", "not sdp at all"), 400, "line 1"), (Sample("control characters", "\u{0}\u{1}\u{2}"), 400, "line 1"),
            (Sample("a bare CR", session + "m=audio 7000 RTP/AVP 0\r\na=x\ry\r\n"), 400, "line 7"),
            (Sample("no c=", "v=0\r\no=- 1 1 IN IP4 10.99.0.1\r\ns=-\r\nt=0 0\r\nm=audio 7000 RTP/AVP 0\r\n"), 400, "c="),
            (Sample("port 99999", session + "m=audio 99999 RTP/AVP 0\r\n"), 488, "no audio or video"),
            (Sample("a fax", session + "m=image 7000 udptl t38\r\n"), 488, "no audio or video that can be used"),
            (Sample("port 0", session + "m=audio 0 RTP/AVP 0\r\n"), 488, "no audio or video that can be used"),
            (Sample("a codec that nobody has", session + "m=audio 7000 RTP/AVP 18\r\n"), 488, "no common codec"),
            (Sample("multicast", session + "m=audio 7000 RTP/AVP 0\r\nc=IN IP4 224.2.1.1/127\r\n"), 488, "multicast address 224.2.1.1"),
            (Sample("a name", session + "m=audio 7000 RTP/AVP 0\r\nc=IN IP4 phone.example.org\r\n"), 488, "host name phone.example.org"),
            (Sample("IPv6", session + "m=audio 7000 RTP/AVP 0\r\nc=IN IP6 2001:db8::1\r\n"), 488, "IPv6 address 2001:db8::1"),
            (Sample("a line of 6,000 bytes", session + "m=audio 7000 RTP/AVP 0\r\na=x:" + String(repeating: "y", count: 6_000) + "\r\n"), 400, "line 7"),
            (Sample("1,000 media lines", thousandMediaLines), 400, "32"),
        ])
        func malformedSDP(sample: Sample, status: Int, words: String) async throws {
            let probe = try SIPProbe(.running)
            let call = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.invite(body: sample.text))
            let response = SIPText(text: try await probe.final(of: call))
            #expect(response.status == status)
            #expect(response["warning"]?.contains(words) == true, "\(response.text)")
            probe.send(call.acknowledgement(of: "INVITE"))
            try await probe.callEcho()
        }

        @Test("a second INVITE with the same Call-ID is 482, and the first call lives")
        func merged() async throws {
            let probe = try SIPProbe(.running)
            var call = SIPProbe.Call(to: "echo", from: probe)
            probe.send(call.invite())
            call.learn(from: try await probe.final(of: call))
            probe.send(call.request("ACK", number: 1))
            probe.send(call.invite(branch: "z9hG4bKsecond"))
            let status = try await probe.finalStatus(of: call)
            #expect(status == 482)
            probe.send(call.request("BYE", number: 2))
            let end = try await probe.finalStatus("BYE", of: call)
            #expect(end == 200)
        }

        @Test("a BYE while it still rings ends the call, and the browser is told")
        func earlyBye() async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("alice", at: stage.gateway)
            let probe = try SIPProbe(stage)
            var call = SIPProbe.Call(to: "alice", from: probe)
            probe.send(call.invite())
            let invite = try await client.serve("call_invite")
            let id = try #require(invite["call_id"])
            try await client.request("media", "ring_call", ["call_id": id])
            call.learn(from: try #require(await probe.message(with: "SIP/2.0 180", of: call)))
            probe.send(call.request("BYE", number: 2))
            let bye = try await probe.finalStatus("BYE", of: call), invited = try await probe.finalStatus(of: call)
            #expect(bye == 200)
            #expect(invited == 487)
            probe.send(call.acknowledgement(of: "INVITE"))
            _ = try await client.event("hangup", of: id.stringValue)
            await client.leave()
            try await probe.callEcho()
        }

        static let session = "v=0\r\no=- 1 1 IN IP4 10.99.0.1\r\ns=-\r\nc=IN IP4 10.99.0.1\r\nt=0 0\r\n"
        static let thousandMediaLines = session + String(repeating: "m=audio 7000 RTP/AVP 0\r\n", count: 1_000)

        /// A bad text with a name that fits a line.
        struct Sample: Sendable, CustomTestStringConvertible {
            let name, text: String
            var testDescription: String { name }

            init(_ name: String, _ text: String) {
                self.name = name
                self.text = text
            }
        }

        // MARK: From browsers

        @Test("what is no request is answered with an error, and the connection stays", arguments: [
            Sample("nothing", ""), Sample("half an object", "{"), Sample("an array", "[1,2,3]"), Sample("a string", "\"text\""),
            Sample("a word", "nonsense"), Sample("no command", #"{"class":"core"}"#),
            Sample("an unknown command", #"{"class":"core","cmd":"nothing","tid":1}"#),
            Sample("a number as class", #"{"class":7,"cmd":"ping","tid":1}"#),
            Sample("10,000 brackets", String(repeating: "[", count: 10_000)),
            Sample("no data", #"{"class":"media","cmd":"start_session","tid":1}"#),
        ])
        func malformedJSON(sample: Sample) async throws {
            let gateway = try Stage.running.gateway
            let socket = try PlainWebSocket("127.0.0.1", port: gateway.httpPort)
            socket.send(sample.text)
            let answer = await socket.messages.first(within: .patience) { _ in true }
            guard case .text(let error)? = answer else { throw HarnessError("answered with \(String(describing: answer))") }
            #expect(try JSONValue(parsing: error)["result"] == "error")
            socket.send("{\"class\":\"core\",\"cmd\":\"ping\",\"tid\":2}")
            let pong = await socket.messages.first(within: .patience) { _ in true }
            guard case .text(let text)? = pong else { throw HarnessError("then \(String(describing: pong))") }
            #expect(try JSONValue(parsing: text)["data"]?["pong"] == true)
            socket.close()
        }

        @Test("a binary frame, 10 MB, and invalid UTF-8 close the connection that sent them, and no other")
        func frames() async throws {
            let gateway = try Stage.running.gateway
            let bystander = try await APIClient.user("bob", at: gateway)
            let frames: [(PlainWebSocket.Opcode, [UInt8], Int)] = [
                (.binary, [1, 2, 3], 1_003), (.text, [UInt8](repeating: 0x20, count: 10 << 20), 1_009), (.text, [0xff, 0xfe], 1_007),
            ]
            for (opcode, payload, code) in frames {
                let socket = try PlainWebSocket("127.0.0.1", port: gateway.httpPort)
                socket.send(frame: opcode, payload)
                let closed = await socket.closeCode(within: .patience)
                #expect(closed == code)
            }
            let pong = try await bystander.request("core", "ping")
            #expect(pong["pong"] == true)
            await bystander.leave()
        }

        @Test("an SDP that is malformed or has 1,000 media lines is an error, for a session and for a call")
        func sdp() async throws {
            let gateway = try Stage.running.gateway
            let client = try await APIClient.user("alice", at: gateway)
            for sdp in ["", "v=0", "nonsense\r\n", BadInput.thousandMediaLines] {
                for (command, data) in [("start_session", ["type": "echo"]), ("start_session", ["type": "proxy"]), ("start_call", ["dest": "echo"])] {
                    var fields: [String: JSONValue] = data.mapValues { .string($0) }
                    fields["offer"] = ["sdp": .string(sdp)]
                    let refusal = try await client.refusal(of: "media", command, .object(fields))
                    #expect(refusal.code != 0 && refusal.code != 5001, "\(command): \(refusal)")
                }
            }
            await client.leave()
        }

        @Test("a session or call that is not there, or not yours, is an error")
        func notYours() async throws {
            let stage = try Stage.running
            let alice = try await APIClient.user("alice", at: stage.gateway), bob = try await APIClient.user("bob", at: stage.gateway)
            let answer: JSONValue = ["sdp": .string(SIPProbe.Call.sdp(stage.environment.address)), "sdp_type": "rtp"]
            let nothing: JSONValue = "00000000-0000-4000-8000-000000000000"
            let session = try await alice.refusal(of: "media", "answer_session", ["session_id": nothing, "answer": answer])
            #expect(session.code == 3001)
            let call = try await alice.refusal(of: "media", "hangup_call", ["call_id": nothing])
            #expect(call.code == 3002)

            let offer: JSONValue = ["sdp": .string(SIPProbe.Call.sdp(stage.environment.address)), "sdp_type": "rtp"]
            let started = try await alice.request("media", "start_session", ["type": "proxy", "offer": offer, "sdp_type": "rtp"])
            let id = try #require(started["session_id"])
            for (command, extra) in [("answer_session", ["answer": answer]), ("stop_session", [:]), ("update_session", ["record": true]), ("get_info", [:])] {
                let refusal = try await bob.refusal(of: "media", command, .object(extra.merging(["session_id": id]) { $1 }))
                #expect(refusal.code == 2005, "\(command): \(refusal)")
            }
            try await alice.request("media", "stop_session", ["session_id": id])
            await alice.leave()
            await bob.leave()
        }

        @Test("a candidate that is malformed is an error for its sender, and the session goes on")
        func candidates() async throws {
            let client = try await APIClient.user("alice", at: try Stage.running.gateway)
            let echo: JSONValue = ["type": "echo", "offer": ["sdp": .string(Parties.offer), "trickle_ice": true]]
            let id = try #require(try await client.request("media", "start_session", echo)["session_id"])
            for candidate in ["candidate:1 1 udp", "candidate:1 1 udp 2122260223 192.0.2.1 99999 typ host", "nonsense"] {
                let fields: JSONValue = ["session_id": id, "sdpMid": "0", "candidate": .string(candidate)]
                let refusal = try await client.refusal(of: "media", "set_candidate", fields)
                #expect(refusal.code == 3007, "\(candidate): \(refusal)")
            }
            // The name of the browser's own network is nothing that Janus can use, and no error.
            for candidate in ["candidate:1 1 udp 2122260223 192.0.2.1 5000 typ host", "candidate:1 1 udp 2122260223 abc.local 5000 typ host"] {
                try await client.request("media", "set_candidate", ["session_id": id, "sdpMid": "0", "candidate": .string(candidate)])
            }
            try await client.request("media", "stop_session", ["session_id": id])
            await client.leave()
        }

        @Test("a call is answered twice: the second answer is an error, the call goes on")
        func answeredTwice() async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("alice", at: stage.gateway)
            let peers = try await Peers(stage)
            let probe = try SIPProbe(stage)
            var call = SIPProbe.Call(to: "alice", from: probe)
            probe.send(call.invite())
            let invite = try await client.serve("call_invite")
            let id = try #require(invite["call_id"])
            let answer = try await peers.answer("callee", to: try #require(invite["offer"]?["sdp"]), frequency: 700, video: false)
            try await client.request("media", "answer_call", ["call_id": id, "answer": ["sdp": answer]])
            let refusal = try await client.refusal(of: "media", "answer_call", ["call_id": id, "answer": ["sdp": answer]])
            #expect(refusal.code == 3004)
            let response = try await probe.final(of: call)
            #expect(SIPProbe.status(of: response) == 200)
            call.learn(from: response)
            probe.send(call.request("ACK", number: 1))
            try await peers.connected("callee")
            probe.send(call.request("BYE", number: 2))
            let end = try await probe.finalStatus("BYE", of: call)
            #expect(end == 200)
            _ = try await client.event("hangup", of: id.stringValue)
            await client.leave()
            try await peers.close()
        }

        @Test("without a login nothing is served, and a wrong password is refused")
        func notLoggedIn() async throws {
            let client = try APIClient(try Stage.running.gateway)
            let start = try await client.refusal(of: "media", "start_call", ["dest": "echo", "offer": ["sdp": "v=0"]])
            #expect(start.code == 2001)
            let login = try await client.refusal(of: "core", "login", ["user": "alice", "password": "wrong"])
            #expect(login.code == 2003)
            client.socket.close()
        }
    }
}
