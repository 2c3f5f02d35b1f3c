/// Events of one machine, handled one after the other: an event that handling another one brings about waits its turn, so
/// that the actions of the first are all done before those of the second.
@LoopActor
public final class EventQueue<Event> {
    private var waiting: [Event] = []
    private var isDraining = false

    public init() {}

    /// Handles `event`, now or after the one that is being handled.
    public func take(_ event: Event, _ handle: @LoopActor (Event) -> Void) {
        waiting.append(event)
        guard !isDraining else { return }
        isDraining = true
        defer { isDraining = false }
        while !waiting.isEmpty { handle(waiting.removeFirst()) }
    }
}
