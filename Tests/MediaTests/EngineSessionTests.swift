import EventLoop
import Foundation
import Janus
import Media
import ProxyCore
import SDP
import TestRandom
import Testing

@Suite("A session in the media engine")
@LoopActor
struct EngineSessionTests {
    private let engine = StandInEngine()

    /// What an owner hears, in order.
    private static func name(_ output: SessionOutput) -> String {
        switch output {
        case .sendOffer(let side, _): "offer to \(side.rawValue)"
        case .sendAnswer(let side, _): "answer to \(side.rawValue)"
        case .offerRefused(let side, _): "offer of \(side.rawValue) refused"
        case .answerRefused: "answer refused"
        case .held(let side, let isOn): "\(isOn ? "held" : "resumed") by \(side.rawValue)"
        case .keyframeRequested(let side): "keyframe of \(side.rawValue)"
        case .digit(let side, let digit, _): "digit \(digit) of \(side.rawValue)"
        case .toneDigit(let side, let digit, _): "tone \(digit) of \(side.rawValue)"
        case .event(.webrtc(let up)): up ? "up" : "down"
        case .event(let event): "\(event)"
        case .ended(let end): "ended \(end.code)"
        }
    }

    private func heard(by session: EngineSession) -> Heard {
        let heard = Heard()
        session.onOutput = { heard.all.append(Self.name($0)) }
        return heard
    }

    @LoopActor
    private final class Heard { var all: [String] = [] }

    @Test("two phones: each leg is the other's peer, and both are given back at the end, with what was counted of them")
    func phones() async throws {
        let session = engine.session(.proxy(caller: .rtp, callee: .rtp)), heard = heard(by: session)
        session.receive(.offered(Descriptions.phoneOffer), from: .caller)
        await engine.rest()
        session.receive(.answered(Descriptions.phoneAnswer), from: .callee)
        await engine.rest()
        #expect(heard.all.filter { !$0.hasPrefix("keyframe") } == ["offer to callee", "up", "answer to caller"]
            || heard.all.filter { !$0.hasPrefix("keyframe") } == ["offer to callee", "answer to caller", "up"])
        #expect(session.isEstablished && session.isUp)
        try #require(engine.legs.count == 2)
        #expect(engine.legs.map { $0.configuration?.peer?.value } == [2, 1])
        #expect(engine.legs.map { $0.configuration?.media.first?.remote?.port } == [4_000, 4_002])
        for (leg, packets) in zip(engine.legs, [500, 700]) {
            var medium = EngineStatistics.Medium()
            medium.received.packets = packets
            leg.counted = EngineStatistics(leg: try #require(EngineLegID(leg.number)), audio: medium)
        }
        session.stop(.stopped)
        await engine.rest()
        #expect(heard.all.last?.hasPrefix("ended") == true && engine.legs.allSatisfy { $0.isDetached && $0.listener == nil })
        let summary = await session.summary()
        #expect(summary.statistics.mapValues { $0.audio?.received.packets } == [.caller: 500, .callee: 700])
        #expect(summary.codecs == [.caller: [.audio: "pcmu"], .callee: [.audio: "pcmu"]] && summary.setUp != nil)
    }

    @Test("a media server that fails while legs are attached: the session goes to another one, whose ports its phones get, and what the first one attached is given back")
    func otherServer() async throws {
        engine.servers = ["one", "two"]
        engine.isPrompt = false
        let session = engine.session(.proxy(caller: .rtp, callee: .rtp)), heard = heard(by: session)
        session.receive(.offered(Descriptions.phoneOffer), from: .caller)
        await engine.rest()
        #expect(engine.requests.map(\.name) == ["attach at one in time"])
        engine.answer()
        await engine.rest()
        let lost = try #require(engine.legs.first)
        // As when its connection is lost: the leg says so, and the request that waits fails.
        lost.listener?(.lost)
        engine.answer(0, .lost)
        await engine.rest()
        // The last server has the usual time.
        #expect(engine.requests.map(\.name).sorted() == ["attach at two", "detach"])
        engine.isPrompt = true
        while !engine.requests.isEmpty {
            engine.answer()
            await engine.rest()
        }
        session.receive(.answered(Descriptions.phoneAnswer), from: .callee)
        await engine.rest()
        #expect(session.isEstablished && heard.all.contains("offer to callee") && lost.isDetached && lost.listener == nil)
        #expect(engine.legs.map(\.server) == ["one", "two", "two"])
        #expect(engine.legs.map(\.ports) == [nil, 20_100...20_199, 20_100...20_199])
        // From then on its loss is the session's end.
        engine.legs.last?.listener?(.lost)
        await engine.rest()
        #expect(heard.all.last == "ended 503", "\(heard.all)")
    }

