import EventLoop
import Foundation
import Janus
import Logging
import Media
import ProxyCore
import Recording
import SDP

/// A media engine without Janus: what its legs are asked to do waits until a test lets it happen, or fail.
@LoopActor
final class StandInEngine: MediaEngine {
    /// Something that a leg was asked to do.
    @LoopActor
    struct Request {
        let name: String
        fileprivate let continuation: CheckedContinuation<JanusError?, Never>
    }

    var isReady = true
    /// Their names; a session goes to the first one that it has not tried.
    var servers = ["one"]
    let latching = EngineConfiguration.Latching.auto
    /// All that have been attached, also those that were given back.
    private(set) var legs: [StandInLeg] = []
    private(set) var requests: [Request] = []
    /// Whether everything happens at once.
    var isPrompt = true

    func bindAddress(_ family: AddressFamily) -> String { "192.0.2.1" }

    func isReady(except tried: Set<String>) -> Bool { isReady && servers.contains { !tried.contains($0) } }

    func choose(except tried: Set<String>) throws(JanusError) -> any MediaServer {
        guard isReady, let name = servers.first(where: { !tried.contains($0) }) else { throw .notReady("the test says so") }
        return StandInServer(name, engine: self)
    }

    fileprivate func attach(at server: String, within limit: Duration?) async throws(JanusError) -> any MediaLeg {
        try await turn("attach at \(server)" + (limit == nil ? "" : " in time"))
        let leg = StandInLeg(number: legs.count + 1, server: server, engine: self)
        legs.append(leg)
        return leg
    }

    /// Waits until the test lets it happen.
    fileprivate func turn(_ name: String) async throws(JanusError) {
        if isPrompt { return }
        let error = await withCheckedContinuation { requests.append(Request(name: name, continuation: $0)) }
        if let error { throw error }
    }

    /// Lets a request happen, or fail.
    func answer(_ index: Int = 0, _ error: JanusError? = nil) { requests.remove(at: index).continuation.resume(returning: error) }

    /// A session in this engine.
    func session(_ kind: SessionKind, _ options: SessionOptions = SessionOptions(), recordings: String = "/nonexistent") -> EngineSession {
        let log = Logger(label: "tern.test") { _ in SwiftLogNoOpLogHandler() }
        let context = SessionContext(
            media: self, mediaAddresses: LegAddresses("192.0.2.1"),
            recordings: RecordingService(configuration: RecordingConfiguration(directory: recordings, preparation: []), log: log),
            recordingsDirectory: recordings, log: log)
        return EngineSession(id: "session", kind: kind, options: options, profiles: [:], context: context)
    }

    /// Lets all that the session does by itself happen.
    func rest() async { for _ in 0..<8 { await Task.yield() } }
}

/// A server of the engine.
@LoopActor
final class StandInServer: MediaServer {
    let name: String
    let phonePorts: ClosedRange<Int>?
    let phoneAddresses: LegAddresses?
    private let engine: StandInEngine

    fileprivate init(_ name: String, engine: StandInEngine) {
        self.name = name
        self.engine = engine
        phonePorts = name == "one" ? 20_000...20_099 : 20_100...20_199
        phoneAddresses = name == "far" ? LegAddresses("198.51.100.7") : nil
    }

    func attachLeg(within limit: Duration?) async throws(JanusError) -> any MediaLeg { try await engine.attach(at: name, within: limit) }
}

/// A leg that does what it is told, and has a description of its own for a browser.
@LoopActor
final class StandInLeg: MediaLeg {
    let number: Int
    let server: String
    let handleID: UInt64
    /// The ports that it was to open some of.
    private(set) var ports: ClosedRange<Int>?
    private(set) var listener: (@LoopActor (JanusHandleEvent) -> Void)?
    private(set) var configuration: EngineConfiguration?
    private(set) var candidates: [JanusCandidate?] = []
    private(set) var keyframeRequests = 0
    private(set) var isDetached = false
    /// What is counted of it.
    var counted: EngineStatistics?
    private unowned let engine: StandInEngine

