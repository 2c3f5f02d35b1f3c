import EventLoop
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("What a phone may send to a leg", .serialized, .timeLimit(.minutes(1)))
struct EngineInputTests {
    @Test("a datagram that is no RTP packet is dropped, and the leg goes on", arguments: [
        [], [0x80], [UInt8](repeating: 0x80, count: 11), [UInt8](repeating: 0, count: 12), [0x40] + [UInt8](repeating: 0, count: 171),
        // More CSRCs, a longer extension and more padding than there are bytes.
        [0x8f] + [UInt8](repeating: 0, count: 20), [0x90] + [UInt8](repeating: 0xff, count: 20),
        [0xa0] + [UInt8](repeating: 0xff, count: 20), [0xa0] + [UInt8](repeating: 0, count: 20),
        [UInt8](repeating: 0x80, count: 2_049), [UInt8](repeating: 0x80, count: 65_000),
    ] as [[UInt8]])
    @LoopActor func noRTP(bytes: [UInt8]) async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg([.audio, .video]), phone = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id)
            for _ in 0..<3 {
                phone.send(bytes, to: leg.audio)
                phone.send(bytes, to: leg.audio, asRTCP: true)
                phone.send(bytes, to: leg.video)
            }
            phone.send(RTPSample(0), to: leg.audio)
            #expect(await phone.receive(1).map(\.index) == [0])
            let counters1 = try await leg.statistics { $0.received.packets == 1 }
            #expect(counters1.dropped >= 3)
            #expect(phone.waiting().isEmpty)
        }
    }

    @Test("a packet of 12 bytes, and one of 2,000, are passed on as they are")
    @LoopActor func sizes() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id)
            for size in [0, 1, 1_440, 1_988] {
                var packet = RTPSample(size)
                packet.payload = [UInt8](repeating: 7, count: size)
                phone.send(packet, to: leg.audio)
                #expect(await phone.receive(1).map(\.payload) == [packet.payload])
            }
        }
    }

    @Test("RTCP on the RTP port, and on its own, is counted and not passed on", arguments: [true, false])
    @LoopActor func rtcp(onRTPPort: Bool) async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), other = try await bench.leg()
            let phone = try TestPhone(EngineBench.phone), listener = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: other.id)
            try await other.configure(listener.remote, to: leg.id)
            phone.send(RTPSample(0), to: leg.audio)
            #expect(await listener.receive(1).count == 1)
            // An empty receiver report, and an SDES with a CNAME (RFC 3550 section 6).
            let report: [UInt8] = [0x80, 201, 0, 1, 0x12, 0x34, 0x56, 0x78, 0x81, 202, 0, 3, 0x12, 0x34, 0x56, 0x78, 1, 2, 0x61, 0x62, 0, 0, 0, 0]
            for _ in 0..<5 { phone.send(report, to: leg.audio, asRTCP: !onRTPPort) }
            let statistics = try await leg.statistics { $0.rtcpReceived == 5 }
            #expect(statistics.received.packets == 1 && (statistics.lastPacket ?? .seconds(9)) < .seconds(2))
            #expect(listener.waiting().isEmpty)
        }
    }

    @Test("another SSRC and a jump in time begin anew; towards the receiver the stream is one, and goes on")
    @LoopActor func restarts() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id)
            var heard: [RTPSample] = []
            @LoopActor func say(_ packets: [RTPSample]) async {
                for packet in packets {
                    phone.send(packet, to: leg.audio)
                    heard += await phone.receive(1)
                }
            }
            await say((0..<10).map { RTPSample($0) })
            await say((40_000..<40_010).map { RTPSample($0, ssrc: 99) })
            await say((10..<20).map { RTPSample($0) })
            #expect(heard.count == 30 && Set(heard.map(\.ssrc)).count == 1)
            #expect(zip(heard, heard.dropFirst()).allSatisfy { former, next in next.sequence == former.sequence &+ 1 })
            let steps = zip(heard, heard.dropFirst()).map { former, next in Int32(bitPattern: next.timestamp &- former.timestamp) }
            #expect(steps.allSatisfy { $0 > 0 && $0 < 80_000 }, "\(steps)")
            let statistics = try await leg.statistics { $0.received.packets == 30 }
            #expect(statistics.received.restarts == 2 && statistics.received.lost == 0 && statistics.received.ssrc == RTPSample(0).ssrc)
        }
    }

    @Test("payload types that nobody agreed on pass, those that both sides know get the receiver's number")
    @LoopActor func payloadTypes() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), other = try await bench.leg()
            let phone = try TestPhone(EngineBench.phone), listener = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: other.id)
            let payloads = [EnginePayload(0, "pcmu", clock: 8_000), EnginePayload(96, "telephone-event", clock: 8_000, fmtp: "0-15")]
            try await other.leg.configure(EngineConfiguration(
                peer: leg.id, media: [EngineMedium(.audio, payloads: payloads, remote: listener.remote)]))
            for (index, type) in [0, 101, 0].enumerated() { phone.send(RTPSample(index, type: UInt8(type)), to: leg.audio) }
            #expect(await listener.receive(3).map(\.type) == [0, 96, 0])
        }
    }

    @Test("what is lost, late and twice is counted")
    @LoopActor func counters() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id)
            // 3 and 4 are lost, 6 comes behind 7.
            for index in [0, 1, 2, 5, 7, 6, 8] { phone.send(RTPSample(index), to: leg.audio) }
            let statistics = try await leg.statistics { $0.received.packets == 7 }
            #expect(statistics.received.lost == 2 && statistics.received.misordered == 1 && statistics.received.restarts == 0)
            let begin = ContinuousClock.now
            phone.send(RTPSample(9), to: leg.audio)
            let last = try await leg.statistics { $0.received.packets == 8 }.lastPacket
            #expect((last ?? .seconds(99)) <= ContinuousClock.now - begin)
        }
    }

    @Test("10,000 packets a second on one leg, from its phone or from a stranger, do not hold up another leg", arguments: [true, false])
    @LoopActor func flood(isPhone: Bool) async throws {
        try await EngineBench.run { bench in
            let flooded = try await bench.leg(), leg = try await bench.leg()
            let phone = try TestPhone(EngineBench.phone), flooder = try TestPhone(isPhone ? EngineBench.phone : EngineBench.stranger)
            try await flooded.configure(isPhone ? flooder.remote : phone.remote, to: flooded.id)
            try await leg.configure(phone.remote, to: leg.id)
            // A phone that has been heard is not taken for one that sends from elsewhere.
            if !isPhone { phone.send(RTPSample(0), to: flooded.audio) }
            try await flooded.statistics { isPhone || $0.received.packets == 1 }
            _ = await phone.receive(1, within: isPhone ? .zero : .seconds(3))
            let target = flooded.audio
            let flood = Task.detached {
                let begin = ContinuousClock.now
                for index in 0..<20_000 {
                    flooder.send(RTPSample(index, ssrc: isPhone ? 1 : UInt32(index)), to: target)
                    // Ten a millisecond.
                    if index % 10 == 9 { try? await Task.sleep(until: begin + .milliseconds(index / 10), clock: .continuous) }
                }
            }
            var delays: [Duration] = []
            for index in 0..<75 {
                let begin = ContinuousClock.now
                phone.send(RTPSample(index), to: leg.audio)
                if await phone.receive(1, within: .milliseconds(500)).first?.index == index { delays.append(ContinuousClock.now - begin) }
                try await Task.sleep(for: .milliseconds(20))
            }
            await flood.value
            #expect(delays.count == 75)
            let statistics = try await flooded.statistics { _ in true }
            #expect(isPhone ? statistics.received.packets > 5_000 : statistics.dropped > 5_000, "\(statistics)")
            #expect(flooded.events.elements.count < 40)
        }
    }
}
}
