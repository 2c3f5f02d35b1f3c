extension BrowserCommand {
    /// The commands of class `media`.
    static let names: Set<String> = [
        "start_session", "answer_session", "update_session", "stop_session", "set_candidate", "set_candidate_end", "get_info", "get_list",
        "start_call", "ring_call", "answer_call", "reject_call", "hangup_call", "send_dtmf", "hold_call", "resume_call", "transfer_call",
    ]

    /// Reads the command `name` of class `media` from its data.
    init(name: String, _ fields: Fields) throws(APIError) {
        if let command = try BrowserCommand.session(name, fields) {
            self = command
        } else if let command = try BrowserCommand.call(name, fields) {
            self = command
        } else {
            throw APIError(.unknownCommand, "`cmd`: class `media` has no such command")
        }
    }

    private static func session(_ name: String, _ fields: Fields) throws(APIError) -> BrowserCommand? {
        switch name {
        case "start_session": .startSession(try StartSession(fields))
        case "answer_session": .answerSession(try AnswerSession(fields))
        case "update_session": .updateSession(try UpdateSession(fields))
        case "stop_session": .stopSession(try StopSession(fields))
        case "set_candidate": try candidate(fields)
        case "set_candidate_end": .setCandidateEnd(try SetCandidateEnd(fields))
        case "get_info": .getInfo(try GetInfo(fields))
        case "get_list": .getList(try GetList(fields))
        default: nil
        }
    }

    /// An empty candidate is how browsers say that there are no more (W3C WebRTC, `RTCIceCandidate`).
    private static func candidate(_ fields: Fields) throws(APIError) -> BrowserCommand {
        let command = try SetCandidate(fields)
        return command.candidate.isEmpty
            ? .setCandidateEnd(SetCandidateEnd(sessionID: command.sessionID, side: command.side)) : .setCandidate(command)
    }

    private static func call(_ name: String, _ fields: Fields) throws(APIError) -> BrowserCommand? {
        switch name {
        case "start_call": .startCall(try StartCall(fields))
        case "ring_call": .ringCall(try RingCall(fields))
        case "answer_call": .answerCall(try AnswerCall(fields))
        case "reject_call": .rejectCall(try EndCall(fields, codes: 300...699))
        case "hangup_call": .hangupCall(try EndCall(fields, codes: 200...699))
        case "send_dtmf": .sendDTMF(try SendDTMF(fields))
        case "hold_call": .holdCall(try HoldCall(fields))
        case "resume_call": .resumeCall(try HoldCall(fields))
        case "transfer_call": .transferCall(try TransferCall(fields))
        default: nil
        }
    }
}
