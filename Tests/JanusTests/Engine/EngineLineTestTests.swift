import EventLoop
import Foundation
@testable import Janus
import JSON
import RTP
import Testing

extension Serially {
@Suite("A leg under a line test", .serialized, .timeLimit(.minutes(1)))
struct EngineLineTestTests {
    private static let events = EnginePayload(101, "telephone-event", clock: 8_000, fmtp: "0-15")

    /// An echo under a line test, and its phone.
    @LoopActor
    static func echo(
        _ bench: EngineBench, codec: EnginePayload = EnginePayload(0, "pcmu", clock: 8_000), isTested: Bool = true
    ) async throws -> (PlainLeg, TestPhone) {
        let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
        let medium = EngineMedium(.audio, payloads: [codec, events], remote: phone.remote)
        try await leg.leg.configure(EngineConfiguration(peer: leg.id, media: [medium], isTested: isTested))
        return (leg, phone)
    }

    /// A packet of a tone in G.711, the `index`-th of a stream of 20 ms each.
    static func packet(_ index: Int, _ samples: (Int) -> Double, law: G711 = .muLaw, type: UInt8 = 0) -> RTPSample {
        var packet = RTPSample(index, type: type)
        packet.payload = (0..<160).map { law.code(Int16(max(-32_768, min(32_767, samples(index * 160 + $0))))) }
        return packet
    }

    static func sine(_ frequency: Double, _ amplitude: Double) -> (Int) -> Double {
        { amplitude * sin(2 * .pi * frequency * Double($0) / 8_000) }
    }

