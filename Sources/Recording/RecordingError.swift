internal import Glibc

/// Why something cannot be recorded, or a recording not be finished.
public enum RecordingError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is less room than `recordings.minimum_free`, or none.
    case diskFull
    /// A file or directory cannot be read or written.
    case file(path: String, reason: String)
    /// A program that is needed is missing, or does not start.
    case program(String)
    /// A program that was to finish the recording has failed, or took too long.
    case helper(String)
    /// The media server has left nothing that could be finished.
    case nothingRecorded

    public var description: String {
        switch self {
        case .diskFull: "the disk is full"
        case .file(let path, let reason): "\(path): \(reason)"
        case .program(let text), .helper(let text): text
        case .nothingRecorded: "the media server has left no files"
        }
    }

    /// What `errno` says of a path.
    static func system(_ path: String) -> RecordingError {
        errno == ENOSPC || errno == EDQUOT ? .diskFull : .file(path: path, reason: String(cString: strerror(errno)))
    }
}
