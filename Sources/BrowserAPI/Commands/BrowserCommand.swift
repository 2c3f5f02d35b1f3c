/// What a logged-in client can ask of the gateway: the commands of class `media`.
public enum BrowserCommand: Sendable, Equatable {
    // Sessions.
    case startSession(StartSession)
    case answerSession(AnswerSession)
    case updateSession(UpdateSession)
    case stopSession(StopSession)
    case setCandidate(SetCandidate)
    case setCandidateEnd(SetCandidateEnd)
    case getInfo(GetInfo)
    case getList(GetList)
    case getLineTest(GetLineTest)
    case reportLineTest(ReportLineTest)
    case listRecordings(ListRecordings)
    case getRecording(GetRecording)

    // Calls.
    case startCall(StartCall)
    case ringCall(RingCall)
    case answerCall(AnswerCall)
    case rejectCall(EndCall)
    case hangupCall(EndCall)
    case sendDTMF(SendDTMF)
    case holdCall(HoldCall)
    case resumeCall(HoldCall)
    case transferCall(TransferCall)

    /// The name that `cmd` has in the message.
    public var name: String {
        switch self {
        case .startSession: "start_session"
        case .answerSession: "answer_session"
        case .updateSession: "update_session"
        case .stopSession: "stop_session"
        case .setCandidate: "set_candidate"
        case .setCandidateEnd: "set_candidate_end"
        case .getInfo: "get_info"
        case .getList: "get_list"
        case .getLineTest: "get_line_test"
        case .reportLineTest: "report_line_test"
        case .listRecordings: "list_recordings"
        case .getRecording: "get_recording"
        case .startCall: "start_call"
        case .ringCall: "ring_call"
        case .answerCall: "answer_call"
        case .rejectCall: "reject_call"
        case .hangupCall: "hangup_call"
        case .sendDTMF: "send_dtmf"
        case .holdCall: "hold_call"
        case .resumeCall: "resume_call"
        case .transferCall: "transfer_call"
        }
    }
}

extension BrowserCommand {
    /// The commands of class `media`.
    static let names: Set<String> = [
        "start_session", "answer_session", "update_session", "stop_session", "set_candidate", "set_candidate_end", "get_info", "get_list",
        "get_line_test", "report_line_test", "list_recordings", "get_recording", "start_call", "ring_call", "answer_call", "reject_call", "hangup_call", "send_dtmf", "hold_call", "resume_call", "transfer_call",
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
        case "get_line_test": .getLineTest(try GetLineTest(fields))
        case "report_line_test": .reportLineTest(try ReportLineTest(fields))
        case "list_recordings": .listRecordings(try ListRecordings(fields))
        case "get_recording": .getRecording(try GetRecording(fields))
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

/// `get_info`: what is known of a session.
public struct GetInfo: Sendable, Equatable {
    public var sessionID: String
    /// Whether packets are counted too, which takes a question to the media server.
    public var statistics: Bool

    public init(sessionID: String, statistics: Bool = false) {
        self.sessionID = sessionID
        self.statistics = statistics
    }
}

/// `get_list`: the sessions of the client's user, or, for an admin, of another user.
public struct GetList: Sendable, Equatable {
    /// Whose sessions; `"*"` is everybody's. Only an admin's request has another than its own.
    public var user: String?

    public init(user: String? = nil) { self.user = user }
}

extension GetInfo {
    init(_ fields: Fields) throws(APIError) {
        self.init(sessionID: try fields.sessionID(), statistics: try fields.optionalFlag("statistics") ?? false)
    }
}

extension GetList {
    init(_ fields: Fields) throws(APIError) { self.init(user: try fields.optionalText("user", bytes: 1...256)) }
}
