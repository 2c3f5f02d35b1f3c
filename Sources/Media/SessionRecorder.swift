internal import EventLoop
internal import ProxyCore
internal import Recording

/// The recordings of one session: their names, and their way from Janus' hands to the service that finishes them.
@LoopActor
final class SessionRecorder {
    /// Asked to stop, because the disk is nearly full.
    var onFull: (@LoopActor (RecordingError) -> Void)?

    private let service: RecordingService
    private let directory: String
    private let layout: RecordingLayout

    init(kind: SessionKind, context: SessionContext) {
        service = context.recordings
        directory = context.recordingsDirectory
        layout = RecordingLayout(kind)
    }

    /// Before Janus is told of it.
    func begin(_ file: String) async throws(SessionFailure) {
        guard let name = RecordingName(file) else { throw .recording("\(file) is no name of a recording") }
        do throws(RecordingError) {
            try await service.begin(name, layout) { [weak self] reason in self?.onFull?(reason) }
        } catch {
            throw .recording("\(error)")
        }
    }

    /// What the leg of that side is told as the file's name.
    func path(_ file: String, part: Int, _ side: SessionSide) -> String {
        "\(directory)/\(layout.base(file, part: part, side: side == .callee ? .callee : .caller))"
    }

    func started(_ file: String) { RecordingName(file).map(service.started) }

    func stopped(_ file: String) { RecordingName(file).map(service.stopped) }

    /// When Janus has let go of it.
    func closed(_ file: String) { RecordingName(file).map(service.closed) }

    /// It has not begun after all.
    func abandon(_ file: String) {
        guard let name = RecordingName(file) else { return }
        LoopActor.task { [service] in await service.abandon(name) }
    }
}

extension RecordingLayout {
    init(_ kind: SessionKind) {
        self = switch kind {
        case .echo: .echo
        case .proxy: .proxy
        }
    }
}
