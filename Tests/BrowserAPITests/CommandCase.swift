import BrowserAPI
import JSON
import ProxyCore

let sessionID = "54c1b637-36fb-70c2-8080-28f07603cda8"
let callID = "0b9e1a64-5b1f-4f0e-9a5c-2f5f4f0d3a11"

/// A command's data with everything that it can carry, and what is wrong with each field of it.
struct CommandCase: Sendable, CustomStringConvertible {
    var cmd: String
    var data: JSONValue
    var command: BrowserCommand
    /// Fields (with a dot: within an object) without which it is refused.
    var required: [String] = []
    /// Values of fields that are refused; the error must name the field.
    var wrong: [(field: String, values: [JSONValue])] = []

    var description: String { cmd }

    static let all = sessions + calls

    /// The data with one field replaced, or left out.
    func data(_ field: String, _ value: JSONValue?) -> JSONValue {
        replacing(field.split(separator: ".").map(String.init)[...], in: data, with: value)
    }

    private func replacing(_ path: ArraySlice<String>, in object: JSONValue, with value: JSONValue?) -> JSONValue {
        guard var members = object.objectValue, let name = path.first else { return object }
        members[name] = path.count == 1 ? value : replacing(path.dropFirst(), in: members[name] ?? [:], with: value)
        return .object(members)
    }
}

func text(_ count: Int) -> JSONValue { .string(String(repeating: "x", count: count)) }

/// Fields that several commands share, and what is wrong for them.
enum Wrong {
    static let flag: [JSONValue] = [1, "true", []]
    static func number(_ outside: Int...) -> [JSONValue] { ["1", 1.5, [:]] + outside.map(JSONValue.integer) }
    static let object: [JSONValue] = [1, "v=0", []]
    static let line: [JSONValue] = [1, [], text(257), "a\r\nVia: x", "a\u{7F}"]
    static let id: [JSONValue] = [1, [:], text(129)]

    static let options: [(field: String, values: [JSONValue])] = [
        ("use_audio", flag), ("use_video", flag), ("record", flag), ("bitrate", number(-1, 100_001, .max)),
    ]

    static func description(_ field: String) -> [(field: String, values: [JSONValue])] {
        [
            (field, object), ("\(field).sdp", [1, [], "", text(65_537)]), ("\(field).sdp_type", [1, "plan-b", "RTP"]),
            ("\(field).trickle_ice", flag), ("\(field).caller_id", line), ("\(field).caller_name", line),
            ("\(field).callee_id", line), ("\(field).callee_name", line), ("\(field).dest", [1, text(1_025), "a\nb"]),
        ]
    }
}

/// A description with every field, and the same as a value.
let fullDescription: JSONValue = [
    "sdp": "v=0\r\n", "sdp_type": "rtp", "trickle_ice": true, "caller_id": "1", "caller_name": "Ann", "callee_id": "2",
    "callee_name": "Bé", "dest": "sip:2@example.org", "newer": 1,
]
let fullDescriptionObject = MediaDescriptionObject(
    RemoteDescription(parsing: "v=0\r\n", trickle: true), sdpType: .rtp, callerID: "1", callerName: "Ann", calleeID: "2", calleeName: "Bé",
    dest: "sip:2@example.org")
let fullOptions = SessionOptionsChange(useAudio: false, useVideo: true, bitrate: 100_000, record: true)

