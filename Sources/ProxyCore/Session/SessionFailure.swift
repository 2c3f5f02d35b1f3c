/// Why a session could not do what it was asked to do.
public enum SessionFailure: Error, Sendable, Equatable {
    /// The description that came from a party is malformed, or nothing in it can be used.
    case description(NegotiationError)
    /// Janus refused the description.
    case refused(String)
    /// Janus is not there, or did not answer in time.
    case unavailable(String)
    /// The session is not in a state in which this can be done.
    case state(String)
    /// A session of this kind cannot do this.
    case unsupported(String)
    /// It cannot be recorded; nothing else is wrong.
    case recording(String)

    /// Whether nothing but a recording has failed.
    var isOfRecording: Bool { if case .recording = self { true } else { false } }

    /// A sentence for whoever asked: an API error's text, or that of a Warning header.
    public var reason: String {
        switch self {
        case .description(let error): error.reason
        case .refused(let text), .unavailable(let text), .state(let text), .unsupported(let text), .recording(let text): text
        }
    }

    /// The SIP status that says the same (RFC 3261 section 21).
    public var sipStatus: Int {
        switch self {
        case .description(let error): error.sipStatus
        case .refused: 488
        case .unavailable: 503
        case .state: 491
        case .unsupported: 501
        case .recording: 500
        }
    }
}
