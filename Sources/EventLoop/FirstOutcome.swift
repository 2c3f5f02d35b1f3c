/// The first thing that is said of several, which may be said before anybody waits for it.
@LoopActor
public final class FirstOutcome<Value: Sendable> {
    private var known: Value?
    private var waiting: CheckedContinuation<Value, Never>?

    public init() {}

    /// Says it; what was said before counts.
    public func settle(_ value: Value) {
        guard known == nil else { return }
        known = .some(value)
        waiting?.resume(returning: value)
        waiting = nil
    }

    /// What was said first. One may wait for it at a time.
    public var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                if let known { continuation.resume(returning: known) } else { waiting = continuation }
            }
        }
    }
}
