/// Why a text is not a session description, and in which of its lines (RFC 8866, section 5).
public struct SDPError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong; `description` says it in words.
    public enum Reason: Error, Hashable {
        case tooLarge(limit: Int)
        case lineTooLong(limit: Int)
        case tooManyLines(limit: Int)
        case tooManyMedia(limit: Int)
        case tooManyAttributes(limit: Int)
        case controlCharacter
        case notALine
        case repeated(Character)
        case missing(Character)
        case invalid(String)
    }

    /// Number of the line, from 1; 0 where the whole text is meant.
    public let line: Int
    public let reason: Reason

    public init(line: Int, reason: Reason) {
        self.line = line
        self.reason = reason
    }

    public var description: String {
        line == 0 ? "SDP: \(reason)" : "SDP line \(line): \(reason)"
    }
}

extension SDPError.Reason: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLarge(let limit): "more than \(limit) bytes"
        case .lineTooLong(let limit): "a line of more than \(limit) bytes"
        case .tooManyLines(let limit): "more than \(limit) lines"
        case .tooManyMedia(let limit): "more than \(limit) media lines"
        case .tooManyAttributes(let limit): "more than \(limit) attributes"
        case .controlCharacter: "a NUL or a bare carriage return"
        case .notALine: "not of the form <letter>=<value>"
        case .repeated(let type): "a second \(type)="
        case .missing(let type): "no \(type)= line"
        case .invalid(let what): "\(what) is malformed"
        }
    }
}
