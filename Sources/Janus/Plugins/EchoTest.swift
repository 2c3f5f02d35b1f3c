public import EventLoop
internal import JSON

/// The EchoTest plugin on a handle: what the peer sends comes back to it.
@LoopActor
public struct EchoTest {
    public let handle: JanusHandle

    public init(_ handle: JanusHandle) { self.handle = handle }

    /// Attaches a fresh handle.
    public static func attach(to client: JanusClient) async throws(JanusError) -> EchoTest {
        EchoTest(try await client.attach(.echoTest))
    }

    /// Starts, or renegotiates, with the peer's offer; the result is Janus' answer.
    public func start(_ offer: JSEP, _ options: MediaOptions = MediaOptions()) async throws(JanusError) -> JSEP {
        guard offer.type == .offer else { throw .invalid("EchoTest starts with an offer") }
        let reply = try await handle.message(.object(try options.members()), jsep: offer)
        guard let answer = reply.jsep else { throw .malformed("EchoTest gave no answer") }
        return answer
    }

    /// Changes the options of an echo that runs.
    public func update(_ options: MediaOptions) async throws(JanusError) {
        let members = try options.members()
        guard !members.isEmpty else { return }
        _ = try await handle.message(.object(members))
    }
}
