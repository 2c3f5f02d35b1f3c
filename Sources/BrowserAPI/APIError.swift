/// What the answer to a request says when it is not `ok`: `{"code": int, "error": "text"}`, and `sip_status` of a call that ended.
public struct APIError: Error, Sendable, Equatable {
    /// A stable number: one of ``Code``, or what a client chose when it answered a request of ours.
    public let code: Int
    /// What is wrong, for a human; names the field where one is at fault.
    public let text: String
    /// The status with which a call ended before it had begun.
    public let sipStatus: Int?

    public init(code: Int, text: String, sipStatus: Int? = nil) {
        self.code = code
        self.text = text
        self.sipStatus = sipStatus
    }

    /// An error of the stable list. Without a text of its own it says what the code means.
    public init(_ code: Code, _ text: String? = nil, sipStatus: Int? = nil) {
        self.init(code: code.rawValue, text: text ?? code.meaning, sipStatus: sipStatus)
    }

    /// The code where it is one of the list.
    public var known: Code? { Code(rawValue: code) }
}

extension APIError: CustomStringConvertible {
    public var description: String { "\(code): \(text)" }
}

extension APIError {
    static func missing(_ field: String) -> APIError { APIError(.missingField, "`\(field)` is missing") }

    /// - Parameter expectation: What the field must be, to follow "`field` must be".
    static func invalid(_ field: String, _ expectation: String) -> APIError {
        APIError(.invalidField, "`\(field)` must be \(expectation)")
    }

    /// No session has the id that `field` gave.
    public static func unknownSession(field: String = "session_id") -> APIError {
        APIError(.unknownSession, "`\(field)`: there is no such session")
    }

    /// No call has the id that `field` gave.
    public static func unknownCall(field: String = "call_id") -> APIError {
        APIError(.unknownCall, "`\(field)`: there is no such call")
    }

    /// The session or call that `field` names belongs to another user.
    public static func notYours(field: String) -> APIError {
        APIError(.notYours, "`\(field)`: it belongs to another user")
    }

    /// A token that logs nobody in, for a reason that is not the client's to know.
    public static var invalidToken: APIError { APIError(.wrongCredentials, "the token is not valid") }

    /// A token that did once.
    public static var expiredToken: APIError { APIError(.wrongCredentials, "the token has expired") }

    /// - Parameter what: The command or option.
    public static func notSupported(_ what: String) -> APIError {
        APIError(.notSupported, "`\(what)` is not supported yet")
    }
}

extension APIError {
    /// The stable codes. A number never changes its meaning; docs/browser-api.md lists them all.
    public enum Code: Int, Sendable, CaseIterable {
        // The message.
        case notAnObject = 1101
        case invalidTID = 1102
        case unknownClass = 1103
        case unknownCommand = 1104
        case missingField = 1105
        case invalidField = 1106
        case duplicateTID = 1107
        case tooManyRequests = 1108

        // Who asks.
        case notLoggedIn = 2001
        case alreadyLoggedIn = 2002
        case wrongCredentials = 2003
        case unknownResumeToken = 2004
        case notYours = 2005
        case tooManyClients = 2006
        case tooManySubscriptions = 2007

        // Sessions and calls.
        case unknownSession = 3001
        case unknownCall = 3002
        case unknownObject = 3003
        case wrongState = 3004
        case notSupported = 3005
        case unsupportedBackend = 3006
        case invalidSDP = 3007
        case noCommonCodec = 3008
        case unknownDestination = 3009
        case mediaUnavailable = 3010
        case mediaFailed = 3011
        case tooManySessions = 3012
        case recordingFailed = 3013
        case notTaken = 3014

        // The server, and the other side of a request.
        case internalError = 5001
        case timedOut = 5002
        case clientGone = 5003
        case shuttingDown = 5004
        case refusedByClient = 5005

        /// What the code means, in words.
        public var meaning: String {
            switch self {
            case .notAnObject: "the message is not a JSON object"
            case .invalidTID: "`tid` must be a number or a string of at most 128 bytes"
            case .unknownClass: "there is no such class"
            case .unknownCommand: "there is no such command"
            case .missingField: "a field is missing"
            case .invalidField: "a field has the wrong type or value"
            case .duplicateTID: "a request with this `tid` is not answered yet"
            case .tooManyRequests: "too many requests are not answered yet"
            case .notLoggedIn: "log in first"
            case .alreadyLoggedIn: "this connection is logged in already"
            case .wrongCredentials: "wrong user or password"
            case .unknownResumeToken: "there is nothing to resume with this token"
            case .notYours: "this belongs to another user"
            case .tooManyClients: "too many clients are logged in"
            case .tooManySubscriptions: "too many subscriptions"
            case .unknownSession: "there is no such session"
            case .unknownCall: "there is no such call"
            case .unknownObject: "there is no such session or call"
            case .wrongState: "not possible in the present state"
            case .notSupported: "not supported yet"
            case .unsupportedBackend: "there is no such backend"
            case .invalidSDP: "the SDP is malformed"
            case .noCommonCodec: "the two sides have no codec in common"
            case .unknownDestination: "nobody is reached by this destination"
            case .mediaUnavailable: "the media server is not available, try again later"
            case .mediaFailed: "the media server refused"
            case .tooManySessions: "too many sessions or calls"
            case .recordingFailed: "the recording cannot be written"
            case .notTaken: "the other side does not take it"
            case .internalError: "internal error"
            case .timedOut: "no answer in time"
            case .clientGone: "the client is gone"
            case .shuttingDown: "the server is shutting down"
            case .refusedByClient: "the client refused"
            }
        }
    }
}
