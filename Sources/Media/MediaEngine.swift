public import EventLoop
public import Janus
public import ProxyCore

/// What sessions need of a media engine. ``MediaBackend`` is the one in Janus.
@LoopActor
public protocol MediaEngine: AnyObject {
    /// Whether a session can be started now.
    var isReady: Bool { get }
    /// UDP ports of phones' legs; nil where the engine's own choice counts.
    var phonePorts: ClosedRange<Int>? { get }
    /// Whether legs follow a phone whose packets come from elsewhere than the signalled address.
    var latching: EngineConfiguration.Latching { get }
    /// The address of that family that phones' legs are bound to.
    func bindAddress(_ family: AddressFamily) -> String
    /// The server for a new session: all of its legs are attached there.
    ///
    /// - Throws: `.notReady` where none is.
    func choose() throws(JanusError) -> any MediaServer
}

/// A media server, which has legs.
@LoopActor
public protocol MediaServer: AnyObject {
    func attachLeg() async throws(JanusError) -> any MediaLeg
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
    func take(_ jsep: JSEP) async throws(JanusError)
    func give(_ sdp: String, _ type: JSEP.Kind, isUpdate: Bool) async throws(JanusError) -> JSEP
    func configure(_ configuration: EngineConfiguration) async throws(JanusError)
    func requestKeyframe() async throws(JanusError) -> Bool
    func send(_ signal: EngineSignal) async throws(JanusError)
    func statistics(within limit: Duration?) async throws(JanusError) -> EngineStatistics
    /// Passes on a candidate of the browser's; nil says that there are no further ones.
    func trickle(_ candidate: JanusCandidate?)
    /// Gives the leg back; returns when the engine has let go of it.
    func detach() async
}

extension JanusClient: MediaServer {
    public func attachLeg() async throws(JanusError) -> any MediaLeg { try await EngineLeg.attach(to: self) }
}

extension EngineLeg: MediaLeg {
    public var handleID: UInt64 { handle.id }
    public func listen(_ listener: (@LoopActor (JanusHandleEvent) -> Void)?) { handle.onEvent = listener }
    public func detach() async { await handle.detach() }

    public func trickle(_ candidate: JanusCandidate?) {
        if let candidate { handle.trickle(candidate) } else { handle.trickleCompleted() }
    }
}
