internal import EventLoop
internal import Events

/// Events that have not been looked at. They are some at a time: one behind another costs a fraction of one between other work, for which everything has left the
/// processor's caches.
@LoopActor
final class WaitingEvents {
    /// In the order in which they came.
    private var events: [Event] = []
    /// What their messages take, about; a change of a call or session counts nothing.
    private(set) var bytes = 0
    private var timer: LoopTimer?
    private let look: @LoopActor (Event) -> Void

    private let mostBytes: Int

    /// More are not left waiting.
    static let most = (events: 128, bytes: 512 << 10)
    /// Nor is one left for longer.
    static let delay = Duration.milliseconds(100)

    /// - Parameters:
    ///   - memory: What their messages may take at most, in bytes.
    ///   - look: Looks at one, and tells of nothing itself.
    init(memory: Int, _ look: @escaping @LoopActor (Event) -> Void) {
        self.look = look
        mostBytes = min(memory, WaitingEvents.most.bytes)
    }

    var count: Int { events.count }

    func add(_ event: Event) {
        events.append(event)
        bytes += event.messageBytes
        if events.count >= WaitingEvents.most.events || bytes >= mostBytes { return catchUp() }
        if timer == nil { timer = LoopTimer.schedule(after: WaitingEvents.delay) { [weak self] in self?.catchUp() } }
    }

    /// Looks at all that wait.
    func catchUp() {
        guard !events.isEmpty else { return }
        stop()
        var taken: [Event] = []
        swap(&taken, &events)
        bytes = 0
        for event in taken { look(event) }
        // Its memory serves again.
        taken.removeAll(keepingCapacity: true)
        if events.isEmpty { swap(&taken, &events) }
    }

    /// They are looked at when somebody asks, and not by themselves.
    func stop() {
        timer?.cancel()
        timer = nil
    }
}
