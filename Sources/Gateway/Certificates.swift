internal import EventLoop
internal import Logging
internal import TLS

/// The certificates that the gateway shows: read at start, watched and read again while it runs.
@LoopActor
final class Certificates {
    private let log: Logger
    private var watches: [TLSWatch] = []

    init(log: Logger) {
        self.log = log
    }

    /// Reads a pair, off the loop; nil for none.
    func read(_ files: TLSFiles?) async throws(TLSError) -> TLSIdentity? {
        guard let files else { return nil }
        let result = await Task.detached { () -> Result<TLSIdentity, TLSError> in
            do throws(TLSError) { return .success(try TLSIdentity(files)) } catch { return .failure(error) }
        }.value
        return try result.get()
    }

    /// Keeps an eye on a pair that is shown by now.
    func watch(_ identity: TLSIdentity?, onChange: @escaping @LoopActor (TLSIdentity) throws(TLSError) -> Void) {
        guard let identity else { return }
        watches.append(TLSWatch(identity, logger: log, onChange: onChange))
    }

    /// Reads all again, changed or not.
    func reload() async {
        for watch in watches { await watch.reload() }
    }

    func stop() {
        for watch in watches { watch.stop() }
        watches = []
    }
}