extension CommandCase {
    static let calls: [CommandCase] = [
        CommandCase(
            cmd: "start_call",
            data: [
                "dest": "sip:bob@example.org", "type": "sip", "offer": fullDescription, "use_audio": false, "use_video": true,
                "bitrate": 100_000, "record": true, "subscribe": false,
            ],
            command: .startCall(
                StartCall(
                    target: .dest("sip:bob@example.org"), type: .sip, source: .offer(fullDescriptionObject), options: fullOptions,
                    subscribe: false)),
            required: ["dest", "offer", "offer.sdp"],
            wrong: [
                ("dest", [1, [], "", text(1_025), "sip:a\r\nb"]), ("type", [1, "h323"]), ("subscribe", Wrong.flag),
                ("session_id", Wrong.id),
            ] + Wrong.options + Wrong.description("offer")),
        CommandCase(
            cmd: "ring_call", data: ["call_id": .string(callID), "answer": fullDescription],
            command: .ringCall(RingCall(callID: callID, answer: fullDescriptionObject)),
            required: ["call_id", "answer.sdp"], wrong: [("call_id", Wrong.id)] + Wrong.description("answer")),
        CommandCase(
            cmd: "answer_call", data: ["call_id": .string(callID), "answer": fullDescription],
            command: .answerCall(AnswerCall(callID: callID, description: .answer(fullDescriptionObject))),
            required: ["call_id", "answer", "answer.sdp"],
            wrong: [("call_id", Wrong.id)] + Wrong.description("answer")),
        CommandCase(
            cmd: "reject_call", data: ["call_id": .string(callID), "code": 603, "reason": "no"],
            command: .rejectCall(EndCall(callID: callID, code: 603, reason: "no")), required: ["call_id"],
            wrong: [("call_id", Wrong.id), ("code", Wrong.number(299, 700, 0)), ("reason", Wrong.line)]),
        CommandCase(
            cmd: "hangup_call", data: ["call_id": .string(callID), "code": 200, "reason": "bye"],
            command: .hangupCall(EndCall(callID: callID, code: 200, reason: "bye")), required: ["call_id"],
            wrong: [("call_id", Wrong.id), ("code", Wrong.number(199, 700, -200)), ("reason", Wrong.line)]),
        CommandCase(
            cmd: "send_dtmf",
            data: ["call_id": .string(callID), "digits": "0123456789ABCD*#", "duration": 40, "side": "caller"],
            command: .sendDTMF(SendDTMF(callID: callID, digits: "0123456789ABCD*#", duration: 40, side: .caller)),
            required: ["call_id", "digits"],
            wrong: [
                ("call_id", Wrong.id), ("digits", [1, "", "12E", "a", "1 2", "é", text(65)]),
                ("duration", Wrong.number(39, 6_001)), ("side", [1, "", "both"]),
            ]),
        CommandCase(
            cmd: "hold_call", data: ["call_id": .string(callID), "side": "callee"],
            command: .holdCall(HoldCall(callID: callID, side: .callee)), required: ["call_id"],
            wrong: [("call_id", Wrong.id), ("side", [1, "", "both"])]),
        CommandCase(
            cmd: "resume_call", data: ["call_id": .string(callID)], command: .resumeCall(HoldCall(callID: callID)),
            required: ["call_id"], wrong: [("call_id", Wrong.id), ("side", [1, "", "both"])]),
        CommandCase(
            cmd: "transfer_call", data: ["call_id": .string(callID), "dest": "carol"],
            command: .transferCall(TransferCall(callID: callID, target: .dest("carol"))), required: ["call_id", "dest"],
            wrong: [("call_id", Wrong.id), ("dest", [1, "", text(1_025)]), ("other_call_id", Wrong.id)]),
    ]
}

