@testable import Recording
import Testing

@Suite("Video frames") struct FrameTests {
    private func frames(_ codec: MediaCodec, _ packets: [(timestamp: UInt32, marker: Bool, payload: [UInt8], gap: Bool)]) throws -> [VideoFrame] {
        var assembly = try #require(FrameAssembly(codec))
        var frames: [VideoFrame] = []
        for (index, packet) in packets.enumerated() {
            let rtp = RTPPacket(
                payloadType: 96, marker: packet.marker, sequenceNumber: UInt16(index), timestamp: packet.timestamp, payload: packet.payload[...])
            let placed = PacketQueue.Placed(packet: rtp, position: Int64(packet.timestamp), followsGap: packet.gap)
            if let frame = assembly.take(placed) { frames.append(frame) }
        }
        if let frame = assembly.finish() { frames.append(frame) }
        return frames
    }

    private static let key: [UInt8] = [0x10, 0x00, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01]

    @Test("VP8: parts become frames, the descriptor goes, a keyframe says its size")
    func vp8() throws {
        let frames = try frames(.vp8, [
            (1, true, [0x10, 0x01, 7], false),
            (2, false, [0x90, 0x80, 0x81, 0x01] + FrameTests.key.dropFirst(), false), (2, true, [0x00, 8, 9], false),
            (3, true, [0x10, 0x01, 5], false),
        ])
        let key = Array(FrameTests.key.dropFirst()) + [8, 9]
        #expect(frames.map(\.data) == [key, [0x01, 5]])
        #expect(frames.map(\.isKeyframe) == [true, false])
        #expect(frames.first?.width == 640 && frames.first?.height == 480)
    }

    @Test("a frame of which a packet is missing is left out, the others stay")
    func gap() throws {
        let key = FrameTests.key
        let lost = try frames(.vp8, [(1, false, key, false), (1, true, [0, 1], true), (2, true, [0x10, 1], false), (3, true, key, false)])
        #expect(lost.map(\.position) == [3])
        let between = try frames(.vp8, [(1, true, key, false), (3, true, [0x10, 1, 1], true)])
        #expect(between.map(\.position) == [1, 3])
        let end = try frames(.vp8, [(1, true, key, false), (2, false, [0x10, 1, 1], false), (3, true, [0x10, 1, 2], true)])
        #expect(end.map(\.position) == [1, 3])
    }

    @Test("H.264: single units, aggregates and fragments become a byte stream")
    func h264() throws {
        let frames = try frames(.h264, [
            (1, false, [0x78, 0, 2, 0x67, 1, 0, 2, 0x68, 2], false), (1, false, [0x7c, 0x85, 3, 4], false), (1, true, [0x7c, 0x45, 5], false),
            (2, true, [0x41, 6], false),
        ])
        let key: [UInt8] = [0, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x68, 2, 0, 0, 0, 1, 0x65, 3, 4, 5]
        #expect(frames.map(\.data) == [key, [0, 0, 0, 1, 0x41, 6]])
        #expect(frames.map(\.isKeyframe) == [true, false])
    }

    @Test("VP9: the descriptor goes, with its structure")
    func vp9() throws {
        let frames = try frames(.vp9, [
            (1, false, [0x8a, 0x01, 0x18, 0x02, 0x80, 0x01, 0xe0, 1, 0x04, 1, 9, 9], false), (1, true, [0x84, 0x01, 8], false), (2, true, [0xcc, 0x02, 7], false),
        ])
        #expect(frames.map(\.data) == [[9, 9, 8], [7]])
        #expect(frames.map(\.isKeyframe) == [true, false])
        #expect(frames.first?.width == 640 && frames.first?.height == 480)
    }

    @Test("AV1: units get their sizes, go on in the next packet, and one whose beginning is missing is left out")
    func av1() throws {
        let frames = try frames(.av1, [
            (1, false, [0x20, 2, 0x12, 0, 0x08, 7], false), (1, false, [0x50, 0x30, 1, 2], false), (1, true, [0x90, 3], false),
            (2, true, [0x10, 0x30, 5], false), (3, true, [0x90, 9], true), (4, true, [0x10, 0x30, 6], false),
        ])
        #expect(frames.map(\.data) == [[0x0a, 1, 7, 0x32, 3, 1, 2, 3], [0x32, 1, 5], [0x32, 1, 6]])
        #expect(frames.first?.isKeyframe == true)
    }

    @Test("H.265: single units, aggregates and fragments become a byte stream")
    func h265() throws {
        let frames = try frames(.h265, [
            (1, false, [0x60, 1, 0, 3, 0x42, 1, 8, 0, 3, 0x44, 1, 9], false), (1, false, [0x62, 1, 0x93, 3, 4], false), (1, true, [0x62, 1, 0x53, 5], false),
            (2, true, [0x02, 1, 6], false),
        ])
        let key: [UInt8] = [0, 0, 0, 1, 0x42, 1, 8, 0, 0, 0, 1, 0x44, 1, 9, 0, 0, 0, 1, 0x26, 1, 3, 4, 5]
        #expect(frames.map(\.data) == [key, [0, 0, 0, 1, 0x02, 1, 6]])
        #expect(frames.map(\.isKeyframe) == [true, false])
    }

    @Test("Opus says how long it sounds")
    func opus() {
        let samples: [(payload: [UInt8], ticks: Int64)] = [
            ([0x78], 960), ([0x79, 1], 1_920), ([0x7b, 3], 2_880), ([0x08], 960), ([], 0), ([0x80], 120),
        ]
        for sample in samples { #expect(MediaCodec.opus.duration(of: sample.payload[...]) == sample.ticks) }
    }
}
