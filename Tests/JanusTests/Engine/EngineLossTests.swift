import EventLoop
import Foundation
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("Lost packets and the end of a stream", .serialized, .timeLimit(.minutes(1)))
struct EngineLossTests {
    /// A generic NACK (RFC 4585 section 6.2.1) for one packet and those behind it whose bit is set.
    static func nack(_ packet: UInt16, _ mask: UInt16 = 0, of ssrc: UInt32) -> [UInt8] {
        func big(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
        return [0x81, 205, 0, 3] + big(1) + big(ssrc) + big(UInt32(packet) << 16 | UInt32(mask))
    }

    /// Two phones with video whose legs talk with each other; the second one's has that feedback, and keys if they are wanted.
    @LoopActor
    static func pair(
        _ bench: EngineBench, feedback: [EngineMedium.Feedback], srtp: EngineSRTP? = nil
    ) async throws -> (PlainLeg, PlainLeg, talker: TestPhone, viewer: TestPhone) {
        let leg = try await bench.leg([.video]), other = try await bench.leg([.video])
        let talker = try TestPhone(EngineBench.phone), viewer = try TestPhone(EngineBench.phone)
        let payloads = [EnginePayload(96, "vp8", clock: 90_000)]
        let first = EngineMedium(.video, payloads: payloads, remote: talker.remote, feedback: feedback)
        let second = EngineMedium(.video, payloads: payloads, remote: viewer.remote, srtp: srtp, feedback: feedback)
        try await leg.leg.configure(EngineConfiguration(peer: other.id, media: [first]))
        try await other.leg.configure(EngineConfiguration(peer: leg.id, media: [second]))
        return (leg, other, talker, viewer)
    }

    @Test("a phone gets the packets again that it asks for, as they were sent; not what is old, and no flood")
    @LoopActor func resend() async throws {
        try await EngineBench.run { bench in
            let (leg, other, talker, viewer) = try await Self.pair(bench, feedback: [.nack])
            for index in 0..<200 { talker.send(RTPSample(index, type: 96), to: leg.video) }
            let first = await viewer.receive(200)
            try #require(first.count == 200)
            let ssrc = first[0].ssrc
            viewer.send(Self.nack(first[150].sequence, 0b101, of: ssrc), to: other.video, asRTCP: true)
            #expect(await viewer.receive(3) == [first[150], first[151], first[153]])
            // Another source's, one that is too old, one that is not sent yet.
            viewer.send(Self.nack(first[160].sequence, of: ssrc &+ 1), to: other.video, asRTCP: true)
            viewer.send(Self.nack(first[20].sequence, of: ssrc), to: other.video, asRTCP: true)
            viewer.send(Self.nack(first[199].sequence &+ 1, of: ssrc), to: other.video, asRTCP: true)
            // One packet, a hundred times.
            for _ in 0..<100 { viewer.send(Self.nack(first[170].sequence, of: ssrc), to: other.video, asRTCP: true) }
            try await other.statistics(.video) { $0.rtcpReceived == 104 }
            let rest = viewer.waiting().compactMap { RTPSample($0) }
            #expect(!rest.isEmpty && rest.count <= 3 && rest.allSatisfy { $0 == first[170] })
            // A muted viewer gets nothing, neither new nor again.
            let medium = EngineMedium(
                .video, send: false, payloads: [EnginePayload(96, "vp8", clock: 90_000)], remote: viewer.remote, feedback: [.nack])
            try await other.leg.configure(EngineConfiguration(peer: leg.id, media: [medium]))
            viewer.send(Self.nack(first[180].sequence, of: ssrc), to: other.video, asRTCP: true)
            try await other.statistics(.video) { $0.rtcpReceived == 105 }
            #expect(viewer.waiting().isEmpty)
        }
    }

    @Test("a phone with SRTP gets a packet again as it was protected; after a new key of ours nothing of the former one")
    @LoopActor func resendProtected() async throws {
        try await EngineBench.run { bench in
            let suite = EngineSRTP.Suite.aes128SHA80, own = TestSRTP.makeKey(suite), phoneKey = TestSRTP.makeKey(suite)
            let (leg, other, talker, viewer) = try await Self.pair(
                bench, feedback: [.nack], srtp: EngineSRTP(suite, local: own, remote: phoneKey))
            for index in 0..<10 { talker.send(RTPSample(index, type: 96), to: leg.video) }
            let sent = await viewer.datagrams(10).map(\.bytes)
            try #require(sent.count == 10)
            let out = try TestSRTP(suite, phoneKey, isInbound: false), back = try TestSRTP(suite, own, isInbound: true)
            // All but the fifth have come.
            let first = sent.enumerated().map { $0.offset == 5 ? nil : back.unprotect($0.element) }
            let ssrc = try #require(first[0]?.ssrc), number = try #require(first[4]?.sequence) &+ 1
            viewer.send(try out.protectRTCP(Self.nack(number, of: ssrc)), to: other.video, asRTCP: true)
            let again = try #require(await viewer.datagrams(1).first?.bytes)
            #expect(again == sent[5] && back.unprotect(again)?.index == 5)
            let medium = EngineMedium(
                .video, payloads: [EnginePayload(96, "vp8", clock: 90_000)], remote: viewer.remote,
                srtp: EngineSRTP(suite, local: TestSRTP.makeKey(suite), remote: phoneKey), feedback: [.nack])
            try await other.leg.configure(EngineConfiguration(peer: leg.id, media: [medium]))
            viewer.send(try out.protectRTCP(Self.nack(number &+ 1, of: ssrc)), to: other.video, asRTCP: true)
            try await other.statistics(.video) { $0.rtcpReceived == 2 }
            #expect(viewer.waiting().isEmpty)
        }
    }

    @Test("a phone that has not agreed on NACK gets nothing again, and is not asked")
    @LoopActor func noFeedback() async throws {
        try await EngineBench.run { bench in
            let (leg, other, talker, viewer) = try await Self.pair(bench, feedback: [.pli])
            for index in [0, 1, 4, 5] { talker.send(RTPSample(index, type: 96), to: leg.video) }
            let first = await viewer.receive(4)
            try #require(first.count == 4)
            viewer.send(Self.nack(first[0].sequence, of: first[0].ssrc), to: other.video, asRTCP: true)
            try await other.statistics(.video) { $0.rtcpReceived == 1 }
            // The report of the first second comes behind a request, if there is one.
            let compounds = await talker.datagrams(2, asRTCP: true)
            #expect(compounds.count == 2)
            #expect(compounds.allSatisfy { EngineControlTests.parts($0.bytes).allSatisfy { $0.type != 205 } })
            #expect(viewer.waiting().isEmpty)
        }
    }

    @Test("a phone is asked for what it has sent and has not come, and the peer gets it in its place")
    @LoopActor func request() async throws {
        try await EngineBench.run { bench in
            let (leg, other, talker, viewer) = try await Self.pair(bench, feedback: [.nack])
            for index in [0, 1, 4, 5] { talker.send(RTPSample(index, type: 96), to: leg.video) }
            let before = await viewer.receive(4)
            try #require(before.count == 4)
            var lost: [UInt8] = []
            while lost.isEmpty {
                let compound = try #require(await talker.datagrams(1, asRTCP: true).first?.bytes)
                let parts = EngineControlTests.parts(compound)
                // A compound has a report and a name first (RFC 3550 section 6.1).
                #expect(parts.first?.type == 200 || parts.first?.type == 201)
                lost = parts.first { $0.type == 205 && $0.format == 1 }?.body ?? []
            }
            let source = RTPSample(0).ssrc
            #expect(EngineControlTests.big(lost[4..<8]) == Int(source))
            #expect(Array(lost[8...]) == [0, 2, 0, 1])
            for index in [2, 3] { talker.send(RTPSample(index, type: 96), to: leg.video) }
            let again = await viewer.receive(2)
            #expect(again.map { $0.sequence &- before[0].sequence } == [2, 3])
            #expect(again.map(\.index) == [2, 3])
            // They have come: nobody asks again.
            try await Task.sleep(for: .milliseconds(400))
            #expect(talker.waiting(asRTCP: true).allSatisfy { Self.requests($0) == 0 })
            let counters = try await other.statistics(.video) { $0.sent.packets == 6 }
            #expect(counters.rtcpReceived == 0)
        }
    }

    static func requests(_ compound: [UInt8]) -> Int { EngineControlTests.parts(compound).count { $0.type == 205 } }

    @Test("the end of a leg is an RTCP BYE of its source; a BYE of a phone ends nothing")
    @LoopActor func goodbye() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id)
            phone.send(RTPSample(0), to: leg.audio)
            let ssrc = try #require(await phone.receive(1).first?.ssrc)
            let bye: [UInt8] = [0x80, 201, 0, 1, 0x12, 0x34, 0x56, 0x78, 0x81, 203, 0, 1, 0x12, 0x34, 0x56, 0x78]
            phone.send(bye, to: leg.audio, asRTCP: true)
            try await leg.statistics { $0.rtcpReceived == 1 }
            phone.send(RTPSample(1), to: leg.audio)
            #expect(await phone.receive(1).map(\.index) == [1])
            await leg.leg.handle.detach()
            var ends: [UInt8] = []
            while ends.isEmpty {
                let compound = try #require(await phone.datagrams(1, asRTCP: true).first?.bytes)
                ends = EngineControlTests.parts(compound).first { $0.type == 203 }?.body ?? []
            }
            #expect(EngineControlTests.big(ends[0..<4]) == Int(ssrc))
        }
    }
}
}