    @Test("phones are told the address of the media server that their legs are at, where it has one of its own")
    func address() async throws {
        for (server, expected) in [("one", "192.0.2.1"), ("far", "198.51.100.7")] {
            engine.servers = [server]
            let session = engine.session(.proxy(caller: .rtp, callee: .rtp))
            var told: [SessionDescription] = []
            session.onOutput = { output in
                switch output {
                case .sendOffer(_, let description), .sendAnswer(_, let description): told.append(description)
                default: break
                }
            }
            session.receive(.offered(Descriptions.phoneOffer), from: .caller)
            await engine.rest()
            session.receive(.answered(Descriptions.phoneAnswer), from: .callee)
            await engine.rest()
            #expect(told.count == 2 && told.allSatisfy { $0.connection?.address == expected && $0.origin.address == expected }, "\(told)")
        }
    }

    @Test("each media server fails: the session has the last one's reason; a refusal is no matter for another server")
    func noServer() async throws {
        engine.servers = ["one", "two"]
        engine.isPrompt = false
        let lost = engine.session(.echo(.rtp)), heardLost = heard(by: lost)
        lost.receive(.offered(Descriptions.phoneOffer), from: .caller)
        await engine.rest()
        engine.answer(0, .timeout)
        await engine.rest()
        #expect(engine.requests.map(\.name) == ["attach at two"])
        engine.answer(0, .notReady("away"))
        await engine.rest()
        #expect(heardLost.all.contains("offer of caller refused") || heardLost.all.last?.hasPrefix("ended") == true, "\(heardLost.all)")
        let refused = engine.session(.echo(.rtp)), heardRefused = heard(by: refused)
        refused.receive(.offered(Descriptions.phoneOffer), from: .caller)
        await engine.rest()
        engine.answer(0, .refused(code: 1, reason: "no"))
        await engine.rest()
        #expect(engine.requests.isEmpty && !heardRefused.all.isEmpty, "\(heardRefused.all)")
    }

    @Test("a session that ends while its legs are attached at a second server gives them back as well")
    func endsMeanwhile() async throws {
        engine.servers = ["one", "two"]
        engine.isPrompt = false
        let session = engine.session(.echo(.rtp))
        session.receive(.offered(Descriptions.phoneOffer), from: .caller)
        await engine.rest()
        engine.answer(0, .timeout)
        await engine.rest()
        session.stop(.stopped)
        engine.isPrompt = true
        engine.answer()
        await engine.rest()
        #expect(engine.legs.count == 1 && engine.legs.allSatisfy(\.isDetached) && engine.requests.isEmpty)
    }

    @Test("a browser's echo: what Janus makes of the answer goes to the browser, candidates to the leg, and events of Janus to the owner")
    func echo() async throws {
        let session = engine.session(.echo(.webrtc)), heard = heard(by: session)
        session.receive(.offered(Descriptions.trickledOffer), from: .caller)
        await engine.rest()
        #expect(heard.all == ["answer to caller"] && !session.isUp)
        let leg = try #require(engine.legs.first)
        #expect(session.trickle(TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: "candidate:1 1 udp 2130706431 192.0.2.9 50000 typ host"), from: .caller) == nil)
        #expect(session.trickle(TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: nil), from: .caller) == nil)
        #expect(session.trickle(TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: "nonsense"), from: .caller) != nil)
        await engine.rest()
        #expect(leg.candidates.count == 2 && leg.candidates.last == .some(nil))
        leg.listener?(.webrtcUp)
        leg.listener?(.media(.audio, receiving: true))
        #expect(session.isUp && session.flowing == ["audio": true])
        leg.listener?(.hangup(reason: "DTLS alert"))
        await engine.rest()
        #expect(heard.all.suffix(2).first == "down" && heard.all.last?.hasPrefix("ended") == true && leg.isDetached)
    }

    @Test("a session that ends while its legs are being attached: the leg that comes late is given back, and nothing is said after the end")
    func lateLeg() async throws {
        engine.isPrompt = false
        let session = engine.session(.proxy(caller: .rtp, callee: .rtp)), heard = heard(by: session)
        session.receive(.offered(Descriptions.phoneOffer), from: .caller)
        await engine.rest()
        #expect(engine.requests.map(\.name) == ["attach at one"])
        session.stop(.stopped)
        await engine.rest()
        #expect(heard.all.count == 1 && heard.all.last?.hasPrefix("ended") == true)
        engine.answer()
        await engine.rest()
        #expect(engine.requests.map(\.name) == ["detach"])
        engine.answer()
        await engine.rest()
        #expect(engine.legs.count == 1 && engine.legs.allSatisfy(\.isDetached) && engine.requests.isEmpty && heard.all.count == 1)
        #expect(await session.summary().statistics.isEmpty)
    }

    @Test("an engine that is away, or refuses: the first offer is refused with what it says, and the session ends")
    func refused() async {
        engine.isReady = false
        let away = engine.session(.echo(.rtp)), heardAway = heard(by: away)
        away.receive(.offered(Descriptions.phoneOffer), from: .caller)
        await engine.rest()
        #expect(heardAway.all == ["offer of caller refused", "ended 503"])
        engine.isReady = true
        engine.isPrompt = false
        let session = engine.session(.echo(.rtp)), heard = heard(by: session)
        session.receive(.offered(Descriptions.phoneOffer), from: .caller)
        await engine.rest()
        engine.answer()
        await engine.rest()
        #expect(engine.requests.map(\.name) == ["open"])
        engine.answer(0, .plugin(code: EngineLeg.Refusal.noPorts, reason: "all in use"))
        await engine.rest()
        #expect(heard.all == ["offer of caller refused", "ended 503"])
        while !engine.requests.isEmpty {
            engine.answer()
            await engine.rest()
        }
        #expect(!engine.legs.isEmpty && engine.legs.allSatisfy(\.isDetached))
    }

