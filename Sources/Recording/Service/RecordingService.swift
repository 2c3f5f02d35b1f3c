public import EventLoop
public import Logging

/// The recordings of a gateway: those that run, and those that are to be finished.
///
/// A recording ``begin(_:_:onStop:)``s before Janus writes, has ``started(_:)`` when it does, has ``stopped(_:)`` and is
/// ``closed(_:)`` when Janus has let go of its files; then it is finished, and ``onOutcome`` tells of it once. Its manifest is on the
/// disk from the first moment to the last, so whatever ends in between, the next start takes it up.
@LoopActor
public final class RecordingService {
    /// One that runs.
    private struct Running {
        var manifest: RecordingManifest
        let file: ManifestFile
        /// Called with the reason when it has to be stopped.
        let onStop: @LoopActor (RecordingError) -> Void
        var started: ContinuousClock.Instant?
    }

    /// What there is at the moment, and what has been.
    public struct Status: Sendable, Equatable {
        /// Recordings that run.
        public var running = 0
        /// Those that are to be finished, or are being finished.
        public var unfinished = 0
        /// Since the start.
        public var ready = 0, failed = 0, refused = 0
    }

    private static let spaceInterval = Duration.seconds(5)

    public private(set) var status = Status()
    /// Told what has become of a recording, after ``closed(_:)`` or a start.
    public var onOutcome: (@LoopActor (RecordingName, RecordingOutcome) -> Void)?

    private let configuration: RecordingConfiguration
    private let log: Logger
    private let disk = DiskQueue()
    private var running: [RecordingName: Running] = [:]
    /// Those whose manifest is being written.
    private var beginning: [RecordingName: Task<Result<Void, RecordingError>, Never>] = [:]
    private var waiting: [RecordingJob] = []
    private var working: [RecordingName: RecordingJob] = [:]
    private var spaceTimer: LoopTimer?
    private var isStopped = false
    private var missing: Set<String> = []
    private var onIdle: [CheckedContinuation<Void, Never>] = []

    public init(configuration: RecordingConfiguration, log: Logger) {
        self.configuration = configuration
        self.log = log
    }

    // MARK: Life

    /// Takes up what an earlier life of the gateway has left behind.
    public func start() async {
        let directory = configuration.directory
        let found = try? await disk.run { () throws(RecordingError) in RecordingService.leftBehind(in: directory) }
        guard let found, !found.isEmpty, !isStopped else { return }
        log.info("recordings of before are finished", metadata: ["count": "\(found.count)"])
        for (manifest, file) in found where running[manifest.name] == nil && working[manifest.name] == nil { enqueue(manifest, file) }
    }

    /// Ends what is being finished; it is begun anew at the next start.
    public func stop() async {
        isStopped = true
        waiting = []
        spaceTimer?.cancel()
        spaceTimer = nil
        for job in working.values { job.cancel() }
        await withCheckedContinuation { done in
            if working.isEmpty { done.resume() } else { onIdle.append(done) }
        }
        running = [:]
    }

    private nonisolated static func leftBehind(in directory: String) -> [(RecordingManifest, ManifestFile)] {
        FileSystem.names(directory).compactMap { file in
            guard file.hasSuffix(RecordingManifest.suffix),
                let name = RecordingName(String(file.dropLast(RecordingManifest.suffix.count))),
                let opened = ManifestFile(name, in: directory), let manifest = opened.read(name)
            else { return nil }
            return (manifest, opened)
        }
    }

    // MARK: One recording

    /// Makes sure that there is room, and that what is written will be finished. Harmless when repeated.
    ///
    /// - Parameter onStop: Asks whoever records to stop, because the disk is nearly full.
    /// - Throws: Why it must not be begun.
    public func begin(
        _ name: RecordingName, _ layout: RecordingLayout, onStop: @escaping @LoopActor (RecordingError) -> Void
    ) async throws(RecordingError) {
        guard running[name] == nil else { return }
        let task = beginning[name] ?? LoopActor.task { [self] in
            do throws(RecordingError) {
                return .success(try await makeManifest(name, layout, onStop: onStop))
            } catch {
                return .failure(error)
            }
        }
        beginning[name] = task
        let result = await task.value
        beginning[name] = nil
        try result.get()
    }

    private func makeManifest(
        _ name: RecordingName, _ layout: RecordingLayout, onStop: @escaping @LoopActor (RecordingError) -> Void
    ) async throws(RecordingError) {
        let manifest = RecordingManifest(name: name, layout: layout, style: configuration.video, length: nil)
        let configuration = configuration
        do throws(RecordingError) {
            let file = try await disk.run { () throws(RecordingError) in
                guard FileSystem.free(configuration.directory) ?? .max >= configuration.minimumFree else { throw .diskFull }
                return try ManifestFile(creating: manifest, in: configuration.directory)
            }
            running[name] = Running(manifest: manifest, file: file, onStop: onStop)
            status.running = running.count
            watchSpace()
        } catch {
            status.refused += 1
            log.error("nothing is recorded", metadata: ["recording": "\(name)", "reason": "\(error)"])
            throw error
        }
    }

