/// The global actor on which everything runs that touches SIP, WebSockets, Janus or a call.
///
/// Its executor is ``EventLoop``: one thread, shared with Sofia-SIP and libuv. C callbacks of either library therefore
/// arrive on this actor and enter Swift by ``assumeIsolated(_:)``.
@globalActor
public actor LoopActor {
    public static let shared = LoopActor()

    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        EventLoop.shared.asUnownedSerialExecutor()
    }

    /// Runs `operation` as if on the actor, from a C callback that the loop's own thread made.
    ///
    /// Traps when called on any other thread: that is an error in this program, never something that a peer can cause.
    public static func assumeIsolated<Result: Sendable>(
        _ operation: @LoopActor () throws -> Result
    ) rethrows -> Result {
        EventLoop.shared.checkIsolated()
        return try withoutActuallyEscaping(operation) { isolated in
            try unsafeBitCast(isolated, to: (() throws -> Result).self)()
        }
    }

    /// Starts a task that begins and resumes on the loop's thread, without a detour through the generic pool.
    @discardableResult
    public nonisolated static func task<Success: Sendable>(
        _ operation: @escaping @LoopActor @Sendable () async -> Success
    ) -> Task<Success, Never> {
        Task(executorPreference: EventLoop.shared) { await operation() }
    }
}
