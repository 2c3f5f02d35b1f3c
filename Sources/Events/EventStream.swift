public import EventLoop
internal import Synchronization

/// The one stream of all events. The parts of the gateway tell it what happens, and know nothing of who listens.
///
/// Like the log and the metrics it is one for the process. A kind that nobody listens to costs a comparison.
@LoopActor
public final class EventStream {
    public nonisolated static let shared = EventStream()

    /// Which dialogs, sessions and handles belong to which calls, by all events so far, the one that is being told included.
    public nonisolated let index = CallIndex()
    /// In the order in which they came.
    private var listeners: [(number: Int, kinds: Event.Kinds, body: @LoopActor (Event) -> Void)] = []
    private var count = 0
    private var wanted: Event.Kinds = [] { didSet { wantedAnywhere.store(wanted.rawValue, ordering: .relaxed) } }
    private nonisolated let wantedAnywhere = Atomic(0)

    public nonisolated init() {}

    /// Has `body` called with each event of these kinds, at once and in order, until the result is let go of.
    ///
    /// A listener must not wait, nor act on what it is told of.
    public func listen(to kinds: Event.Kinds, _ body: @escaping @LoopActor (Event) -> Void) -> EventListening {
        count += 1
        listeners.append((count, kinds, body))
        update()
        return EventListening(count, self)
    }

    fileprivate func stop(_ number: Int) {
        listeners.removeAll { $0.number == number }
        update()
    }

    private func update() { wanted = listeners.reduce(into: []) { $0.formUnion($1.kinds) } }

    /// Whether anybody listens to events of this kind.
    public func wants(_ kind: Event.Kinds) -> Bool { wanted.contains(kind) }

    /// Tells of a line of the log, from any thread.
    public nonisolated func tell(_ line: @autoclosure () -> LogLine, about subject: @autoclosure () -> Event.Subject) {
        guard wantedAnywhere.load(ordering: .relaxed) & Event.Kinds.log.rawValue != 0 else { return }
        let event = Event(subject(), .log(line()))
        if EventLoop.shared.isCurrentThread { LoopActor.assumeIsolated { tell(event) } } else { LoopActor.task { self.tell(event) } }
    }

    /// Tells what happened; `content` is made only if somebody listens.
    public func tell(_ kind: Event.Kinds, _ subject: @autoclosure () -> Event.Subject, _ content: @autoclosure () -> Event.Content) {
        guard wanted.contains(kind) else { return }
        tell(Event(subject(), content()))
    }

    public func tell(_ event: Event) {
        let kind = event.kind
        index.learn(event)
        for listener in listeners where listener.kinds.contains(kind) { listener.body(event) }
    }

    /// Tells what happened to a call.
    public func tell(_ call: String, _ event: @autoclosure () -> CallEvent) { tell(.call, .call(call), .call(event())) }

    /// Tells what happened to a session.
    public func tell(session: String, _ change: @autoclosure () -> SessionChange) { tell(.session, .session(session), .session(change())) }
}

/// Keeps a listener at an ``EventStream`` as long as it lives.
public final class EventListening: Sendable {
    private let number: Int
    private let stream: EventStream

    fileprivate init(_ number: Int, _ stream: EventStream) {
        self.number = number
        self.stream = stream
    }

    deinit {
        let (number, stream) = (number, stream)
        if EventLoop.shared.isCurrentThread {
            LoopActor.assumeIsolated { stream.stop(number) }
        } else {
            LoopActor.task { stream.stop(number) }
        }
    }
}