extension CommandCase {
    static let sessions: [CommandCase] = [
        CommandCase(
            cmd: "start_session",
            data: [
                "type": "proxy", "offer": fullDescription, "use_audio": false, "use_video": true, "bitrate": 100_000,
                "record": true, "sdp_type": "rtp", "backend": "nkmedia_janus", "subscribe": false, "newer": [],
            ],
            command: .startSession(
                StartSession(
                    type: .proxy, offer: fullDescriptionObject, options: fullOptions, sdpType: .rtp, subscribe: false)),
            required: ["type", "offer", "offer.sdp"],
            wrong: [
                ("type", [1, "", "mcu", "Echo"]), ("sdp_type", [1, "srtp"]), ("backend", [1, "", "a\nb"]),
                ("subscribe", Wrong.flag),
            ] + Wrong.options + Wrong.description("offer")),
        CommandCase(
            cmd: "answer_session", data: ["session_id": .string(sessionID), "answer": fullDescription],
            command: .answerSession(AnswerSession(sessionID: sessionID, answer: fullDescriptionObject)),
            required: ["session_id", "answer", "answer.sdp"],
            wrong: [("session_id", Wrong.id)] + Wrong.description("answer")),
        CommandCase(
            cmd: "update_session",
            data: [
                "session_id": .string(sessionID), "use_audio": false, "use_video": true, "bitrate": 100_000,
                "record": true, "offer": fullDescription,
            ],
            command: .updateSession(
                UpdateSession(sessionID: sessionID, options: fullOptions, offer: fullDescriptionObject)),
            required: ["session_id", "offer.sdp"],
            wrong: [("session_id", Wrong.id)] + Wrong.options + Wrong.description("offer")),
        CommandCase(
            cmd: "stop_session", data: ["session_id": .string(sessionID), "code": 9_999, "reason": "done"],
            command: .stopSession(StopSession(sessionID: sessionID, code: 9_999, reason: "done")),
            required: ["session_id"],
            wrong: [("session_id", Wrong.id), ("code", Wrong.number(-1, 10_000)), ("reason", Wrong.line)]),
        CommandCase(
            cmd: "set_candidate",
            data: [
                "session_id": .string(sessionID), "side": "callee", "sdpMid": "0", "sdpMLineIndex": 0,
                "candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "usernameFragment": "x",
            ],
            command: .setCandidate(
                SetCandidate(
                    sessionID: sessionID, side: .callee, sdpMid: "0", sdpMLineIndex: 0,
                    candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host")),
            required: ["session_id", "candidate"],
            wrong: [
                ("session_id", Wrong.id), ("side", [1, "", "both"]), ("sdpMid", Wrong.line), ("sdpMLineIndex", Wrong.number(-1, 1_024)),
                ("candidate", [1, [:], text(1_025), "candidate:1\r\na=x"]),
            ]),
        CommandCase(
            cmd: "set_candidate_end", data: ["session_id": .string(sessionID), "side": "caller"],
            command: .setCandidateEnd(SetCandidateEnd(sessionID: sessionID, side: .caller)), required: ["session_id"],
            wrong: [("session_id", Wrong.id), ("side", [1, "", "both"])]),
        CommandCase(
            cmd: "get_info", data: ["session_id": .string(sessionID), "statistics": true],
            command: .getInfo(GetInfo(sessionID: sessionID, statistics: true)), required: ["session_id"],
            wrong: [("session_id", Wrong.id), ("statistics", Wrong.flag)]),
        CommandCase(
            cmd: "get_list", data: ["user": "alice"], command: .getList(GetList(user: "alice")),
            wrong: [("user", [1, "", text(257)])]),
        CommandCase(
            cmd: "list_recordings", data: ["limit": 200], command: .listRecordings(ListRecordings(limit: 200)), wrong: [("limit", Wrong.number(0, 201))]),
        CommandCase(
            cmd: "get_recording", data: ["call_id": .string(callID), "file": "f"], command: .getRecording(GetRecording(callID: callID, file: "f")),
            required: ["call_id", "file"], wrong: [("call_id", Wrong.id), ("file", [1, "", text(65), "a\nb"])]),
        CommandCase(
            cmd: "get_line_test", data: ["call_id": .string(callID)], command: .getLineTest(GetLineTest(.call(callID))),
            required: ["call_id"], wrong: [("call_id", Wrong.id)]),
        CommandCase(
            cmd: "get_line_test", data: ["session_id": .string(sessionID)], command: .getLineTest(GetLineTest(.session(sessionID))),
            wrong: [("session_id", Wrong.id)]),
        CommandCase(
            cmd: "report_line_test", data: ["session_id": .string(sessionID), "stats": ["codec": "opus", "packets_lost": -1, "jitter": 3, "samples": 48_000]],
            command: .reportLineTest(lineTestReport), required: ["stats"],
            wrong: [
                ("session_id", Wrong.id), ("stats", Wrong.object), ("stats.codec", [1, "", text(33)]), ("stats.jitter", Wrong.number(-1, 3_600_001)),
                ("stats.packets_sent", Wrong.number(-1, (1 << 40) + 1)), ("stats.samples", Wrong.number(-1)),
            ]),
    ]
}

private let lineTestReport: ReportLineTest = {
    var report = ReportLineTest(.session(sessionID))
    (report.codec, report.packetsLost, report.jitter, report.samples) = ("opus", -1, 3, 48_000)
    return report
}()
