import EventLoop
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("DTMF digits and the silence of phones", .serialized, .timeLimit(.minutes(1)))
struct EngineDigitTests {
    /// The packets of one press (RFC 4733 section 2.5): three while it lasts, three for its end.
    static func press(_ event: UInt8, first: Int, at timestamp: UInt32) -> [RTPSample] {
        (0..<6).map { index in
            var packet = RTPSample(first + index, type: 101)
            let duration = UInt16(min(index + 1, 4) * 160)
            packet.marker = index == 0
            packet.timestamp = timestamp
            packet.payload = [event, index >= 3 ? 0x8a : 0x0a, UInt8(duration >> 8), UInt8(duration & 0xff)]
            return packet
        }
    }

    @Test("each press is one event, though six packets tell of it, and reaches the peer as it is")
    @LoopActor func digits() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), other = try await bench.leg()
            let phone = try TestPhone(EngineBench.phone), listener = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: other.id)
            try await other.configure(listener.remote, to: leg.id)
            for (index, event) in [UInt8(1), 1, 10, 11, 15].enumerated() {
                for packet in Self.press(event, first: index * 6, at: UInt32(index * 1_600)) { phone.send(packet, to: leg.audio) }
            }
            // A modem's tone is no digit, and one whose end is lost ends by itself.
            for packet in Self.press(36, first: 30, at: 8_000) { phone.send(packet, to: leg.audio) }
            for packet in Self.press(5, first: 36, at: 9_600).prefix(2) { phone.send(packet, to: leg.audio) }
            try await leg.events.first { $0 == .digit(.audio, "5", duration: .milliseconds(40)) }
            let digits = leg.events.elements.filter { if case .digit = $0 { true } else { false } }
            #expect(digits.dropLast() == ["1", "1", "*", "#", "D"].map { .digit(.audio, $0, duration: .milliseconds(80)) })
            #expect(try await leg.leg.statistics().audio?.digits == 6)
            #expect(other.events.elements.allSatisfy { if case .digit = $0 { false } else { true } })
            let heard = await listener.receive(38)
            #expect(heard.allSatisfy { $0.type == 101 } && heard.first?.payload == [1, 0x0a, 0, 160])
        }
    }

    @Test("digits are events while the side is muted, and reach nobody else")
    @LoopActor func muted() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id, receive: false)
            for packet in Self.press(7, first: 0, at: 0) { phone.send(packet, to: leg.audio) }
            try await leg.events.first { $0 == .digit(.audio, "7", duration: .milliseconds(80)) }
            #expect(phone.waiting().isEmpty)
        }
    }

    @Test("a stranger's digits are nobody's, and a flood of presses makes no flood of events")
    @LoopActor func flood() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone), stranger = try TestPhone(EngineBench.stranger)
            try await leg.configure(phone.remote, to: leg.id)
            phone.send(RTPSample(0), to: leg.audio)
            try await leg.statistics { $0.received.packets == 1 }
            // They do not go on with the phone's stream: its silence of 200 ms would be enough for that.
            for packet in Self.press(9, first: 30_000, at: 160) { stranger.send(packet, to: leg.audio) }
            for index in 0..<500 {
                for packet in Self.press(3, first: 1 + index * 6, at: UInt32(index * 1_600)).suffix(1) { phone.send(packet, to: leg.audio) }
                if index % 50 == 49 { try await leg.statistics { $0.received.packets == index + 2 } }
            }
            let counters1 = try await leg.statistics { $0.digits == 500 }
            #expect(counters1.dropped == 6)
            let digits = leg.events.elements.filter { if case .digit = $0 { true } else { false } }
            #expect(digits.count < 60 && digits.allSatisfy { $0 == .digit(.audio, "3", duration: .milliseconds(80)) }, "\(digits.count)")
        }
    }

    @Test("a phone that begins to send is flowing, one that ceases for a second is silent")
    @LoopActor func flow() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id)
            for round in 0..<2 {
                phone.send(RTPSample(round), to: leg.audio)
                let begin = ContinuousClock.now
                try await leg.events.first { $0 == .flowing(.audio) }
                #expect(ContinuousClock.now - begin < .milliseconds(700))
                try await leg.events.first { $0 == .silent(.audio) }
                let silence = ContinuousClock.now - begin
                #expect(silence > .milliseconds(900) && silence < .seconds(2), "\(silence)")
                #expect(leg.events.elements == [.flowing(.audio), .silent(.audio)])
                leg.events.clear()
            }
        }
    }
}
}
