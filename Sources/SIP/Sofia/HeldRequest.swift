internal import CSofiaSIP
internal import EventLoop

/// A request that waits for its response: keeps Sofia's message alive, which names it in `nua_respond`.
@LoopActor
final class HeldRequest {
    let message: OpaquePointer

    convenience init?(current nua: OpaquePointer?) { self.init(nua_current_request(nua)) }

    init?(_ message: OpaquePointer?) {
        guard let message, let kept = msg_ref_create(message) else { return nil }
        self.message = kept
    }

    isolated deinit {
        msg_destroy(message)
    }
}
