public import EventLoop
internal import Glibc
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

    /// One that is to be finished.
    private struct Pending {
        let name: RecordingName
        /// As long as nobody else may have it; what failed, or was left behind, is opened when its turn comes.
        var opened: (manifest: RecordingManifest, file: ManifestFile)?
        /// How often it has failed.
        var failures = 0
    }

    /// What there is at the moment, and what has been.
    public struct Status: Sendable, Equatable {
        /// Recordings that run.
        public var running = 0
        /// Those that are to be finished, or are being finished.
        public var unfinished = 0
        /// Those that have failed and are tried again later.
        public var waiting = 0
        /// Since the start; failed are those that did at first.
        public var ready = 0, failed = 0, refused = 0
    }

    private static let spaceInterval = Duration.seconds(5)
    /// What ffmpeg fails with so often is not tried again before the next start.
    private static let mostFailures = 5
    /// Those that are tried again later; the next start has the others.
    private static let mostWaiting = 1_000

    public private(set) var status = Status()
    /// Told what has become of a recording, after ``closed(_:)`` or a start.
    public var onOutcome: (@LoopActor (RecordingName, RecordingOutcome) -> Void)?

    private let configuration: RecordingConfiguration
    private let log: Logger
    private let disk = DiskQueue()
    private var running: [RecordingName: Running] = [:]
    /// Those whose manifest is being written.
    private var beginning: [RecordingName: Task<Result<Void, RecordingError>, Never>] = [:]
    private var queue: [Pending] = []
    private var retries: [RecordingName: LoopTimer] = [:]
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
        for name in found where running[name] == nil && working[name] == nil { enqueue(Pending(name: name)) }
    }

    /// Ends what is being finished; it is begun anew at the next start.
    public func stop() async {
        isStopped = true
        queue = []
        for timer in retries.values { timer.cancel() }
        retries = [:]
        spaceTimer?.cancel()
        spaceTimer = nil
        for job in working.values { job.cancel() }
        await withCheckedContinuation { done in
            if working.isEmpty { done.resume() } else { onIdle.append(done) }
        }
        running = [:]
    }

    /// One at a time: there may be more of them than this process may have files open.
    private nonisolated static func leftBehind(in directory: String) -> [RecordingName] {
        FileSystem.names(directory).compactMap { file in
            guard file.hasSuffix(RecordingManifest.suffix),
                let name = RecordingName(String(file.dropLast(RecordingManifest.suffix.count))),
                ManifestFile(name, in: directory)?.read(name) != nil
            else { return nil }
            return name
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
        guard let one = running[name], one.started == nil else { return }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        running[name]?.started = .now
        running[name]?.manifest.begun = now.tv_sec * 1_000_000 + now.tv_nsec / 1_000
        guard let manifest = running[name]?.manifest else { return }
        keep(manifest, in: one.file)
    }

    private func keep(_ manifest: RecordingManifest, in file: ManifestFile) {
        LoopActor.task { [self] in
            do throws(RecordingError) {
                try await disk.run { () throws(RecordingError) in try file.write(manifest) }
            } catch {
                // It is then as long as what was recorded.
                log.warning("a recording's times are not kept", metadata: ["recording": "\(manifest.name)", "reason": "\(error)"])
            }
        }
    }

    /// Janus does not record after all: there is nothing to finish.
    public func abandon(_ name: RecordingName) async {
        // It may have ended before the disk was ready for it.
        _ = await beginning[name]?.value
        guard let one = running.removeValue(forKey: name) else { return }
        status.running = running.count
        let directory = configuration.directory
        _ = try? await disk.run { () throws(RecordingError) in
            for file in one.manifest.layout.files(of: name.description, in: FileSystem.names(directory)) { FileSystem.remove("\(directory)/\(file)") }
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
        // Behind what is to be done on the disk before.
        keep(one.manifest, in: one.file)
        enqueue(Pending(name: name, opened: (one.manifest, one.file)))
    }

    // MARK: Finishing

    private func enqueue(_ pending: Pending) {
        guard !isStopped else { return }
        queue.append(pending)
        status.unfinished += 1
        next()
    }

    private func next() {
        while !isStopped, working.count < configuration.jobs, !queue.isEmpty {
            let pending = queue.removeFirst()
            let job = RecordingJob(pending.name, configuration: configuration, disk: disk, log: log)
            working[pending.name] = job
            LoopActor.task { [self] in
                do throws(RecordingError) {
                    done(pending, try await job.run(pending.opened))
                } catch {
                    done(pending, .failed(error, isTriedAgain: false))
                }
            }
        }
    }

    /// - Parameter outcome: Nil where another gateway has taken it up.
    private func done(_ pending: Pending, _ outcome: RecordingOutcome?) {
        let name = pending.name
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
            onOutcome?(name, .ready(file: file, length: length))
        case .failed(let error, _): failed(pending, error)
        case nil: onOutcome?(name, .failed(.helper("another gateway finishes it"), isTriedAgain: false))
        }
        next()
    }

    private func failed(_ pending: Pending, _ error: RecordingError) {
        let name = pending.name, failures = pending.failures + 1
        var isTriedAgain = retries.count < RecordingService.mostWaiting
        switch error {
        case .nothingRecorded: isTriedAgain = false
        case .helper: isTriedAgain = isTriedAgain && failures < RecordingService.mostFailures
        case .diskFull, .file, .program: break
        }
        if failures == 1 { status.failed += 1 }
        tell(error, of: name, failures, isTriedAgain)
        if isTriedAgain {
            let delay = min(configuration.retryDelay * (1 << min(failures - 1, 16)), .seconds(3_600))
            retries[name] = LoopTimer.schedule(after: delay) { [weak self] in
                guard let self else { return }
                retries[name] = nil
                status.waiting = retries.count
                enqueue(Pending(name: name, failures: failures))
            }
            status.waiting = retries.count
        }
        if failures == 1 || !isTriedAgain { onOutcome?(name, .failed(error, isTriedAgain: isTriedAgain)) }
    }

    /// A program that is missing is told of once, and so is one recording.
    private func tell(_ error: RecordingError, of name: RecordingName, _ failures: Int, _ isTriedAgain: Bool) {
        let metadata: Logger.Metadata = ["recording": "\(name)", "reason": "\(error)"]
        if error == .nothingRecorded { return log.error("nothing is there of a recording", metadata: metadata) }
        if !isTriedAgain { return log.error("a recording is not finished, and is tried again at the next start", metadata: metadata) }
        if case .program(let text) = error, !missing.insert(text).inserted { return }
        if failures == 1 { log.error("a recording is not finished, and is tried again", metadata: metadata) }
    }

    // MARK: Files

    /// The file of a recording that is finished, with its bytes; nil where there is none, or none yet.
    public func file(_ name: RecordingName) async -> (path: String, size: Int)? {
        let directory = configuration.directory
        let found = try? await disk.run { () throws(RecordingError) -> (path: String, size: Int)? in
            ["m4a", "mp4", "mkv"].lazy.map { "\(directory)/\(name).\($0)" }.first(where: FileSystem.exists).map { ($0, FileSystem.size($0)) }
        }
        return found
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
