internal import CoreMetrics
internal import EventLoop
internal import Events
internal import Foundation
internal import Janus
internal import Logging
internal import ProxyCore
internal import SDP

/// The legs of one session in the media engine, each a handle of Janus: performs the session's steps, and tells what Janus says about the legs.
@LoopActor
final class SessionLegs {
    /// What happened to a leg, as far as a session cares.
    enum Event {
        case up
        case flowing(kind: String, Bool)
        case slowLink
        /// The phone or browser at that side sent a DTMF digit in RTP.
        case digit(SessionSide, Character, Duration)
        /// The caller of an echo sent a DTMF digit as tones in its audio.
        case toneDigit(SessionSide, Character, Duration)
        /// The phone at that side is to send a keyframe, and RTCP cannot request it.
        case keyframeRequested(SessionSide)
        /// The port at which a phone wants its sound is closed.
        case unreachable
        /// The session cannot go on.
        case gone(SessionEnd)
    }

    var onEvent: (@LoopActor (Event) -> Void)?

    /// The session's.
    private let id: String
    private let kind: SessionKind
    /// The browsers' sides whose media connection has come up.
    private var upSides: Set<SessionSide> = []
    private let engine: any MediaEngine
    private let recorder: SessionRecorder
    /// The session's, with its ids.
    var log: Logger
    /// Where the legs are.
    private var server: (any MediaServer)?
    private var legs: [SessionSide: any MediaLeg] = [:]
    /// Whether another server may still take the place of this one.
    private var isAttaching = false
    private var ids: [SessionSide: EngineLegID] = [:]
    private var ports: [SessionSide: [MediaKind: LegPort]] = [:]
    private var applied: [SessionSide: EngineConfiguration] = [:]
    private var isReleased = false

    init(id: String, kind: SessionKind, engine: any MediaEngine, recorder: SessionRecorder, log: Logger) {
        self.id = id
        self.kind = kind
        self.engine = engine
        self.recorder = recorder
        self.log = log
    }

    // MARK: Steps

    func perform(_ step: MediaStep) async throws(SessionFailure) -> StepOutcome {
        do throws(JanusError) {
            return try await run(step)
        } catch {
            throw SessionFailure(error)
        }
    }

    private func run(_ step: MediaStep) async throws(JanusError) -> StepOutcome {
        switch step {
        case .attach(let sides):
            try await attach(sides)
            return server?.phoneAddresses.map(StepOutcome.attached) ?? .done
        case .open(let side, let media, let family):
            return .opened(try await open(side, media, family))
        case .take(let side, let description):
            try await leg(side).take(description)
            return .done
        case .give(let side, let description):
            return .described(try await leg(side).give(description))
        }
    }

    /// How long a server may take to attach a leg while another one could do it.
    private static let attachLimit = Duration.seconds(1)

    /// Attaches the legs at the server with the least load; at another one where that fails the session.
    private func attach(_ sides: [SessionSide]) async throws(JanusError) {
        isAttaching = true
        defer { isAttaching = false }
        var tried: Set<String> = []
        while true {
            let server = try engine.choose(except: tried)
            tried.insert(server.name)
            do throws(JanusError) {
                return try await attach(sides, at: server, within: engine.isReady(except: tried) ? SessionLegs.attachLimit : nil)
            } catch {
                guard !isReleased, error.concernsServer, engine.isReady(except: tried) else { throw error }
                log.notice("a session goes to another media server", metadata: ["server": "\(server.name)", "reason": "\(error)"])
                giveUpLegs()
            }
        }
    }

    private func attach(_ sides: [SessionSide], at server: any MediaServer, within limit: Duration?) async throws(JanusError) {
        self.server = server
        for side in sides {
            let leg = try await server.attachLeg(within: limit)
            guard !isReleased else {
                await leg.detach()
                throw .cancelled
            }
            legs[side] = leg
            EventStream.shared.tell(session: id, .hasHandle(leg.handleID, side: side.rawValue))
            log.debug("a leg of the media engine", metadata: ["side": "\(side)", "handle": "\(leg.handleID)", "server": "\(server.name)"])
            leg.listen { [weak self] event in self?.receive(event, from: side) }
            if kind.type(of: side) == .webrtc { ids[side] = try await leg.id() }
        }
    }

    /// Gives back what a server has attached before it failed.
    private func giveUpLegs() {
        for leg in legs.values {
            leg.listen(nil)
            LoopActor.task { await leg.detach() }
        }
        legs = [:]
        ids = [:]
    }

