public import EventLoop
public import Janus
public import ProxyCore
public import SDP

/// What sessions need of a media engine. ``MediaBackend`` is the one in Janus.
@LoopActor
public protocol MediaEngine: AnyObject {
    /// Whether a session can be started now at another server than those.
    func isReady(except tried: Set<String>) -> Bool
    /// Whether legs follow a phone whose packets come from elsewhere than the signalled address.
    var latching: EngineConfiguration.Latching { get }
    /// The address of that family that phones' legs are bound to.
    func bindAddress(_ family: AddressFamily) -> String
    /// The server for a new session: all of its legs are attached there.
    ///
    /// - Parameter tried: The names of servers that have failed the session.
    /// - Throws: `.notReady` where no other one is.
    func choose(except tried: Set<String>) throws(JanusError) -> any MediaServer
}

extension MediaEngine {
    /// Whether a session can be started now.
    public var isReady: Bool { isReady(except: []) }
}

/// A media server, which has legs.
@LoopActor
public protocol MediaServer: AnyObject {
    /// What logs, metrics and commands call it; no other one of the gateway has the same.
    var name: String { get }
    /// UDP ports of phones' legs; nil where the server's own choice counts.
    var phonePorts: ClosedRange<Int>? { get }
    /// What phones are told in place of the gateway's media addresses; nil where these count.
    var phoneAddresses: LegAddresses? { get }
    /// Attaches a leg.
    ///
    /// - Parameter limit: Time for the server's answer, where it is not the usual one.
    func attachLeg(within limit: Duration?) async throws(JanusError) -> any MediaLeg
}

/// One leg of a session in a media engine. ``EngineLeg``, which says more of each function, is the one in Janus.
@LoopActor
public protocol MediaLeg {
    /// What it is known by in logs and traces.
    var handleID: UInt64 { get }
    /// Has what happens to the leg told to `listener`, or to nobody.
    func listen(_ listener: (@LoopActor (JanusHandleEvent) -> Void)?)

    func id() async throws(JanusError) -> EngineLegID
    func open(_ media: [JanusMediaKind], at address: String, ports: ClosedRange<Int>?) async throws(JanusError) -> EnginePorts
    /// Gives the engine the browser's offer or answer.
    func take(_ description: PeerDescription) async throws(JanusError)
    /// Has the engine complete an offer or answer for the browser, and returns what the browser is to be sent.
    func give(_ description: PeerDescription) async throws(JanusError) -> SessionDescription
    func configure(_ configuration: EngineConfiguration) async throws(JanusError)
    func requestKeyframe() async throws(JanusError) -> Bool
    func send(_ signal: EngineSignal) async throws(JanusError)
    func statistics(within limit: Duration?) async throws(JanusError) -> EngineStatistics
    /// Passes on a candidate of the browser's; nil says that there are no further ones.
    func trickle(_ candidate: JanusCandidate?)
    /// Gives the leg back; returns when the engine has let go of it.
    func detach() async
}

/// Descriptions are text in the engine's requests and replies: they are written and parsed here.
extension EngineLeg: MediaLeg {
    public var handleID: UInt64 { handle.id }

    public func take(_ description: PeerDescription) async throws(JanusError) {
        try await take(JSEP(
            type: JSEP.Kind(description.role), sdp: description.sdp.text, trickle: description.trickle ? true : nil,
            update: description.isUpdate ? true : nil))
    }

    public func give(_ description: PeerDescription) async throws(JanusError) -> SessionDescription {
        let given = try await give(description.sdp.text, JSEP.Kind(description.role), isUpdate: description.isUpdate)
        do throws(SDPError) {
            return try SessionDescription(parsing: given.sdp)
        } catch {
            throw .malformed("the SDP that Janus generated: \(error)")
        }
    }

    public func listen(_ listener: (@LoopActor (JanusHandleEvent) -> Void)?) { handle.onEvent = listener }
    public func detach() async { await handle.detach() }

    public func trickle(_ candidate: JanusCandidate?) {
        if let candidate { handle.trickle(candidate) } else { handle.trickleCompleted() }
    }
}

extension JSEP.Kind {
    fileprivate init(_ role: DescriptionRole) { self = role == .offer ? .offer : .answer }
}
