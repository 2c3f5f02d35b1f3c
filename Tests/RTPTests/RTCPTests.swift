import RTP
import Testing

@Suite("RTCP")
struct RTCPTests {
    private static let info = SenderInfo(ntp: 0x0123_4567_89ab_cdef, timestamp: 1, packets: 2, bytes: 3)
    private static let block = ReportBlock(
        ssrc: 9, fractionLost: 77, lost: -5, highestSequence: 0x0001_0002, jitter: 11, lastSenderReport: 12, delaySinceSenderReport: 13)

    private func compound(_ sender: SenderInfo?, _ block: ReportBlock?, pictureLoss: Bool = false) -> Packet {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: RTCPWriter.capacity, alignment: 1)
        defer { buffer.deallocate() }
        var end = Array("tern".utf8).withUnsafeBytes {
            RTCPWriter.report(to: buffer, ssrc: 5, sender: sender, block: block, name: $0)
        }
        if pictureLoss { end = RTCPWriter.pictureLoss(to: buffer, at: end, ssrc: 5, media: 9) }
        return Packet(Array(UnsafeRawBufferPointer(start: buffer, count: end)))
    }

    private func packets(_ packet: Packet) -> [RTCPPacket] {
        packet.read { buffer, length in
            var reader = RTCPReader(buffer, length: length), found: [RTCPPacket] = []
            while let packet = reader.next() { found.append(packet) }
            return found
        }
    }

    @Test("a report comes back as it was written", arguments: [Self.info, nil], [Self.block, nil])
    func report(sender: SenderInfo?, block: ReportBlock?) throws {
        let packet = compound(sender, block, pictureLoss: true)
        let found = packets(packet)
        #expect(found.map(\.type) == [sender == nil ? .receiverReport : .senderReport, .sourceDescription, .payloadFeedback])
        #expect(found.map(\.length).reduce(0, +) == packet.bytes.count)
        #expect(packet.bytes.count.isMultiple(of: 4))
        packet.read { buffer, _ in
            let report = found.first.flatMap { RTCPReport($0, in: buffer) }
            #expect(report?.ssrc == 5 && report?.sender == sender && report?.count == (block == nil ? 0 : 1))
            #expect(report?.block(about: 9, in: buffer) == block)
            #expect(report?.block(about: 10, in: buffer) == nil)
            #expect(report?.firstBlock(in: buffer) == block)
        }
    }

    @Test("the CNAME ends with a zero and is the one of the source")
    func name() {
        let bytes = compound(nil, nil).bytes
        #expect(bytes == [0x80, 201, 0, 1, 0, 0, 0, 5, 0x81, 202, 0, 3, 0, 0, 0, 5, 1, 4] + Array("tern".utf8) + [0, 0])
    }

    @Test("a loss that 24 bits cannot hold is held at the end", arguments: [(Int32.max, Int32(0x7f_ffff)), (Int32.min, Int32(-0x80_0000))])
    func loss(lost: Int32, held: Int32) {
        let packet = compound(nil, ReportBlock(ssrc: 9, lost: lost))
        packet.read { buffer, length in
            var reader = RTCPReader(buffer, length: length)
            let report = reader.next().flatMap { RTCPReport($0, in: buffer) }
            #expect(report?.block(about: 9, in: buffer)?.lost == held)
        }
    }

    @Test("what is malformed ends a compound, and the packets before it count")
    func malformed() {
        let good = compound(Self.info, Self.block).bytes
        for tail in [[0x80], [0x80, 200, 0xff, 0xff], [0x40, 200, 0, 0], [0x80, 100, 0, 0]] as [[UInt8]] {
            #expect(packets(Packet(good + tail)).count == 2, "\(tail)")
        }
        for length in 0..<good.count { #expect(packets(Packet(Array(good.prefix(length)))).count <= 1) }
    }

    @Test("a report that is too short for its blocks is none")
    func short() {
        var bytes = compound(nil, Self.block).bytes
        bytes[0] = 0x82
        Packet(bytes).read { buffer, length in
            var reader = RTCPReader(buffer, length: length)
            let packet = reader.next()
            #expect(packet != nil && packet.flatMap { RTCPReport($0, in: buffer) } == nil)
        }
    }

    @Test("the round trip is the time since the report that is named, without that of the receiver")
    func roundTrip() {
        var block = ReportBlock(ssrc: 9, lastSenderReport: 0x0001_0000, delaySinceSenderReport: 0x8000)
        #expect(block.roundTrip(now: 0x0001_0000 &+ 0x8000 &+ 6_554) == 100_006)
        #expect(block.roundTrip(now: 0x0001_0000) == nil, "from the future")
        block.lastSenderReport = 0
        #expect(block.roundTrip(now: 1) == nil)
        #expect(Self.info.middle == 0x4567_89ab)
    }

    /// What the packets of a compound ask for.
    private func feedback(_ bytes: [UInt8]) -> [RTCPFeedback?] {
        Packet(bytes).read { buffer, length in
            var reader = RTCPReader(buffer, length: length), found: [RTCPFeedback?] = []
            while let packet = reader.next() { found.append(RTCPFeedback(packet, in: buffer)) }
            return found
        }
    }

    @Test("PLI and both kinds of FIR ask for a keyframe; a NACK and a report do not")
    func keyframes() {
        let pli: [UInt8] = [0x81, 206, 0, 2, 0, 0, 0, 5, 0, 0, 0, 9]
        let fir: [UInt8] = [0x84, 206, 0, 4, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9, 3, 0, 0, 0]
        let old: [UInt8] = [0x80, 192, 0, 1, 0, 0, 0, 9]
        let nack: [UInt8] = [0x81, 205, 0, 3, 0, 0, 0, 5, 0, 0, 0, 9, 0, 1, 0, 0]
        #expect(feedback(compound(nil, nil).bytes + pli + nack + fir + old) == [nil, nil, .keyframe, nil, .keyframe, .keyframe])
        #expect(feedback([0x81, 206, 0, 1, 0, 0, 0, 5]) == [nil], "too short")
    }

    @Test("a FIR is written as RFC 5104 has it")
    func fullIntraRequest() {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: RTCPWriter.capacity, alignment: 1)
        defer { buffer.deallocate() }
        let end = RTCPWriter.fullIntraRequest(to: buffer, at: 0, ssrc: 5, media: 9, number: 3)
        let bytes = Array(UnsafeRawBufferPointer(start: buffer, count: end))
        #expect(bytes == [0x84, 206, 0, 4, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 9, 3, 0, 0, 0])
    }

    @Test("REMB says how much arrives at most", arguments: [
        (UInt8(0x00), UInt8(0x03), UInt8(0xe8), UInt64(1_000)), (0x06, 0xdd, 0xd0, 187_856 << 1), (0xff, 0xff, 0xff, UInt64.max),
    ])
    func estimate(first: UInt8, second: UInt8, third: UInt8, rate: UInt64) {
        let remb: [UInt8] = [0x8f, 206, 0, 5, 0, 0, 0, 5, 0, 0, 0, 0, 0x52, 0x45, 0x4d, 0x42, 1, first, second, third, 0, 0, 0, 9]
        #expect(feedback(remb) == [.estimate(rate)])
        #expect(feedback(Array(remb.prefix(12)) + [0x58] + Array(remb[13...])) == [nil], "something else of an application")
    }
}
