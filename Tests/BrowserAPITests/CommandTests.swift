import BrowserAPI
import EventLoop
import JSON
import ProxyCore
import SDP
import Testing

@Suite("Commands of class media", .timeLimit(.minutes(1)))
@LoopActor
struct CommandTests {
    /// What the gateway was asked, or the error that came back.
    private func outcome(_ cmd: String, _ data: JSONValue) async -> Result<BrowserCommand, APIError> {
        let bench = Bench()
        var command: BrowserCommand?
        bench.handler.onCommand = { asked, _, reply in
            command = asked
            reply.ok()
        }
        let (transport, _) = await bench.login()
        let answer = await bench.ask("media", cmd, data, on: transport)
        if let command { return .success(command) }
        return .failure(APIError(code: answer["data"]?["code"]?.intValue ?? 0, text: answer.errorText))
    }

    private func error(_ cmd: String, _ data: JSONValue) async -> APIError {
        switch await outcome(cmd, data) {
        case .success: APIError(code: 0, text: "served")
        case .failure(let error): error
        }
    }

    @Test("arrives at the gateway with all of its fields, unknown ones ignored", arguments: CommandCase.all)
    func complete(_ sample: CommandCase) async {
        #expect(await outcome(sample.cmd, sample.data) == .success(sample.command))
        #expect(sample.command.name == sample.cmd)
    }

    @Test("is refused without a field that it needs, by name", arguments: CommandCase.all)
    func missing(_ sample: CommandCase) async {
        for field in sample.required {
            for absent in [nil, JSONValue.null] {
                let error = await error(sample.cmd, sample.data(field, absent))
                #expect(error.known == .missingField, "\(field)")
                #expect(error.text.contains("`\(field)`"), "\(field)")
            }
        }
    }

    @Test("is refused with a field of the wrong type or value, by name", arguments: CommandCase.all)
    func wrong(_ sample: CommandCase) async {
        for (field, values) in sample.wrong {
            for value in values {
                let error = await error(sample.cmd, sample.data(field, value))
                #expect(error.known == .invalidField || error.known == .unsupportedBackend, "\(field) \(value)")
                #expect(error.text.hasPrefix("`\(field)`"), "\(field) \(value): \(error.text)")
            }
        }
    }

    @Test(
        "takes an id that no session or call can have for an unknown one",
        arguments: ["", "1", sessionID.uppercased(), "\(sessionID)0", "54c1b63736fb-70c2-8080-28f07603cda8-", "é\(sessionID.dropFirst(2))"])
    func unknownIDs(id: String) async {
        for sample in CommandCase.all {
            for (field, code) in [("session_id", APIError.Code.unknownSession), ("call_id", .unknownCall)]
            where sample.required.contains(field) {
                let error = await error(sample.cmd, sample.data(field, .string(id)))
                #expect(error.known == code)
                #expect(error.text.hasPrefix("`\(field)`"))
            }
        }
    }

