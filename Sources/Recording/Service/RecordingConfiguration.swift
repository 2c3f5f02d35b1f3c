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
