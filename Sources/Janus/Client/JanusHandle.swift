public import EventLoop
public import JSON

/// A handle of Tern's plugin, with at most one PeerConnection.
///
/// Take a fresh one for each call: one whose negotiation failed can stay stuck. ``detach()`` it when the call is over; one
/// that is merely dropped is detached as well.
@LoopActor
public final class JanusHandle {
    public let id: UInt64

    /// Receives what Janus says about this handle, in the order in which it said it.
    public var onEvent: (@LoopActor (JanusHandleEvent) -> Void)?

    private enum State {
        case open
        /// Being detached, with those who wait for it.
        case detaching([CheckedContinuation<Void, Never>])
        case closed(JanusError)
    }

    private var state = State.open
    private weak var client: JanusClient?

    init(id: UInt64, client: JanusClient) {
        self.id = id
        self.client = client
    }

    isolated deinit {
        guard case .open = state else { return }
        client?.abandon(id)
    }

    /// Whether it can still be used.
    public var isOpen: Bool {
        if case .open = state { true } else { false }
    }

    /// Sends a message to the plugin and waits for its reply.
    ///
    /// - Parameter limit: Time for the reply, where it is not the client's usual one.
    /// - Throws: `.plugin` when the plugin refused, `.refused` when Janus' core did, `.lost` when Janus died meanwhile.
    public func message(_ body: JSONValue, jsep: JSEP? = nil, within limit: Duration? = nil) async throws(JanusError) -> JanusReply {
        let client = try usableClient()
        var members: [String: JSONValue] = ["janus": "message", "body": body]
        if let jsep { members["jsep"] = jsep.json }
        let answer = try await client.request(members, of: self, until: .plugin, within: limit)
        guard case .plugin(let reply) = answer.kind else { throw .malformed("no reply of a plugin") }
        if let reason = reply.data["error"]?.stringValue {
            throw .plugin(code: reply.data["error_code"]?.intValue ?? 0, reason: reason)
        }
        return reply
    }

    /// Passes on a candidate of the peer's. There is no answer, and Janus keeps one that comes before its offer.
    public func trickle(_ candidate: JanusCandidate) {
        guard let client = try? usableClient() else { return }
        client.send(["janus": "trickle", "candidate": candidate.json], of: self)
    }

    /// Says that the peer has no further candidates.
    public func trickleCompleted() {
        guard let client = try? usableClient() else { return }
        client.send(["janus": "trickle", "candidate": ["completed": true]], of: self)
    }

    /// Gives the handle back to Janus, which ends its PeerConnection; returns when Janus and the plugin have done so.
    ///
    /// Harmless when repeated, and when the handle was lost. No event comes after it was called.
    public func detach() async {
        switch state {
        case .closed:
            return
        case .detaching:
            await withCheckedContinuation { continuation in
                guard case .detaching(let others) = state else { return continuation.resume() }
                state = .detaching(others + [continuation])
            }
        case .open:
            state = .detaching([])
            onEvent = nil
            await client?.detach(self)
            close(.detached)
        }
    }

    private func usableClient() throws(JanusError) -> JanusClient {
        switch state {
        case .open: break
        case .detaching: throw .detached
        case .closed(let error): throw error
        }
        guard let client else { throw .lost }
        return client
    }

    // MARK: For the client

    func received(_ event: JanusHandleEvent) {
        guard case .open = state else { return }
        onEvent?(event)
    }

    /// The handle is gone without having been asked to go.
    func lose() {
        guard case .open = state else { return close(.lost) }
        let onEvent = onEvent
        self.onEvent = nil
        close(.lost)
        onEvent?(.lost)
    }

    private func close(_ error: JanusError) {
        if case .closed = state { return }
        let previous = state
        state = .closed(error)
        if case .detaching(let waiting) = previous { waiting.forEach { $0.resume() } }
    }
}

/// What Janus tells about a handle on its own accord.
public enum JanusHandleEvent: Sendable, Equatable {
    /// ICE and DTLS are done: media can flow.
    case webrtcUp
    /// Janus began, or ceased for a second, to receive media of that kind from the peer.
    case media(JanusMediaKind, receiving: Bool)
    /// Packets get lost: `uplink` is the direction from the peer to Janus; `lost` counts the last second.
    case slowLink(JanusMediaKind, uplink: Bool, lost: Int)
    /// The PeerConnection is gone; the handle stays until it is detached.
    case hangup(reason: String)
    /// A candidate of Janus' own: only a Janus that does full trickle sends any.
    case candidate(JanusCandidate)
    /// Janus has no further candidates.
    case candidatesCompleted
    /// Something that the plugin says without being asked: an ``EngineEvent``.
    case plugin(JSONValue, JSEP?)
    /// The handle is gone: Janus or the connection to it died, or Janus detached it. The last event, and only once.
    case lost
}

public enum JanusMediaKind: String, Sendable, CaseIterable { case audio, video }