    /// Sends packets, one each 20 ms, on a thread of its own, which goes before others where the system allows it.
    ///
    /// - Returns: How late the latest one was sent, in milliseconds.
    @discardableResult
    static func send(_ packets: [RTPSample], from phone: TestPhone, to leg: PlainLeg, interval: Double = 0.02) async -> Double {
        let address = await leg.audio
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var priority = sched_param(sched_priority: 10)
                pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority)
                let begin = Date()
                var latest = 0.0
                for (index, packet) in packets.enumerated() {
                    let left = begin.addingTimeInterval(Double(index) * interval).timeIntervalSinceNow
                    if left > 0 { Thread.sleep(forTimeInterval: left) }
                    phone.send(packet, to: address)
                    latest = max(latest, -begin.addingTimeInterval(Double(index) * interval).timeIntervalSinceNow * 1_000)
                }
                continuation.resume(returning: latest)
            }
        }
    }

    /// What a phone has heard: the samples of the packets' payloads.
    static func heard(_ packets: [RTPSample], law: G711 = .muLaw) -> [Double] {
        packets.flatMap { $0.payload.map { Double(law.sample($0)) } }
    }

    /// How much of the power lies at a frequency, 0 to 1 (Goertzel).
    static func share(of frequency: Double, in samples: [Double]) -> Double {
        let total = samples.reduce(0) { $0 + $1 * $1 }, coefficient = 2 * cos(2 * Double.pi * frequency / 8_000)
        guard total > 0 else { return 0 }
        var last = 0.0, before = 0.0
        for sample in samples { (last, before) = (sample + coefficient * last - before, last) }
        return (last * last + before * before - coefficient * last * before) * 2 / (Double(samples.count) * total)
    }

    /// The frequency of a single tone, by how often it crosses zero.
    static func frequency(_ samples: [Double]) -> Double {
        let crossings = zip(samples, samples.dropFirst()).count { ($0 < 0) != ($1 < 0) }
        return Double(crossings) * 4_000 / Double(max(samples.count, 1))
    }

    static func level(_ samples: [Double]) -> Double {
        10 * log10(max(samples.reduce(0) { $0 + $1 * $1 } / Double(max(samples.count, 1)), 1e-9) / (32_768 * 32_768))
    }

    /// Has a leg send a signal, and takes its first packets; those of the former one may still be there.
    @LoopActor
    static func packets(_ count: Int, of signal: EngineSignal, from leg: PlainLeg, to phone: TestPhone) async throws -> [RTPSample] {
        try await leg.leg.send(signal)
        for _ in 0..<1_000 {
            guard let first = await phone.receive(1).first else { break }
            if first.marker { return [first] + (await phone.receive(count - 1)) }
        }
        return []
    }

    @Test("losses, duplicates, packets out of order, a foreign payload type and the level are as they were sent")
    @LoopActor func figures() async throws {
        try await EngineBench.run { bench in
            let (leg, phone) = try await Self.echo(bench)
            var packets = (0..<200).map { Self.packet($0, Self.sine(440, 4_000)) }
            packets[150].type = 3
            packets.swapAt(100, 101)
            packets.insert(packets[120], at: 121)
            packets.removeAll { [30, 60, 61, 62].contains($0.sequence) }
            await Self.send(packets, from: phone, to: leg)
            let medium = try await leg.statistics { $0.received.packets == packets.count }
            let test = try #require(medium.test), stream = test.stream
            #expect(stream.packets == 197 && stream.expected == 200 && stream.lost == 4)
            #expect(stream.duplicates == 1 && stream.reordered == 1 && stream.bursts >= 1)
            #expect(stream.packetTime == 20 && stream.sourceChanges == 0 && stream.timestampJumps == 0)
            #expect(stream.payloadTypes.map(\.type) == [0, 3] && stream.payloadTypes.map(\.isAgreed) == [true, false])
            // How evenly a busy machine sends them is not the test's business.
            #expect(stream.jitterMean != nil && stream.largestGap != nil)
            let audio = try #require(test.audio)
            #expect(abs(audio.level - -21.3) < 0.5 && audio.clipping == 0 && audio.silence < 0.05, "\(audio)")
            #expect(test.signalled == socketAddress(EngineBench.phone, phone.port) && !test.isUnreachable)
            #expect(test.firstPacket.map { $0 < .seconds(2) } == true)
            // A leg that is told nothing of a test measures nothing.
            let (other, _) = try await Self.echo(bench, isTested: false)
            #expect(try await other.leg.statistics().audio?.test == nil)
        }
    }

    @Test("packets that wait while Janus does not run count at the time at which they came")
    @LoopActor func arrivals() async throws {
        try await EngineBench.run { bench in
            let (leg, phone) = try await Self.echo(bench)
            let packets = (0..<150).map { Self.packet($0, Self.sine(440, 4_000)) }
            let pid = bench.pid
            // Fifteen packets wait.
            Thread.detachNewThread {
                Thread.sleep(forTimeInterval: 1)
                kill(pid, SIGSTOP)
                Thread.sleep(forTimeInterval: 0.3)
                kill(pid, SIGCONT)
            }
            let latest = await Self.send(packets, from: phone, to: leg)
            let stream = try #require(try await leg.statistics { $0.received.packets == 150 }.test).stream
            // They are as even as they were sent.
            #expect(stream.lost == 0 && stream.largestGap.map { $0 < 50 + 2 * latest } == true, "\(stream.largestGap ?? -1), sent \(latest) ms late")
            #expect(latest > 30 || stream.late == 0 && stream.bursts == 0 && stream.jitterMaximum.map { $0 < 20 } == true, "\(stream)")
        }
    }

    @Test("a sender that drifts by 1,000 ppm and jitters by 20 ms: both are measured")
    @LoopActor func drift() async throws {
        try await EngineBench.run { bench in
            var skew: (value: Double, error: Double)?
            // A machine that is busy all the time shows no drift.
            for _ in 0..<3 where skew == nil { skew = try await drift(on: bench) }
            let (value, error) = try #require(skew)
            #expect(abs(value - 1_000) < 100 + 4 * error, "\(value) ±\(error)")
        }
    }

    /// The skew of a sender that drifts by 1,000 ppm and sends its packets five at a time; nil where that was not to be seen.
    @LoopActor private func drift(on bench: EngineBench) async throws -> (Double, Double)? {
        let (leg, phone) = try await Self.echo(bench)
        let packets = (0..<600).map { Self.packet($0, Self.sine(440, 4_000)) }
        // Five packets at once every 100 ms are jitter of 8 to 20 ms.
        let address = leg.audio
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let begin = Date()
                for (index, packet) in packets.enumerated() {
                    let left = begin.addingTimeInterval(Double(index / 5 * 5) * 0.02 / 1.001).timeIntervalSinceNow
                    if left > 0 { Thread.sleep(forTimeInterval: left) }
                    phone.send(packet, to: address)
                }
                continuation.resume()
            }
        }
        let stream = try #require(try await leg.statistics { $0.received.packets == 600 }.test).stream
        #expect(try #require(stream.jitterMean) > 15 && stream.lost == 0)
        await leg.leg.handle.detach()
        return stream.clockSkew.flatMap { skew in stream.clockSkewError.map { (skew, $0) } }
    }

    @Test("silence and clipping, in both laws", arguments: [(EnginePayload(0, "pcmu", clock: 8_000), G711.muLaw), (EnginePayload(8, "pcma", clock: 8_000), .aLaw)])
    @LoopActor func audio(codec: EnginePayload, law: G711) async throws {
        try await EngineBench.run { bench in
            let type = UInt8(codec.type)
            let (silent, phone) = try await Self.echo(bench, codec: codec)
            await Self.send((0..<60).map { Self.packet($0, { _ in 0 }, law: law, type: type) }, from: phone, to: silent, interval: 0.005)
            let nothing = try #require(try await silent.statistics { $0.received.packets == 60 }.test?.audio)
            #expect(nothing.silence == 1 && nothing.activeLevel == nil)
            let (loud, other) = try await Self.echo(bench, codec: codec)
            await Self.send((0..<60).map { Self.packet($0, Self.sine(440, 90_000), law: law, type: type) }, from: other, to: loud, interval: 0.005)
            let clipped = try #require(try await loud.statistics { $0.received.packets == 60 }.test?.audio)
            #expect(clipped.clipping > 0.3 && clipped.level > -5)
        }
    }

    @Test("digits as tones are an event of their own, and those that come as RTP too are doubled")
    @LoopActor func digits() async throws {
        try await EngineBench.run { bench in
            let (leg, phone) = try await Self.echo(bench)
            // 5: 770 and 1336 Hz.
            let press = { (index: Int) in Self.sine(770, 6_000)(index) + Self.sine(1_336, 6_000)(index) }
            var packets = (0..<30).map { index in Self.packet(index, (10..<16).contains(index) ? press : { _ in 0 }) }
            await Self.send(packets, from: phone, to: leg)
            let toned = try await leg.statistics { ($0.test?.digitCount ?? 0) == 1 }
            #expect(toned.test?.digits.first?.digit == "5" && toned.test?.digits.first?.method == .inBand && toned.test?.doubledDigits == 0)
            packets = (30..<60).map { index in Self.packet(index, (40..<46).contains(index) ? press : { _ in 0 }) }
            var event = EngineDigitTests.press(5, first: 60, at: 9_600)
            for index in event.indices { event[index].sequence = UInt16(46 + index) }
            for index in packets.indices.dropFirst(16) { packets[index].sequence += UInt16(event.count) }
            packets.insert(contentsOf: event, at: 16)
            await Self.send(packets, from: phone, to: leg)
            let doubled = try await leg.statistics { ($0.test?.digitCount ?? 0) == 3 }
            #expect(doubled.test?.doubledDigits == 1 && doubled.digits == 1)
        }
    }

    @Test("signals: milliwatt, its quiet brother, silence and sweep reach the phone, whatever it sends; then the echo goes on")
    @LoopActor func signals() async throws {
        try await EngineBench.run { bench in
            let (leg, phone) = try await Self.echo(bench)
            phone.send(Self.packet(0, Self.sine(440, 4_000)), to: leg.audio)
            var last = try #require(await phone.receive(1).first)
            for (signal, frequency, level) in [
                (EngineSignal.tone(frequency: 1_004, level: 0), 1_004.0, -6.15), (.tone(frequency: 1_004, level: -16), 1_004, -22.15),
            ] {
                let packets = try await Self.packets(25, of: signal, from: leg, to: phone)
                let samples = Self.heard(packets)
                #expect(packets.count == 25 && Self.share(of: frequency, in: samples) > 0.95, "\(signal)")
                #expect(abs(Self.level(samples) - level) < 0.3, "\(Self.level(samples))")
                // One stream for the phone, whatever is in it.
                #expect(packets.first?.ssrc == last.ssrc && packets.first.map { Int16(bitPattern: $0.sequence &- last.sequence) > 0 } == true)
                #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.sequence == $0.sequence &+ 1 && $1.timestamp == $0.timestamp &+ 160 })
                last = try #require(packets.last)
            }
            #expect(Self.level(Self.heard(try await Self.packets(10, of: .silence, from: leg, to: phone))) < -70)
            let sweep = Self.heard(
                try await Self.packets(50, of: .sweep(from: 300, to: 3_400, level: -16, time: .seconds(1)), from: leg, to: phone))
            #expect(abs(Self.level(sweep) - -22.15) < 1)
            let begin = Self.frequency(Array(sweep.drop { abs($0) < 100 }.prefix(400))), end = Self.frequency(Array(sweep.suffix(800).prefix(400)))
            #expect((290...360).contains(begin) && (2_400...3_400).contains(end), "\(begin) \(end)")
            // A melody ends by itself.
            let melody = try await Self.packets(
                10, of: .melody([.init(880, .milliseconds(100)), .init(0, .milliseconds(40)), .init(440, .milliseconds(100))]), from: leg, to: phone)
            #expect(Self.share(of: 880, in: Self.heard(Array(melody.prefix(5)))) > 0.9)
            #expect(Self.level(Self.heard(Array(melody[5..<7]))) < -60 && Self.share(of: 440, in: Self.heard(Array(melody.suffix(3)))) > 0.8)
            try await Task.sleep(for: .milliseconds(300))
            _ = phone.waiting()
            phone.send(Self.packet(1, Self.sine(440, 4_000)), to: leg.audio)
            let back = await phone.receive(1)
            #expect(Self.share(of: 440, in: Self.heard(back)) > 0.9)
        }
    }

    @Test("in each codec the milliwatt leaves at its level, and the level of what comes is measured", arguments: [
        EnginePayload(0, "pcmu", clock: 8_000), EnginePayload(8, "pcma", clock: 8_000), EnginePayload(9, "g722", clock: 8_000),
        EnginePayload(111, "opus", clock: 48_000, fmtp: "useinbandfec=1"),
    ])
    @LoopActor func codecs(codec: EnginePayload) async throws {
        try await EngineBench.run { bench in
            let (leg, phone) = try await Self.echo(bench, codec: codec)
            let packets = try await Self.packets(80, of: .tone(frequency: 1_004, level: -16), from: leg, to: phone)
            #expect(packets.count == 80 && packets.allSatisfy { Int($0.type) == codec.type })
            let step = UInt32(codec.clock / 50)
            #expect(zip(packets, packets.dropFirst()).allSatisfy { $1.sequence == $0.sequence &+ 1 && $1.timestamp == $0.timestamp &+ step })
            // What the phone has heard goes into another leg, which measures it.
            let (judge, other) = try await Self.echo(bench, codec: codec)
            await Self.send(packets, from: other, to: judge, interval: 0.01)
            let test = try #require(try await judge.statistics { $0.received.packets == 80 }.test)
            let audio = try #require(test.audio)
            #expect(abs(audio.loudestSecond - -22.15) < 0.6 && audio.clipping == 0, "\(audio)")
            #expect(abs(audio.seconds - 1.6) < 0.05 && audio.silence < 0.1 && test.stream.packetTime == 20)
        }
    }

    @Test("a delayed echo is late by half a second, and a recording is played once, then the echo goes on")
    @LoopActor func delays() async throws {
        try await EngineBench.run { bench in
            let (leg, phone) = try await Self.echo(bench)
            try await leg.leg.send(.delay(.milliseconds(500)))
            let begin = ContinuousClock.now
            phone.send(RTPSample(0), to: leg.audio)
            let delayed = await phone.receive(1)
            #expect(delayed.first?.index == 0 && begin.duration(to: .now) > .milliseconds(490) && begin.duration(to: .now) < .milliseconds(900))
            try await leg.leg.send(.playback(.milliseconds(600)))
            let recorded = ContinuousClock.now
            await Self.send((1..<20).map { RTPSample($0) }, from: phone, to: leg)
            #expect(phone.waiting().isEmpty)
            let played = await phone.receive(19)
            #expect(played.map(\.index) == Array(1..<20) && recorded.duration(to: .now) > .milliseconds(900))
            try await Task.sleep(for: .milliseconds(60))
            phone.send(RTPSample(20), to: leg.audio)
            #expect(await phone.receive(1).first?.index == 20)
        }
    }

    @Test("a leg under no test, one whose codec has no tones, and malformed signals are refused")
    @LoopActor func refusals() async throws {
        try await EngineBench.run { bench in
            let (untested, _) = try await Self.echo(bench, isTested: false)
            await #expect(throws: JanusError.self) { try await untested.leg.send(.silence) }
            let (wide, phone) = try await Self.echo(bench, codec: EnginePayload(120, "speex", clock: 16_000))
            await #expect(throws: JanusError.self) { try await wide.leg.send(.silence) }
            // Packets need no codec to be delayed.
            try await wide.leg.send(.delay(.milliseconds(100)))
            phone.send(RTPSample(0, type: 120), to: wide.audio)
            #expect(await phone.receive(1).first?.index == 0)
            let (leg, _) = try await Self.echo(bench)
            for signal in [EngineSignal.tone(frequency: 9_000, level: 0), .tone(frequency: 1_004, level: 20), .delay(.seconds(60)), .delay(.zero), .melody([.init(880, .seconds(9))])] {
                await #expect(throws: JanusError.self, "\(signal)") { try await leg.leg.send(signal) }
            }
        }
    }

    @Test("a leg that ends while it sends a tone leaves nothing, and its place serves the next one")
    @LoopActor func ends() async throws {
        try await EngineBench.run { bench in
            for _ in 0..<20 {
                let (leg, _) = try await Self.echo(bench)
                try await leg.leg.send(.tone(frequency: 1_004, level: 0))
                try await leg.leg.send(.playback(.seconds(5)))
                await leg.leg.handle.detach()
            }
            let (leg, phone) = try await Self.echo(bench)
            phone.send(RTPSample(7), to: leg.audio)
            #expect(await phone.receive(1).first?.index == 7)
        }
    }
}
}