    private func open(_ side: SessionSide, _ media: [MediaKind], _ family: AddressFamily) async throws(JanusError) -> [MediaKind: LegPort] {
        let opened = try await leg(side).open(media.compactMap(JanusMediaKind.init), at: engine.bindAddress(family), ports: server?.phonePorts)
        ids[side] = opened.leg
        for kind in JanusMediaKind.allCases {
            guard let medium = opened[kind], let port = UInt16(exactly: medium.port) else { continue }
            guard let key = Data(base64Encoded: medium.key), key.count == LegPort.keyBytes else { throw .malformed("no SRTP key for a leg") }
            ports[side, default: [:]][MediaKind(kind)] = LegPort(port: port, key: Array(key))
        }
        return ports[side] ?? [:]
    }

    private func leg(_ side: SessionSide) throws(JanusError) -> any MediaLeg {
        guard let leg = legs[side] else { throw .detached }
        return leg
    }

    func trickle(_ candidate: TrickledCandidate, to side: SessionSide) {
        legs[side]?.trickle(candidate.candidate.map {
            JanusCandidate(sdpMid: candidate.mid, sdpMLineIndex: candidate.mediaLineIndex, candidate: $0)
        })
    }

    // MARK: Settings

    /// Makes a leg do what `settings` say; all but the recording where that is what fails.
    func apply(_ settings: LegSettings, to side: SessionSide) async throws(SessionFailure) {
        var record = settings.recording.map { recorder.path($0, part: settings.part, side) }
        var refusal: SessionFailure?
        if let name = settings.recording, applied[side]?.record != record {
            do throws(SessionFailure) {
                try await recorder.begin(name)
            } catch {
                record = nil
                refusal = error
            }
        }
        do throws(JanusError) {
            try await configure(side, settings, record)
        } catch {
            throw SessionFailure(error)
        }
        if let refusal { throw refusal }
    }

    private func configure(_ side: SessionSide, _ settings: LegSettings, _ record: String?) async throws(JanusError) {
        let configuration = EngineConfiguration(
            peer: ids[kind.source(of: side)], media: settings.media.compactMap(EngineMedium.init), bitrate: settings.bitrate, record: record,
            latching: engine.latching, isTested: kind.calleeType == nil)
        guard configuration != applied[side] else { return }
        // What comes of it is not known until it is answered.
        applied[side] = nil
        try await leg(side).configure(configuration)
        applied[side] = configuration
    }

    /// Where the phone at that side wants its RTP, as its SDP has it.
    func signalled(_ side: SessionSide) -> [JanusMediaKind: EngineRemote] {
        Dictionary((applied[side]?.media ?? []).compactMap { medium in medium.remote.map { (medium.kind, $0) } }) { first, _ in first }
    }

    /// Asks the phone or browser at that side for a keyframe, where RTCP can.
    func sendKeyframeRequest(of side: SessionSide) async {
        guard let leg = legs[side] else { return }
        do throws(JanusError) {
            _ = try await leg.requestKeyframe()
        } catch {
            log.debug("no keyframe could be requested", metadata: ["error": "\(error)"])
        }
    }

    /// Has the leg of an echo send something else.
    func send(_ signal: EngineSignal) async throws(JanusError) { try await leg(.caller).send(signal) }

    /// What has been counted of the leg of that side; nil where it cannot be asked.
    func statistics(of side: SessionSide) async -> EngineStatistics? {
        guard let leg = legs[side] else { return nil }
        do throws(JanusError) {
            return try await leg.statistics(within: nil)
        } catch {
            log.debug("no statistics", metadata: ["reason": "\(error)"])
            return nil
        }
    }

    // MARK: Events and end

    private func receive(_ event: JanusHandleEvent, from side: SessionSide) {
        switch event {
        case .webrtcUp:
            upSides.insert(side)
            // One browser that hears nothing is a call that does not work.
            if kind.sides.allSatisfy({ kind.type(of: $0) != .webrtc || upSides.contains($0) }) { onEvent?(.up) }
        case .media(let kind, let receiving): onEvent?(.flowing(kind: kind.rawValue, receiving))
        case .slowLink: onEvent?(.slowLink)
        case .hangup(let reason): onEvent?(.gone(SessionLegs.end(for: reason)))
        // While legs are attached, the request that waits fails as well, and another server may do.
        case .lost: if !isAttaching { onEvent?(.gone(.mediaServerLost)) }
        case .plugin(let data, _): if let event = EngineEvent(data) { receive(event, from: side) }
        case .candidate, .candidatesCompleted: break
        }
    }

