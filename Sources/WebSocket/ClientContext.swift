internal import CWebSockets
internal import EventLoop

/// The context that all clients of the process share: made for the first of them, destroyed after the last.
@LoopActor
final class ClientContext: LibraryContextOwner {
    private static var current: ClientContext?
    private static var destruction: Task<Void, Never>?
    private static var lastID: UInt = 0

    private var users: [UInt: WebSocketClient] = [:]
    private var context: LibraryContext?

    /// - Returns: The context, and the id by which its callbacks find the client.
    static func join(_ client: WebSocketClient) throws(WebSocketError) -> (context: LibraryContext, id: UInt) {
        let shared = current ?? ClientContext()
        if shared.context == nil {
            shared.context = try LibraryContext(
                port: Int32(tern_lws_port_no_listen), protocolName: "tern-client",
                // Each client has its own, finer time limit; this is only a second line.
                timeoutSeconds: 60, owner: shared)
        }
        guard let context = shared.context else { throw .library("no context") }
        current = shared
        lastID += 1
        shared.users[lastID] = client
        return (context, lastID)
    }

    static func leave(_ id: UInt) {
        guard let shared = current, shared.users.removeValue(forKey: id) != nil, shared.users.isEmpty else { return }
        // Not at once: this may be within one of the context's callbacks.
        let previous = destruction
        destruction = LoopActor.task {
            await previous?.value
            await shared.destroyIfUnused()
        }
    }

    /// Returns when nothing of clients that have closed is left.
    static func settled() async { await destruction?.value }

    private func destroyIfUnused() async {
        guard users.isEmpty, let context else { return }
        if ClientContext.current === self { ClientContext.current = nil }
        self.context = nil
        await context.destroy()
    }

    func handle(
        _ reason: lws_callback_reasons, _ wsi: OpaquePointer, _ input: UnsafeMutableRawPointer?, _ length: Int
    ) -> Int32 {
        guard let data = lws_get_opaque_user_data(wsi), let client = users[UInt(bitPattern: data)] else { return 0 }
        return client.handle(reason, wsi, input, length)
    }
}
