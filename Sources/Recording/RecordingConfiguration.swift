internal import EventLoop
internal import Glibc

/// What the recordings are made with.
public struct RecordingConfiguration: Sendable {
    /// An absolute path.
    public var directory: String
    public var video: VideoStyle
    /// Whether Janus' files stay when the recording is finished.
    public var keepsCaptures: Bool
    /// How many are finished at once.
    public var jobs: Int
    /// Bytes; with less room in the directory nothing is recorded.
    public var minimumFree: Int
    /// Path or name of ffmpeg.
    public var ffmpeg: String
    /// A program and arguments that do what ``TrackPreparation/main(_:)`` does with two more: a manifest and a directory.
    public var preparation: [String]
    /// How long what has failed waits at first; twice as long after each further failure, an hour at most.
    public var retryDelay: Duration

    public init(
        directory: String, video: VideoStyle = .sideBySide, keepsCaptures: Bool = false, jobs: Int = 1, minimumFree: Int = 0,
        ffmpeg: String = "ffmpeg", preparation: [String], retryDelay: Duration = .seconds(30)
    ) {
        self.directory = directory
        self.video = video
        self.keepsCaptures = keepsCaptures
        self.jobs = jobs
        self.minimumFree = minimumFree
        self.ffmpeg = ffmpeg
        self.preparation = preparation
        self.retryDelay = retryDelay
    }
}

/// What has become of a recording.
public enum RecordingOutcome: Sendable, Equatable {
    /// It is in the directory under this name; `length` is in milliseconds.
    case ready(file: String, length: Int)
    /// What was recorded is there as Janus wrote it, and is tried again at the next start. Where it is before that, another outcome follows.
    case failed(RecordingError, isTriedAgain: Bool)
}

/// The name of a recording: its session's id, a lower-case UUID, and from the second one on `-2`, `-3` …
///
/// Nothing else can become part of a path.
public struct RecordingName: Sendable, Hashable, CustomStringConvertible {
    public let description: String

    public init?(_ text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 5 || parts.count == 6, parts.prefix(5).map(\.utf8.count) == [8, 4, 4, 4, 12],
            parts.prefix(5).allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) } })
        else { return nil }
        if parts.count == 6 {
            guard parts[5].utf8.count <= 9, parts[5].utf8.allSatisfy({ (48...57).contains($0) }), !parts[5].isEmpty else { return nil }
        }
        description = text
    }

    /// The session's id.
    public var session: String { String(description.prefix(36)) }
}

/// The programs that finish recordings.
public enum RecordingProgram {
    /// Why a program cannot be run; nil where it can.
    public static func problem(with program: String) -> String? {
        do throws(ChildProcessError) {
            _ = try ChildProcess.Command.find(program)
            return nil
        } catch {
            return error.description
        }
    }
}

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
