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

/// The most that a description may have; more is an error, found before anything is kept.
public struct SDPLimits: Sendable, Equatable {
    /// Of the whole text.
    public var bytes: Int
    /// Of one line, without its end.
    public var lineBytes: Int
    public var lines: Int
    public var media: Int
    /// Of the session or of one medium.
    public var attributes: Int

    public init(
        bytes: Int = 65_536, lineBytes: Int = 4_096, lines: Int = 2_000, media: Int = 32, attributes: Int = 512
    ) {
        self.bytes = bytes
        self.lineBytes = lineBytes
        self.lines = lines
        self.media = media
        self.attributes = attributes
    }

    public static let standard = SDPLimits()
}
