/// What the answer to a request says when it is not `ok`: `{"code": int, "error": "text"}`.
public struct APIError: Error, Sendable, Equatable {
    /// A stable number: one of ``Code``, or what a client chose when it answered a request of ours.
    public let code: Int
    /// What is wrong, for a human; names the field where one is at fault.
    public let text: String

    public init(code: Int, text: String) {
        self.code = code
        self.text = text
    }

    /// An error of the stable list. Without a text of its own it says what the code means.
    public init(_ code: Code, _ text: String? = nil) {
        self.init(code: code.rawValue, text: text ?? code.meaning)
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
