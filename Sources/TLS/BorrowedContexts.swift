internal import COpenSSL
internal import EventLoop
internal import Glibc

/// Finds the `SSL_CTX` and `SSL` objects that a library makes and keeps to itself.
///
/// OpenSSL tells whoever asks of each object that is made, so that data can be attached to it (`CRYPTO_get_ex_new_index`).
@LoopActor
enum BorrowedContexts {
    /// Contexts whose connections are to be told of.
    private static var owners: [OpaquePointer: Owner] = [:]
    private static var isWatching = false
    /// While it is not nil, contexts that are made are put in here.
    private static var found: [OpaquePointer]?
    /// The only thread on which there is something to find.
    nonisolated(unsafe) private static var thread = pthread_t()

    /// The owner is not kept.
    private struct Owner {
        weak var context: TLSEndpointContext?
    }

    /// Runs `body`, and returns the contexts that were made in it. Each is referenced once for the caller.
    static func made(in body: () -> Void) -> [OpaquePointer] {
        watch()
        thread = pthread_self()
        found = []
        body()
        defer { found = nil }
        return found ?? []
    }

    static func tell(_ owner: TLSEndpointContext, of context: OpaquePointer) {
        owners[context] = Owner(context: owner)
    }

    static func forget(_ context: OpaquePointer) { owners[context] = nil }

    private static func watch() {
        guard !isWatching else { return }
        isWatching = true
        // Never undone: the indices are the process' own, and a library outlives its contexts.
        CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL_CTX, 0, nil, { parent, _, _, _, _, _ in
            BorrowedContexts.enter(parent) { BorrowedContexts.contextMade($0) }
        }, nil, nil)
        CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_SSL, 0, nil, { parent, _, _, _, _, _ in
            BorrowedContexts.enter(parent) { BorrowedContexts.connectionMade($0) }
        }, nil, nil)
    }

    nonisolated private static func enter(
        _ parent: UnsafeMutableRawPointer?, _ body: @LoopActor (OpaquePointer) -> Void
    ) {
        guard let parent, pthread_equal(thread, pthread_self()) != 0 else { return }
        nonisolated(unsafe) let object = OpaquePointer(parent)
        LoopActor.assumeIsolated { body(object) }
    }

    private static func contextMade(_ context: OpaquePointer) {
        guard found != nil, SSL_CTX_up_ref(context) == 1 else { return }
        found?.append(context)
    }

    private static func connectionMade(_ ssl: OpaquePointer) {
        guard !owners.isEmpty, let context = SSL_get_SSL_CTX(ssl), let owner = owners[context]?.context else { return }
        owner.begin(ssl)
    }
}
