internal import EventLoop
internal import JSON
internal import ProxyCore
internal import Recording

/// The recordings of one session: their names, and their way from Janus' hands to the service that finishes them.
@LoopActor
final class SessionRecorder {
    /// Asked to stop, because the disk is nearly full.
    var onFull: (@LoopActor (RecordingError) -> Void)?
    /// Why the recording that runs is being stopped, where nobody asked for it.
    var stopReason: String?
    /// The sessions whose recording this one goes on with, until it has begun.
    var former: [String] = []
    /// What is to be done when Janus has let go of the session's handles.
    private var afterRelease: [@LoopActor () -> Void] = []

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

    /// Tells the service what has become of a recording.
    ///
    /// - Parameter isReleased: Whether Janus has let go of the file, as it has when the handles of a live session confirm a change.
    /// - Returns: What the session's clients are told.
    func perform(_ change: ProxySession.RecordingChange, isReleased: Bool) -> SessionEvent {
        switch change {
        case .started(let file):
            RecordingName(file).map(service.started)
            defer { former = [] }
            return .record(.started, file: file, more: former.isEmpty ? [:] : ["former": .array(former.map { .string($0) })])
        case .stopped(let file):
            guard let name = RecordingName(file) else { return .record(.stopped, file: file) }
            service.stopped(name)
            when(isReleased) { [service] in service.closed(name) }
            return .record(.stopped, file: file, more: stopReason.map { ["reason": .string($0)] } ?? [:])
        case .failed(let file, let failure):
            if let name = RecordingName(file) {
                when(isReleased) { [service] in LoopActor.task { await service.abandon(name) } }
            }
            return .record(.failed, file: file, more: ["reason": .string(failure.reason)])
        }
    }

    private func when(_ isReleased: Bool, _ body: @escaping @LoopActor () -> Void) {
        if isReleased { body() } else { afterRelease.append(body) }
    }

    /// Janus has let go of the session's handles.
    func release() {
        let bodies = afterRelease
        afterRelease = []
        for body in bodies { body() }
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
