import BrowserAPI
import JSON
import ProxyCore

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
    ]
}
