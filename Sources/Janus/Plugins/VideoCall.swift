public import EventLoop
internal import JSON

/// The VideoCall plugin on a handle: one side of a call between two WebRTC peers.
///
/// Each side registers a name, unique within its Janus. ``call(_:_:)`` makes the callee's handle receive
/// ``VideoCallEvent/incomingCall(from:_:)``, and ``accept(_:)`` there the caller's handle ``VideoCallEvent/accepted(by:_:)``;
/// the descriptions travel in these events. When Janus cannot pass a description on it says nothing: bound the wait.
@LoopActor
public struct VideoCall {
    public let handle: JanusHandle

    public init(_ handle: JanusHandle) { self.handle = handle }

    /// Attaches a fresh handle.
    public static func attach(to client: JanusClient) async throws(JanusError) -> VideoCall {
        VideoCall(try await client.attach(.videoCall))
    }

    /// Takes a name, for as long as the handle lives; 476 when another handle has it.
    public func register(_ name: String) async throws(JanusError) {
        try await expect("registered", ["request": "register", "username": .string(name)])
    }

    /// Calls the peer of that name.
    public func call(_ name: String, _ offer: JSEP) async throws(JanusError) {
        try await expect("calling", ["request": "call", "username": .string(name)], jsep: offer)
    }

    /// Accepts the call that came in.
    public func accept(_ answer: JSEP) async throws(JanusError) {
        try await expect("accepted", ["request": "accept"], jsep: answer)
    }

    /// Changes the options for what this side's peer sends; recording works from the acceptance on.
    ///
    /// - Parameter jsep: With `update: true` a new offer or answer, which reaches the other side as ``VideoCallEvent/update(_:)``.
    public func set(_ options: MediaOptions, _ jsep: JSEP? = nil) async throws(JanusError) {
        var body = try options.members()
        if body.isEmpty, jsep == nil { return }
        body["request"] = "set"
        try await expect("set", body, jsep: jsep)
    }

    /// Ends the call on both sides, or declines it; the handle stays.
    public func hangup() async throws(JanusError) {
        try await expect("hangup", ["request": "hangup"])
    }

    private func expect(_ event: String, _ body: [String: JSONValue], jsep: JSEP? = nil) async throws(JanusError) {
        let reply = try await handle.message(.object(body), jsep: jsep)
        let result = reply.data["result"]
        if result?["event"]?.stringValue == event { return }
        // Janus reports a callee that is busy not as an error but as the end of a call.
        if result?["event"]?.stringValue == "hangup" {
            throw .plugin(code: VideoCall.busy, reason: result?["reason"]?.stringValue ?? "the call ended")
        }
        throw .malformed("VideoCall did not say \"\(event)\"")
    }

    /// The plugin's code for "already in a call".
    public static let busy = 480
}
