internal import EventLoop
internal import JSON
internal import Logging

/// Finishes one recording: tracks of its captures, one file of the tracks, and that file into place.
///
/// Nothing of Janus' is removed before the file is in place and on the disk, so that a job may be broken off anywhere and done again.
@LoopActor
final class RecordingJob {
    private let name: RecordingName
    private let configuration: RecordingConfiguration
    private let disk: DiskQueue
    private let log: Logger
    private var helper: HelperProcess?
    private var isCancelled = false

    init(_ name: RecordingName, configuration: RecordingConfiguration, disk: DiskQueue, log: Logger) {
        self.name = name
        self.configuration = configuration
        self.disk = disk
        self.log = log
    }

    /// Ends it where it is.
    func cancel() {
        isCancelled = true
        helper?.kill()
    }

    /// - Parameter opened: The manifest, where it is open.
    /// - Returns: Nil where another gateway has it, or it is gone.
    func run(_ opened: (manifest: RecordingManifest, file: ManifestFile)?) async throws(RecordingError) -> RecordingOutcome? {
        let directory = configuration.directory, name = name
        let found: (manifest: RecordingManifest, file: ManifestFile)?
        if let opened {
            found = opened
        } else {
            found = try await disk.run { () throws(RecordingError) in
                guard let file = ManifestFile(name, in: directory), let manifest = file.read(name) else { return nil }
                return (manifest, file)
            }
        }
        guard let found else { return nil }
        return try await run(found.manifest, found.file)
    }

    private func run(_ manifest: RecordingManifest, _ file: ManifestFile) async throws(RecordingError) -> RecordingOutcome {
        let directory = configuration.directory
        let work = "\(directory)/.\(manifest.name).work"
        // The work of a job that ended between its last two steps.
        if let suffix = await finished() {
            try await cleanUp(manifest, file, work)
            return .ready(file: "\(manifest.name).\(suffix)", length: manifest.length ?? 0)
        }
        do throws(RecordingError) {
            try await disk.run { () throws(RecordingError) in try FileSystem.makeFresh(work) }
            let prepared = try await prepare(file, work)
            let tracks = prepared.tracks
            let length = manifest.length ?? tracks.map(\.end).max() ?? 0
            let output = "\(work)/output"
            let mix = Mix(tracks: tracks, layout: manifest.layout, length: max(length, 20), style: manifest.style)
            let made = try await make(mix, work: work, output: output)
            let name = "\(manifest.name).\(made.suffix)"
            try await disk.run { () throws(RecordingError) in
                try FileSystem.commit(output, to: "\(directory)/\(name)", in: directory)
            }
            let isWhole = prepared.isWhole && made.tracks == mix.tracks
            if !isWhole { log.warning("not all of a recording can be read: its captures stay", metadata: ["file": "\(name)"]) }
            try await cleanUp(manifest, file, work, isWhole: isWhole)
            return .ready(file: name, length: length)
        } catch {
            // Nothing will come of it at the next start either.
            let isOver = error == .nothingRecorded
            _ = try? await disk.run { () throws(RecordingError) in
                FileSystem.removeFolder(work)
                if isOver { file.remove() }
            }
            throw error
        }
    }

    private func prepare(_ file: ManifestFile, _ work: String) async throws(RecordingError) -> TrackPreparation.Result {
        let done = try await start(configuration.preparation + [file.path, work], limit: .seconds(3_600))
        guard done.exit == .exited(0) else { throw RecordingJob.failure("the preparation", done) }
        let lines = done.output.compactMap { try? JSONValue(parsing: $0) }
        return TrackPreparation.Result(
            tracks: lines.compactMap(Track.init(json:)), isWhole: lines.contains { $0["whole"]?.boolValue == true })
    }

    /// Makes the file; without what ffmpeg cannot read, if need be: what one side has sent is not to cost the other's.
    private func make(_ mix: Mix, work: String, output: String) async throws(RecordingError) -> Mix {
        var failure: RecordingError?
        for mix in [mix] + mix.fallbacks {
            let done = try await start([configuration.ffmpeg] + mix.arguments(work: work, output: output), limit: limit(mix.length))
            if done.exit == .exited(0) { return mix }
            let reason = RecordingJob.failure("ffmpeg", done)
            if reason == .diskFull { throw reason }
            failure = failure ?? reason
        }
        throw failure ?? .nothingRecorded
    }

    private func start(_ program: [String], limit: Duration) async throws(RecordingError) -> HelperProcess.Result {
        guard !isCancelled else { throw .helper("the gateway is stopping") }
        let helper = HelperProcess()
        self.helper = helper
        defer { self.helper = nil }
        return try await helper.run(program, limit: limit)
    }

    private func limit(_ length: Int) -> Duration { .seconds(600) + .milliseconds(length) * 4 }

    private static func failure(_ what: String, _ result: HelperProcess.Result) -> RecordingError {
        let complaint = result.complaint ?? "\(result.exit)"
        if complaint == RecordingError.nothingRecorded.description { return .nothingRecorded }
        return complaint.contains("No space left on device") || complaint.contains(RecordingError.diskFull.description)
            ? .diskFull : .helper("\(what) failed: \(complaint)")
    }

    private func finished() async -> String? {
        let (directory, name) = (configuration.directory, name)
        return try? await disk.run { () throws(RecordingError) in
            ["m4a", "mp4", "mkv"].first { FileSystem.exists("\(directory)/\(name).\($0)") }
        }
    }

    /// - Parameter isWhole: Whether all that was sent is in the file; else the captures stay for whoever can read more of them.
    private func cleanUp(
        _ manifest: RecordingManifest, _ file: ManifestFile, _ work: String, isWhole: Bool = true
    ) async throws(RecordingError) {
        let configuration = configuration
        try await disk.run { () throws(RecordingError) in
            FileSystem.removeFolder(work)
            if !configuration.keepsCaptures, isWhole {
                let files = manifest.layout.files(of: manifest.name.description, in: FileSystem.names(configuration.directory))
                for file in files { FileSystem.remove("\(configuration.directory)/\(file)") }
            }
            file.remove()
        }
    }
}
