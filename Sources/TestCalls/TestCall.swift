public import EventLoop
internal import RTP
internal import SDP
internal import SIP
public import SIPNames

/// One test call: a user agent that calls through the gateway, sends a signal that it can tell from others, and measures what comes back.
///
/// It is a program's only call: its endpoint listens on a port of its own.
@LoopActor
public final class TestCall {
    /// What to call, and how.
    public struct Order: Sendable {
        /// The Request-URI.
        public var uri: String
        /// Where the gateway listens.
        public var gateway: ListenAddress
        /// The address of this side: one of this machine's that the gateway is reached from.
        public var address: IPAddress
        /// How long to send, in seconds.
        public var seconds: Int
        /// How long the far end may take to answer, in seconds.
        public var patience: Int

        public init(uri: String, gateway: ListenAddress, address: IPAddress, seconds: Int, patience: Int = 45) {
            self.uri = uri
            self.gateway = gateway
            self.address = address
            self.seconds = min(max(seconds, 3), 60)
            self.patience = min(max(patience, 1), 300)
        }
    }

    private let order: Order
    private var result: TestCallResult
    private let line: TestLine
    private var endpoint: SIPEndpoint?
    private var leg: SIPLegID?
    private var began: Int64 = 0
    private var answered: Int64?
    private var timer: LoopTimer?
    private var done: CheckedContinuation<Void, Never>?
    private var isOver = false

    /// - Parameter result: What is known before: destination, trunk, expectation and limits.
    private init(_ order: Order, _ result: TestCallResult) throws(TestCallError) {
        self.order = order
        self.result = result
        line = try TestLine(address: order.address)
    }

    /// Makes the call, and returns when it is over: after what was ordered at the latest, and a few seconds.
    public static func run(_ order: Order, _ result: TestCallResult) async throws(TestCallError) -> TestCallResult {
        let call = try TestCall(order, result)
        return try await call.run()
    }

    private func run() async throws(TestCallError) -> TestCallResult {
        // Nobody's name (RFC 3323 section 4.1.1.3): one of the gateway's own domain would have to be proven.
        var settings = SIPEndpointConfiguration(
            listen: [ListenAddress(transport: order.gateway.transport, address: "\(order.address)", port: 0)], domain: "anonymous.invalid",
            userAgent: "tern test-call")
        settings.sessionExpires = 0
        settings.stopLimit = .seconds(2)
        let endpoint = SIPEndpoint(configuration: settings) { [weak self] event in self?.receive(event) }
        do throws(SIPError) { try endpoint.start() } catch { throw TestCallError("\(error)") }
        self.endpoint = endpoint
        began = TestLine.now
        var request = SIPInviteRequest(target: order.uri, fromUser: "test-call", sdp: offer)
        request.hop = SIPHop(transport: order.gateway.transport, address: order.gateway.address, port: order.gateway.port)
        request.offersReliableProvisionals = false
        leg = endpoint.invite(request)
        timer = LoopTimer.schedule(after: .seconds(order.patience)) { [weak self] in self?.finish() }
        await withCheckedContinuation { continuation in
            if isOver { continuation.resume() } else { done = continuation }
        }
        await endpoint.stop()
        evaluate(line.stop())
        return result
    }

    /// PCMU and PCMA, and nothing that would have to be told apart from them.
    private var offer: String {
        let family = order.address.isIPv6 ? "IP6" : "IP4"
        return [
            "v=0", "o=- 1 1 IN \(family) \(order.address)", "s=-", "c=IN \(family) \(order.address)", "t=0 0",
            "m=audio \(line.local.port) RTP/AVP 8 0", "a=rtpmap:8 PCMA/8000", "a=rtpmap:0 PCMU/8000", "a=ptime:20", "a=sendrecv", "",
        ].joined(separator: "\r\n")
    }

    // MARK: What happens

    private func receive(_ event: SIPEvent) {
        guard !isOver, event.leg == leg else { return }
        switch event {
        case .provisional(_, let status, _, _): if status > 100, result.ringing == nil { result.ringing = elapsed }
        case .answered(_, let sdp): take(answer: sdp)
        case .rejected(_, let status, let phrase, _), .redirected(_, let status, let phrase, _):
            result.status = status
            result.phrase = phrase
            leg = nil
            finish()
        case .offer(let leg, _): endpoint?.rejectOffer(leg, SIPResponse(status: 488))
        case .ended:
            leg = nil
            finish()
        default: break
        }
    }

    private var elapsed: Int { Int((TestLine.now - began) / 1_000) }

    private func take(answer: String?) {
        result.status = 200
        result.phrase = "OK"
        result.answered = elapsed
        answered = TestLine.now
        timer?.cancel()
        guard let answer, let peer = peer(answer) else { return finish() }
        result.codec = peer.law == .muLaw ? "PCMU" : "PCMA"
        line.start(to: peer)
        timer = LoopTimer.schedule(after: .seconds(order.seconds)) { [weak self] in self?.finish() }
    }

    private func peer(_ answer: String) -> TestLine.Peer? {
        guard let description = try? SessionDescription(parsing: answer), let audio = description.media.first(where: { $0.kind == .audio }), !audio.isRefused,
            let connection = description.connection(for: audio), let ip = IPAddress(connection.address)
        else { return nil }
        let types: [(UInt8, G711)] = [(8, .aLaw), (0, .muLaw)]
        guard let (type, law) = audio.payloadTypes.lazy.compactMap({ type in types.first { $0.0 == type } }).first else { return nil }
        return TestLine.Peer(address: SocketAddress(ip, port: audio.port), payloadType: type, law: law)
    }

    private func finish() {
        guard !isOver else { return }
        isOver = true
        timer?.cancel()
        if let answered { result.duration = Int((TestLine.now - answered) / 1_000) }
        if let leg { endpoint?.end(leg, status: 487, reason: nil) }
        done?.resume()
        done = nil
    }

    // MARK: What comes of it

    private func evaluate(_ outcome: TestLine.Outcome) {
        let received = outcome.received.figures
        result.sentPackets = outcome.sentPackets
        result.receivedPackets = Int(clamping: received.packets)
        result.firstPacket = outcome.firstPacket.map { $0 + Int((outcome.began - began) / 1_000) }
        result.source = outcome.source?.description
        if outcome.sentPackets > 0 { result.sendingDelay = Double(outcome.lateness) / 1_000 }
        if received.packets > 0 {
            // What came late was not lost by the network; people miss it as well, which the score counts.
            result.loss = received.expected > 0 ? min(1, Double(received.lost) / Double(received.expected)) : nil
            result.jitter = received.jitter95
        }
        if let report = outcome.report, outcome.sentPackets > 0 {
            result.sentLoss = min(1, max(0, Double(report.lost) / Double(outcome.sentPackets)))
        }
        result.reportedRoundTrip = outcome.roundTrip
        let echo = EchoMeasurement(received: outcome.audio.samples, sent: outcome.sentPackets * 160)
        result.audioRoundTrip = echo.roundTrip
        result.levelDifference = echo.levelDifference
        result.toneLevel = echo.steadyTone
        score(received)
        result.judge()
    }

    private func score(_ received: StreamFigures) {
        guard received.packets >= 100, let loss = received.lossShare else { return }
        let delay = (result.audioRoundTrip ?? result.reportedRoundTrip ?? 0) / 2
        let model = EModel(codec: .g711, loss: loss, burst: received.burstRatio ?? 1, delay: delay)
        result.rating = model.rating
        result.score = model.score
        if let sentLoss = result.sentLoss { result.sentScore = EModel(codec: .g711, loss: sentLoss, delay: delay).score }
    }
}