    /// Janus records. Harmless when repeated.
    public func started(_ name: RecordingName) {
        if running[name]?.started == nil { running[name]?.started = .now }
    }

    /// Janus does not record after all: there is nothing to finish.
    public func abandon(_ name: RecordingName) async {
        // It may have ended before the disk was ready for it.
        _ = await beginning[name]?.value
        guard let one = running.removeValue(forKey: name) else { return }
        status.running = running.count
        let directory = configuration.directory
        _ = try? await disk.run { () throws(RecordingError) in
            for file in one.manifest.layout.files(of: name.description) { FileSystem.remove("\(directory)/\(file)") }
            one.file.remove()
        }
    }

    /// It is over: that is its length.
    public func stopped(_ name: RecordingName) {
        guard let one = running[name], one.manifest.length == nil, let started = one.started else { return }
        let (seconds, attoseconds) = (ContinuousClock.now - started).components
        running[name]?.manifest.length = Int(seconds) * 1_000 + Int(attoseconds / 1_000_000_000_000_000)
    }

    /// Janus has let go of its files: it can be finished.
    public func closed(_ name: RecordingName) {
        stopped(name)
        guard let one = running.removeValue(forKey: name) else { return }
        status.running = running.count
        guard !isStopped else { return }
        let (manifest, file) = (one.manifest, one.file)
        status.unfinished += 1
        LoopActor.task { [self] in
            do throws(RecordingError) {
                try await disk.run { () throws(RecordingError) in try file.write(manifest) }
            } catch {
                // The length is then that of what was recorded.
                log.warning("a recording's length is not kept", metadata: ["recording": "\(name)", "reason": "\(error)"])
            }
            status.unfinished -= 1
            enqueue(manifest, file)
        }
    }

    // MARK: Finishing

    private func enqueue(_ manifest: RecordingManifest, _ file: ManifestFile) {
        guard !isStopped else { return }
        waiting.append(RecordingJob(manifest, file, configuration: configuration, disk: disk, log: log))
        status.unfinished += 1
        next()
    }

    private func next() {
        while !isStopped, working.count < configuration.jobs, !waiting.isEmpty {
            let job = waiting.removeFirst()
            working[job.manifest.name] = job
            LoopActor.task { [self] in
                do throws(RecordingError) {
                    done(job, try await job.run())
                } catch {
                    done(job, .failed(error))
                }
            }
        }
    }

    private func done(_ job: RecordingJob, _ outcome: RecordingOutcome) {
        let name = job.manifest.name
        working[name] = nil
        status.unfinished -= 1
        if isStopped {
            if working.isEmpty {
                onIdle.forEach { $0.resume() }
                onIdle = []
            }
            return
        }
        switch outcome {
        case .ready(let file, let length):
            status.ready += 1
            log.info("a recording is ready", metadata: ["file": "\(file)", "milliseconds": "\(length)"])
        case .failed(let error):
            status.failed += 1
            tell(error, of: name)
        }
        onOutcome?(name, outcome)
        next()
    }

    /// A program that is missing is told of once.
    private func tell(_ error: RecordingError, of name: RecordingName) {
        if case .program(let text) = error, !missing.insert(text).inserted { return }
        log.error("a recording is not finished, and is tried again at the next start", metadata: ["recording": "\(name)", "reason": "\(error)"])
    }

    // MARK: Room on the disk

    private func watchSpace() {
        guard spaceTimer == nil, !isStopped, configuration.minimumFree > 0 else { return }
        spaceTimer = LoopTimer.schedule(after: RecordingService.spaceInterval, every: RecordingService.spaceInterval) { [weak self] in
            guard let self else { return }
            if running.isEmpty {
                spaceTimer?.cancel()
                spaceTimer = nil
            } else {
                LoopActor.task { await self.lookAtSpace() }
            }
        }
    }

    private func lookAtSpace() async {
        let configuration = configuration
        let isFull = try? await disk.run { () throws(RecordingError) in
            FileSystem.free(configuration.directory) ?? .max < configuration.minimumFree
        }
        guard isFull == true, !running.isEmpty else { return }
        log.error("recordings are stopped", metadata: ["count": "\(running.count)", "reason": "\(RecordingError.diskFull)"])
        for one in running.values { one.onStop(.diskFull) }
    }
}
