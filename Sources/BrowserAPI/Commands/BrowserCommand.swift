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
