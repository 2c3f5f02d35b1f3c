import BrowserAPI
import JSON
import ProxyCore

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
                    dest: "sip:bob@example.org", type: .sip, source: .offer(fullDescriptionObject), options: fullOptions,
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
