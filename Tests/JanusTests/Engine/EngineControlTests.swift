import EventLoop
import Foundation
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("RTCP of a leg, keyframe requests and captures", .serialized, .timeLimit(.minutes(1)))
struct EngineControlTests {
    static func big(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

    /// The packets of a compound, by their types.
    static func parts(_ compound: [UInt8]) -> [(type: UInt8, format: UInt8, body: [UInt8])] {
        var parts: [(type: UInt8, format: UInt8, body: [UInt8])] = []
        var rest = compound[...]
        while rest.count >= 4 {
            let size = (big(rest.dropFirst(2).prefix(2)) + 1) * 4
            guard size <= rest.count, let first = rest.first else { break }
            parts.append((rest[rest.startIndex + 1], first & 31, Array(rest.dropFirst(4).prefix(size - 4))))
            rest = rest.dropFirst(size)
        }
        return parts
    }

    /// Configures a leg for video.
    @LoopActor
    static func configure(
        _ leg: PlainLeg, _ phone: TestPhone, to peer: EngineLegID?, feedback: [EngineMedium.Feedback]
    ) async throws {
        let medium = EngineMedium(
            .video, payloads: [EnginePayload(96, "vp8", clock: 90_000)], remote: phone.remote, feedback: feedback)
        try await leg.leg.configure(EngineConfiguration(peer: peer, media: [medium]))
    }

    @Test("the phone gets reports of the leg's own: what was sent, what was received and lost, and a name", arguments: [false, true])
    @LoopActor func reports(isMuxed: Bool) async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            var remote = phone.remote
            remote.rtcpMux = isMuxed
            try await leg.configure(remote, to: leg.id)
            // 3 is lost.
            for index in [0, 1, 2, 4, 5] { phone.send(RTPSample(index), to: leg.audio) }
            let ssrc = try #require(await phone.receive(5).first?.ssrc)
            let compound = try #require(await phone.datagrams(1, asRTCP: !isMuxed, within: .seconds(8)).first?.bytes)
            let parts = Self.parts(compound)
            let report = try #require(parts.first { $0.type == 200 }), name = try #require(parts.first { $0.type == 202 })
            #expect(report.format == 1 && Self.big(report.body[0..<4]) == Int(ssrc) && Self.big(name.body[0..<4]) == Int(ssrc))
            // Packets and bytes of the payload; then a block about the phone's stream (RFC 3550 section 6.4.1).
            #expect(Self.big(report.body[16..<20]) == 5 && Self.big(report.body[20..<24]) == 800)
            #expect(Self.big(report.body[24..<28]) == Int(RTPSample(0).ssrc) && Self.big(report.body[29..<32]) == 1)
            #expect(name.body[4] == 1 && name.body[5] == 16)
            #expect(phone.waiting(asRTCP: isMuxed).isEmpty)
        }
    }

    @Test("the phone's report blocks are the statistics of what is sent to it")
    @LoopActor func reportBlocks() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id)
            phone.send(RTPSample(0), to: leg.audio)
            let ssrc = try #require(await phone.receive(1).first?.ssrc)
            func big(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) } }
            // A receiver report: 7 lost, a jitter of 160 units.
            let block = big(ssrc) + [10, 0, 0, 7] + big(99) + big(160) + big(0) + big(0)
            phone.send([0x81, 201, 0, 7] + big(RTPSample(0).ssrc) + block, to: leg.audio, asRTCP: true)
            let statistics = try await leg.statistics { $0.sent.lost != nil }
            #expect(statistics.sent.lost == 7 && statistics.sent.jitter == 20 && statistics.sent.roundTrip == nil)
            // One about another stream says nothing.
            let other = big(ssrc &+ 1) + [10, 0, 0, 99] + big(99) + big(160) + big(0) + big(0)
            phone.send([0x81, 201, 0, 7] + big(RTPSample(0).ssrc) + other, to: leg.audio, asRTCP: true)
            let next = try await leg.statistics { $0.rtcpReceived == 2 }
            #expect(next.sent.lost == 7)
        }
    }

    @Test("a phone's PLI and FIR ask the phone behind the peer, in the form that it takes; one that takes neither by an event", arguments: [
        ([.pli, .fir], 1), ([.fir], 4), ([.nack], nil), ([], nil),
    ] as [([EngineMedium.Feedback], UInt8?)])
    @LoopActor func keyframes(feedback: [EngineMedium.Feedback], format: UInt8?) async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg([.video]), other = try await bench.leg([.video])
            let talker = try TestPhone(EngineBench.phone), viewer = try TestPhone(EngineBench.phone)
            try await Self.configure(leg, talker, to: other.id, feedback: feedback)
            try await Self.configure(other, viewer, to: leg.id, feedback: [.pli])
            talker.send(RTPSample(0, type: 96), to: leg.video)
            #expect(await viewer.receive(1).count == 1)
            /// Waits for a request at the talker, by RTCP or as an event.
            @LoopActor func requested() async throws {
                if let format {
                    var isAsked = false
                    while !isAsked {
                        let compound = await talker.datagrams(1, asRTCP: true).first?.bytes ?? []
                        try #require(!compound.isEmpty)
                        isAsked = Self.parts(compound).contains { $0.type == 206 && $0.format == format }
                    }
                } else {
                    try await leg.events.first { $0 == .keyframeWanted }
                    leg.events.clear()
                    #expect(talker.waiting(asRTCP: true).allSatisfy { Self.parts($0).allSatisfy { $0.type != 206 } })
                }
            }
            // The beginning is a reason by itself.
            try await requested()
            // Twenty requests within a moment are no twenty requests.
            try await Task.sleep(for: .milliseconds(600))
            leg.events.clear()
            _ = talker.waiting(asRTCP: true)
            for _ in 0..<20 {
                viewer.send([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2], to: other.video, asRTCP: true)
            }
            try await requested()
            try await other.statistics(.video) { $0.rtcpReceived == 20 }
            let more = talker.waiting(asRTCP: true).flatMap { Self.parts($0) }.filter { $0.type == 206 }.count
                + leg.events.elements.count { $0 == .keyframeWanted }
            #expect(more <= 1)
            let isAsked = try await leg.leg.requestKeyframe()
            #expect(isAsked == (format != nil))
        }
    }

    @Test("what a phone says is captured while the configuration says so, and the file is closed when it no longer does")
    @LoopActor func capture() async throws {
        let folder = try Machine.scratchDirectory()
        defer { Machine.remove(folder) }
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            let medium = EngineMedium(
                .audio, payloads: [EnginePayload(0, "pcmu", clock: 8_000), EnginePayload(101, "telephone-event", clock: 8_000)],
                remote: phone.remote)
            @LoopActor func say(_ packets: Range<Int>, record: String?) async throws {
                try await leg.leg.configure(EngineConfiguration(peer: leg.id, media: [medium], record: record))
                for index in packets { phone.send(RTPSample(index), to: leg.audio) }
                #expect(await phone.receive(packets.count).count == packets.count)
            }
            try await say(0..<5, record: nil)
            try await say(5..<15, record: "\(folder)/one")
            try await say(15..<35, record: "\(folder)/two")
            // The one before is complete now.
            let one = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/one-audio.mjr"))
            #expect(one.range(of: Data("pcmu".utf8)) != nil)
            #expect(Self.packets(in: one) == 10)
            try await say(35..<40, record: nil)
            let two = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/two-audio.mjr"))
            #expect(Self.packets(in: two) == 20)
            // A file that cannot be is an event, and the media go on.
            try await say(40..<45, record: "/dev/null/three")
            try await leg.events.first { if case .error(what: "recording", _) = $0 { true } else { false } }
            // The end of a leg completes its capture.
            try await say(45..<50, record: "\(folder)/four")
            await leg.leg.handle.detach()
            let four = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/four-audio.mjr"))
            #expect(Self.packets(in: four) == 5)
        }
    }

    /// How many RTP packets a capture has.
    static func packets(in capture: Data) -> Int {
        var count = 0, rest = capture[...]
        // Each packet stands behind "MEET", its time and its length.
        while let mark = rest.range(of: Data("MEET".utf8)) {
            count += 1
            rest = rest[mark.upperBound...]
        }
        return count
    }
}
}
