internal import Glibc
internal import JSON
internal import Recording

extension RecordingConfiguration {
    /// The subcommand of this program that prepares a recording.
    static let subcommand = "prepare-recording"

    init(_ recordings: GatewayConfiguration.Recordings) {
        // By its process: the file of that name may be another by now.
        self.init(
            directory: recordings.directory, video: recordings.video, keepsCaptures: recordings.keepsCaptures, jobs: recordings.jobs,
            minimumFree: recordings.minimumFree, ffmpeg: recordings.ffmpeg,
            preparation: ["/proc/\(getpid())/exe", RecordingConfiguration.subcommand])
    }
}

extension RecordingService.Status {
    /// As `GET /status` has it.
    var json: JSONValue {
        [
            "running": .integer(running), "unfinished": .integer(unfinished), "waiting": .integer(waiting), "ready": .integer(ready), "failed": .integer(failed),
            "refused": .integer(refused),
        ]
    }
}
