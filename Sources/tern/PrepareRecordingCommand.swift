internal import ArgumentParser
internal import Recording

/// `tern prepare-recording`: what `tern serve` runs to finish a recording, in a process of its own because it reads what peers sent.
struct PrepareRecordingCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare-recording", abstract: "Make tracks of a recording's captures.", shouldDisplay: false)

    @Argument(help: "The recording's manifest.")
    var manifest: String

    @Argument(help: "The directory for the tracks.")
    var work: String

    func run() throws {
        do throws(RecordingError) {
            try TrackPreparation.main(manifest: manifest, work: work) { StandardStreams.output($0) }
        } catch {
            StandardStreams.error("\(error)")
            throw ExitStatus.failure
        }
    }
}