    fileprivate init(number: Int, server: String, engine: StandInEngine) {
        self.number = number
        self.server = server
        self.engine = engine
        handleID = UInt64(number)
    }

    func listen(_ listener: (@LoopActor (JanusHandleEvent) -> Void)?) { self.listener = listener }

    private var ownID: EngineLegID { get throws(JanusError) {
        guard let id = EngineLegID(number) else { throw .malformed("no id") }
        return id
    } }

    func id() async throws(JanusError) -> EngineLegID {
        try await engine.turn("id")
        return try ownID
    }

    func open(_ media: [JanusMediaKind], at address: String, ports: ClosedRange<Int>?) async throws(JanusError) -> EnginePorts {
        self.ports = ports
        try await engine.turn("open")
        let key = Data(repeating: UInt8(truncatingIfNeeded: number), count: LegPort.keyBytes).base64EncodedString()
        func medium(_ kind: JanusMediaKind, _ port: Int) -> EnginePorts.Medium? {
            media.contains(kind) ? EnginePorts.Medium(port: 20_000 + 10 * number + port, key: key) : nil
        }
        return EnginePorts(leg: try ownID, audio: medium(.audio, 0), video: medium(.video, 2))
    }

    func take(_ description: PeerDescription) async throws(JanusError) { try await engine.turn("take") }

    func give(_ description: PeerDescription) async throws(JanusError) -> SessionDescription {
        try await engine.turn("give")
        do throws(SDPError) {
            return try SessionDescription(parsing: Descriptions.connected(description.sdp.text, description.role))
        } catch {
            throw .malformed("\(error)")
        }
    }

    func configure(_ configuration: EngineConfiguration) async throws(JanusError) {
        try await engine.turn("configure")
        self.configuration = configuration
    }

    func requestKeyframe() async throws(JanusError) -> Bool {
        keyframeRequests += 1
        return true
    }

    func send(_ signal: EngineSignal) async throws(JanusError) { try await engine.turn("signal") }

    func statistics(within limit: Duration?) async throws(JanusError) -> EngineStatistics {
        try await engine.turn("statistics")
        guard let counted else { throw .malformed("nothing is counted") }
        return counted
    }

    func trickle(_ candidate: JanusCandidate?) { candidates.append(candidate) }

    func detach() async {
        _ = try? await engine.turn("detach")
        isDetached = true
    }
}

/// What phones and browsers say.
enum Descriptions {
    static let phoneOffer = RemoteDescription(parsing: phone(4_000))
    static let phoneAnswer = RemoteDescription(parsing: phone(4_002))
    static let browserOffer = RemoteDescription(parsing: connected(browser, .offer))
    static let trickledOffer = RemoteDescription(parsing: connected(browser, .offer), trickle: true)

    private static func text(_ lines: String) -> String { lines.split(separator: "\n").map { $0 + "\r\n" }.joined() }

    private static func phone(_ port: Int) -> String {
        text(
            """
            v=0
            o=phone \(port) 1 IN IP4 192.0.2.20
            s=-
            c=IN IP4 192.0.2.20
            t=0 0
            m=audio \(port) RTP/AVP 0
            a=rtpmap:0 PCMU/8000
            """)
    }

    private static let browser = text(
        """
        v=0
        o=- 1 2 IN IP4 127.0.0.1
        s=-
        t=0 0
        m=audio 9 UDP/TLS/RTP/SAVPF 0
        c=IN IP4 0.0.0.0
        a=rtpmap:0 PCMU/8000
        a=mid:0
        a=rtcp-mux
        """)

    /// With ICE and DTLS in each medium, as Janus and browsers add them.
    static func connected(_ sdp: String, _ role: DescriptionRole) -> String {
        let fingerprint = Array(repeating: "19", count: 32).joined(separator: ":")
        return sdp + text(
            """
            a=ice-ufrag:a1b2
            a=ice-pwd:0123456789abcdef01234567
            a=fingerprint:sha-256 \(fingerprint)
            a=setup:\(role == .offer ? "actpass" : "active")
            """)
    }
}