    @Test("optional fields have their defaults")
    func defaults() async {
        let offer: JSONValue = ["sdp": "v=0\r\ns=offer\r\n"]
        let description = MediaDescriptionObject(RemoteDescription(parsing: "v=0\r\ns=offer\r\n"))
        #expect(description.sdpType == .webrtc && !description.description.trickle)
        #expect(
            await outcome("start_session", ["type": "echo", "offer": offer])
                == .success(.startSession(StartSession(type: .echo, offer: description))))
        #expect(
            await outcome("start_call", ["dest": "echo", "offer": offer])
                == .success(.startCall(StartCall(target: .dest("echo"), source: .offer(description)))))
        #expect(
            await outcome("ring_call", ["call_id": .string(callID)]) == .success(.ringCall(RingCall(callID: callID))))
        #expect(await outcome("get_list", [:]) == .success(.getList(GetList())))
        let update = UpdateSession(sessionID: sessionID, options: SessionOptionsChange(record: false))
        #expect(
            await outcome("update_session", ["session_id": .string(sessionID), "record": false])
                == .success(.updateSession(update)))
    }

    @Test("the seed's samples are understood to the letter, their tid after the data")
    func seed() async throws {
        let bench = Bench()
        let (transport, _) = await bench.login()
        bench.api.received(
            #"{"class":"media","cmd":"start_session","data":{"type":"echo","offer":{"sdp":"v=0\r\ns=offer\r\n"},"use_video":false,"record":true},"tid":1}"#,
            on: transport)
        bench.api.received(
            #"{"class":"media","cmd":"start_session","data":{"type":"proxy","offer":{"sdp":"v=0\r\ns=offer\r\n"},"record":true},"tid":2}"#,
            on: transport)
        bench.api.received(
            #"{"class":"media","cmd":"answer_session","data":{"session_id":"\#(sessionID)","answer":{"sdp":"v=0\r\ns=answer\r\n"}},"tid":3}"#,
            on: transport)
        let offer = MediaDescriptionObject(RemoteDescription(parsing: "v=0\r\ns=offer\r\n"))
        let answer = try SessionDescription(parsing: "v=0\r\ns=answer\r\n")
        #expect(
            bench.handler.asked.map(\.command) == [
                .startSession(
                    StartSession(type: .echo, offer: offer, options: SessionOptionsChange(useVideo: false, record: true))),
                .startSession(StartSession(type: .proxy, offer: offer, options: SessionOptionsChange(record: true))),
                .answerSession(AnswerSession(sessionID: sessionID, answer: MediaDescriptionObject(RemoteDescription(answer)))),
            ])
        try #require(bench.handler.takeReply()).ok(["session_id": .string(sessionID), "answer": answer.json()])
        let expected: JSONValue = [
            "result": "ok", "data": ["session_id": .string(sessionID), "answer": ["sdp": .string(answer.text)]], "tid": 1,
        ]
        #expect(await transport.next() == expected)
    }

    @Test("start_session knows Janus as its backend, and no other")
    func backend() async {
        let offer: JSONValue = ["sdp": "v=0"]
        for backend in ["janus", "nkmedia_janus"] as [JSONValue] {
            let answer = await outcome("start_session", ["type": "echo", "offer": offer, "backend": backend])
            #expect((try? answer.get()) != nil)
        }
        let error = await error("start_session", ["type": "echo", "offer": offer, "backend": "nkmedia_kms"])
        #expect(error.known == .unsupportedBackend)
    }

    @Test("update_session wants something to update")
    func emptyUpdate() async {
        let error = await error("update_session", ["session_id": .string(sessionID), "unknown": 1])
        #expect(error.known == .missingField)
    }

    @Test("start_call starts from an offer or from a session, transfer_call goes to a destination or to a call, not both")
    func alternatives() async {
        let offer: JSONValue = ["sdp": "v=0"]
        #expect(
            await outcome("start_call", ["dest": "bob", "session_id": .string(sessionID)])
                == .success(.startCall(StartCall(target: .dest("bob"), source: .session(sessionID)))))
        let both = await error("start_call", ["dest": "bob", "session_id": .string(sessionID), "offer": offer])
        #expect(both.known == .invalidField)
        #expect(
            await error("start_call", ["dest": "bob", "session_id": "x"]).known == .unknownSession)
        #expect(
            await outcome("transfer_call", ["call_id": .string(callID), "other_call_id": .string(callID)])
                == .success(.transferCall(TransferCall(callID: callID, target: .call(callID)))))
        let targets: JSONValue = ["call_id": .string(callID), "other_call_id": .string(callID), "dest": "carol"]
        #expect(await error("transfer_call", targets).known == .invalidField)
    }

    @Test("start_call goes on with a call of a gateway that is gone, in place of a destination and not of a session")
    func recovery() async throws {
        let offer: JSONValue = ["sdp": "v=0"], object = MediaDescriptionObject(RemoteDescription(parsing: "v=0"))
        #expect(
            await outcome("start_call", ["recovery": "a0", "offer": offer])
                == .success(.startCall(StartCall(target: .recovery("a0"), source: .offer(object)))))
        #expect(await error("start_call", ["recovery": "a0", "dest": "bob", "offer": offer]).known == .invalidField)
        #expect(await error("start_call", ["recovery": "a0", "session_id": .string(sessionID)]).known == .invalidField)
        for wrong in [1, "", .string(String(repeating: "a", count: 16_385))] as [JSONValue] {
            #expect(await error("start_call", ["recovery": wrong, "offer": offer]).known == .invalidField)
        }
    }

    @Test("answer_call carries an offer in place of an answer, not both")
    func lateOffer() async {
        let object = MediaDescriptionObject(RemoteDescription(parsing: "v=0"))
        #expect(
            await outcome("answer_call", ["call_id": .string(callID), "offer": ["sdp": "v=0"]])
                == .success(.answerCall(AnswerCall(callID: callID, description: .offer(object)))))
        let both: JSONValue = ["call_id": .string(callID), "offer": ["sdp": "v=0"], "answer": ["sdp": "v=0"]]
        #expect(await error("answer_call", both).known == .invalidField)
    }

    @Test("an empty candidate is the end of the candidates, and a candidate needs its medium")
    func candidates() async {
        #expect(
            await outcome("set_candidate", ["session_id": .string(sessionID), "candidate": ""])
                == .success(.setCandidateEnd(SetCandidateEnd(sessionID: sessionID))))
        let text: JSONValue = "candidate:1 1 udp 1 192.0.2.1 9 typ host"
        let data: JSONValue = ["session_id": .string(sessionID), "candidate": text]
        #expect(await error("set_candidate", data).known == .missingField)
        for medium in [["sdpMid": "audio", "sdpMLineIndex": nil], ["sdpMLineIndex": 1, "sdpMid": nil]] as [[String: JSONValue]] {
            let members = medium.merging(data.objectValue ?? [:]) { first, _ in first }
            #expect((try? await outcome("set_candidate", .object(members)).get()) != nil)
        }
    }

    @Test("a description's object says what differs from its defaults")
    func descriptionObject() throws {
        let description = try SessionDescription(parsing: "v=0\r\ns=offer\r\n")
        #expect(description.json() == ["sdp": .string(description.text)])
        #expect(description.json(.rtp) == ["sdp": .string(description.text), "sdp_type": "rtp"])
        #expect(RemoteDescription(json: description.json()) == RemoteDescription(description))
    }

    @Test("a description that is none is handed on with its error: the session knows what that means")
    func malformedDescription() async throws {
        let command = await outcome("answer_call", ["call_id": .string(callID), "answer": ["sdp": "v=1", "trickle_ice": true]])
        guard case .answerCall(let answer) = try command.get(), case .answer(let object) = answer.description else {
            Issue.record("\(command)")
            return
        }
        #expect(object.description.content == .failure(SDPError(line: 1, reason: .invalid("v="))) && object.description.trickle)
    }

    @Test("the description in a client's response: nil where there is none", arguments: [
        nil, [:], ["sdp": 1], ["trickle_ice": true], "v=0",
    ] as [JSONValue?])
    func noDescription(json: JSONValue?) {
        #expect(RemoteDescription(json: json) == nil)
    }
}