    private func receive(_ event: EngineEvent, from side: SessionSide) {
        Counter(label: "tern_engine_events_total", dimensions: [("event", event.name)]).increment()
        switch event {
        case .digit(_, let digit, let duration): onEvent?(.digit(side, digit, duration))
        case .toneDigit(_, let digit, let duration): onEvent?(.toneDigit(side, digit, duration))
        case .latched(let kind, let address, let former):
            let signalled = signalled(side)[kind].map { "\($0.address):\($0.port) (its SDP)" }
            let before = former.map { "\($0)" } ?? signalled ?? "unknown"
            log.info("a phone's media comes from elsewhere", metadata: ["side": "\(side)", "kind": "\(kind)", "from": "\(address)", "before": "\(before)"])
        // What a client hears of this is the browser's, where there is one.
        case .flowing(let kind): if !self.kind.hasBrowser { onEvent?(.flowing(kind: kind.rawValue, true)) }
        case .silent(let kind): if !self.kind.hasBrowser { onEvent?(.flowing(kind: kind.rawValue, false)) }
        // A call goes on without its video.
        case .unreachable(let kind): if kind == .audio { onEvent?(.unreachable) }
        case .keyframeWanted: onEvent?(.keyframeRequested(side))
        case .error(let what, let reason):
            log.error("the media engine failed", metadata: ["side": "\(side)", "what": "\(what)", "reason": "\(reason)"])
        }
    }

    /// Janus' reasons: a DTLS alert is how a browser says goodbye (RFC 8446 section 6.1); all others are failures.
    private static func end(for reason: String) -> SessionEnd {
        ["DTLS alert", "Close PC", "Remote WebRTC hangup", "User hangup"].contains(reason) ? .mediaClosed : .mediaFailed(reason)
    }

    /// Gives all legs back. Also those that are still being attached, as soon as they are.
    ///
    /// - Parameter done: Called when they are, and Janus has let go of what it recorded, with the last that was counted of each leg.
    func release(_ done: @escaping @LoopActor ([SessionSide: EngineStatistics]) -> Void) {
        guard !isReleased else { return done([:]) }
        isReleased = true
        onEvent = nil
        let open = legs
        legs = [:]
        open.values.forEach { $0.listen(nil) }
        let ends = open.map { side, leg in (side, LoopActor.task { await SessionLegs.end(leg) }) }
        LoopActor.task {
            var counted: [SessionSide: EngineStatistics] = [:]
            for (side, end) in ends { counted[side] = await end.value }
            done(counted)
        }
    }

    /// How long an end waits for what was counted.
    private static let countLimit = Duration.seconds(1)

    private static func end(_ leg: any MediaLeg) async -> EngineStatistics? {
        let statistics = try? await leg.statistics(within: countLimit)
        await leg.detach()
        return statistics
    }
}

extension JanusMediaKind {
    init?(_ kind: MediaKind) {
        switch kind {
        case .audio: self = .audio
        case .video: self = .video
        default: return nil
        }
    }
}

extension MediaKind {
    init(_ kind: JanusMediaKind) {
        self = switch kind {
        case .audio: .audio
        case .video: .video
        }
    }
}

extension EngineMedium {
    /// Nil for a kind, or a suite, that the engine does not know.
    init?(_ medium: LegMedium) {
        guard let kind = JanusMediaKind(medium.kind) else { return nil }
        var srtp: EngineSRTP?
        if let keys = medium.keys {
            guard let suite = EngineSRTP.Suite(rawValue: keys.suite) else { return nil }
            srtp = EngineSRTP(suite, local: keys.local, remote: keys.remote)
        }
        self.init(
            kind, mindex: medium.line, receive: medium.receives, send: medium.sends,
            payloads: medium.payloads.map { EnginePayload(Int($0.type), $0.codec, clock: Int($0.clockRate), fmtp: $0.parameters) },
            remote: medium.phone.map {
                EngineRemote(address: $0.host, port: Int($0.port), rtcpPort: Int($0.rtcpPort), rtcpMux: $0.isMultiplexed)
            },
            srtp: srtp, feedback: medium.feedback.compactMap(Feedback.init))
    }
}

extension SessionFailure {
    /// A plugin refuses what is wrong with a description; everything else is Janus' own trouble.
    init(_ error: JanusError) {
        switch error {
        case .plugin(let code, _) where [EngineLeg.Refusal.noPorts, EngineLeg.Refusal.limit, EngineLeg.Refusal.failure].contains(code):
            self = .unavailable(error.description)
        case .plugin, .refused, .invalid: self = .refused(error.description)
        case .notReady, .lost, .detached, .timeout, .cancelled, .overloaded, .malformed, .unusable:
            self = .unavailable(error.description)
        }
    }
}

extension JanusError {
    /// Whether another server may do what this one did not: it is gone, or does not answer.
    fileprivate var concernsServer: Bool {
        switch self {
        case .notReady, .lost, .timeout, .overloaded, .malformed, .unusable: true
        case .detached, .cancelled, .refused, .plugin, .invalid: false
        }
    }
}
