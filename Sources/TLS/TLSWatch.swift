public import EventLoop
public import Logging

/// Reads a certificate again when its files change, or when it is told to, and hands it to who shows it.
///
/// What is broken changes nothing: the certificate of before stays, and the log says why.
@LoopActor
public final class TLSWatch {
    private let files: TLSFiles
    private let logger: Logger
    private let onChange: @LoopActor (TLSIdentity) throws(TLSError) -> Void
    private var timer: LoopTimer?
    private var seen: FileStamp?
    private var current: TLSIdentity
    private var isReading = false
    private var lastComplaint: ContinuousClock.Instant?

    /// - Parameters:
    ///   - identity: What is shown at the moment.
    ///   - interval: Time between two looks at the files.
    ///   - onChange: Shows another from now on.
    public init(
        _ identity: TLSIdentity, every interval: Duration = .seconds(60), logger: Logger,
        onChange: @escaping @LoopActor (TLSIdentity) throws(TLSError) -> Void
    ) {
        files = identity.files
        current = identity
        self.logger = logger
        self.onChange = onChange
        timer = LoopTimer.schedule(after: interval, every: interval) { [weak self] in
            LoopActor.task { await self?.look() }
        }
        complain()
    }

    /// Does not look any more.
    public func stop() {
        timer?.cancel()
        timer = nil
    }

    /// Reads the files now, changed or not.
    public func reload() async { await read(always: true) }

    private func look() async {
        complain()
        await read(always: false)
    }

    /// What came of looking at the files, off the loop.
    private struct Look: Sendable {
        var stamp: FileStamp
        var result: Result<TLSIdentity, TLSError>?
    }

    private func read(always: Bool) async {
        guard timer != nil, !isReading else { return }
        isReading = true
        let (files, seen, stampOfCurrent) = (files, seen, current.stamp)
        let look = await Task.detached {
            let stamp = FileStamp([files.certificate, files.key])
            guard always || stamp != seen ?? stampOfCurrent else { return Look(stamp: stamp) }
            do throws(TLSError) {
                return Look(stamp: stamp, result: .success(try TLSIdentity(files)))
            } catch {
                return Look(stamp: stamp, result: .failure(error))
            }
        }.value
        isReading = false
        self.seen = look.stamp
        guard timer != nil, let result = look.result else { return }
        do throws(TLSError) {
            let identity = try result.get()
            try onChange(identity)
            current = identity
            lastComplaint = nil
            logger.notice("certificate read again", metadata: [
                "certificate": "\(files.certificate)", "names": "\(identity.names)", "until": "\(identity.notAfter)",
            ])
            complain()
        } catch {
            logger.error("certificate not read again, the one of before stays", metadata: ["reason": "\(error)"])
        }
    }

    /// Says once a day that the certificate ends soon.
    private func complain() {
        guard let text = current.complaint() else { return }
        if let lastComplaint, lastComplaint.duration(to: .now) < .seconds(86_400) { return }
        lastComplaint = .now
        logger.warning("certificate", metadata: ["problem": "\(text)"])
    }
}