    @Test("a change that the engine does not take fails, once, and the next one acts")
    func changes() async throws {
        let session = engine.session(.echo(.rtp))
        session.receive(.offered(Descriptions.phoneOffer), from: .caller)
        await engine.rest()
        engine.isPrompt = false
        var results: [String] = []
        func note(_ result: Result<SessionOptions, SessionFailure>) {
            results.append((try? result.get()).map { "audio \($0.useAudio)" } ?? "failed")
        }
        session.update(SessionOptionsChange(useAudio: false)) { note($0) }
        await engine.rest()
        #expect(engine.requests.map(\.name) == ["configure"] && results.isEmpty)
        engine.answer(0, .timeout)
        await engine.rest()
        #expect(results == ["failed"])
        engine.isPrompt = true
        while !engine.requests.isEmpty { engine.answer() }
        await engine.rest()
        session.update(SessionOptionsChange(useAudio: false)) { note($0) }
        await engine.rest()
        #expect(results == ["failed", "audio false"] && engine.legs.first?.configuration?.media.first?.send == false)
    }

    @Test("a handle that is lost with its Janus ends the session with 503, once")
    func lost() async throws {
        let session = engine.session(.proxy(caller: .rtp, callee: .rtp)), heard = heard(by: session)
        session.receive(.offered(Descriptions.phoneOffer), from: .caller)
        await engine.rest()
        session.receive(.answered(Descriptions.phoneAnswer), from: .callee)
        await engine.rest()
        let listeners = engine.legs.compactMap(\.listener)
        #expect(listeners.count == 2)
        listeners.forEach { $0(.lost) }
        await engine.rest()
        #expect(heard.all.filter { $0.hasPrefix("ended") } == ["ended 503"] && heard.all.last == "ended 503")
    }

    @Test("whatever the engine and the parties do, in whatever order: each change is answered once, the end comes once and last, and each leg is given back", arguments: [
        SessionKind.echo(.rtp), .echo(.webrtc), .proxy(caller: .rtp, callee: .rtp), .proxy(caller: .webrtc, callee: .rtp),
    ])
    func randomly(kind: SessionKind) async {
        var random = SeededRandom("random lives of sessions in the engine, \(kind)")
        for number in 0..<150 {
            let engine = StandInEngine(), session = engine.session(kind), heard = heard(by: session)
            engine.isPrompt = false
            var changes: [Int] = []
            for step in 0..<30 {
                let choice = Int.random(in: 0..<12, using: &random)
                switch choice {
                case 0: session.receive(.offered(kind.callerType == .rtp ? Descriptions.phoneOffer : Descriptions.browserOffer), from: .caller)
                case 1 where kind.calleeType != nil: session.receive(.answered(Descriptions.phoneAnswer), from: .callee)
                case 2:
                    let index = changes.count
                    changes.append(0)
                    session.update(SessionOptionsChange(useAudio: Bool.random(using: &random))) { _ in changes[index] += 1 }
                case 3 where kind.calleeType != nil:
                    let index = changes.count
                    changes.append(0)
                    session.hold(by: .caller, Bool.random(using: &random)) { _ in changes[index] += 1 }
                case 4: engine.legs.randomElement(using: &random)?.listener?([.webrtcUp, .media(.audio, receiving: true), .slowLink(.audio, uplink: true, lost: 1)].randomElement(using: &random) ?? .webrtcUp)
                case 5 where step > 20: engine.legs.randomElement(using: &random)?.listener?([.lost, .hangup(reason: "ICE failed")].randomElement(using: &random) ?? .lost)
                case 6 where step > 20: session.stop(.stopped)
                default:
                    guard let index = engine.requests.indices.randomElement(using: &random) else { continue }
                    engine.answer(index, Int.random(in: 0..<10, using: &random) == 0 ? [.timeout, .lost, .plugin(code: 400, reason: "no")].randomElement(using: &random) : nil)
                }
                await engine.rest()
            }
            session.stop(.stopped)
            await engine.rest()
            while !engine.requests.isEmpty {
                engine.answer()
                await engine.rest()
            }
            _ = await session.summary()
            let ends = heard.all.filter { $0.hasPrefix("ended") }
            #expect(changes.allSatisfy { $0 == 1 }, "life \(number): \(changes)")
            #expect(ends.count == 1 && heard.all.last == ends.first, "life \(number): \(heard.all)")
            #expect(engine.legs.allSatisfy { $0.isDetached && $0.listener == nil }, "life \(number): legs left")
        }
    }
}
