import RTP

/// RTP and RTCP from a stranger: nothing traps, nothing is read behind the packet's end (the sanitizer sees to that), and what is counted and
/// rewritten of a stream of such packets stays within its bounds.
///
/// The input is a run of packets, each behind a byte with its length and one with the milliseconds since the one before.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let bytes else { return 0 }
    var statistics = StreamStatistics(clockRate: 8_000), digits = DigitDetector(), now: Int64 = 0, offset = 0
    var rewriter = StreamRewriter(ssrc: 1, clockRate: 48_000, sequence: 65_000, timestamp: 0)
    var missing = MissingPackets()
    var meter = StreamMeter(), held = PacketDelay(delay: 20_000), received: UInt64 = 0
    let late = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 1)
    defer {
        held.deallocate()
        late.deallocate()
    }
    var latch = SourceLatch(mode: .follow, signalled: MediaAddress(v4: 1, port: 1), isHidden: false, now: 0)
    while offset + 2 <= count {
        let length = min(Int(bytes[offset]), count - offset - 2)
        now += Int64(bytes[offset + 1]) * 1_000
        // In memory of its own, whose end is watched.
        let packet = UnsafeMutableRawPointer.allocate(byteCount: max(length, 1), alignment: 1)
        defer { packet.deallocate() }
        packet.copyMemory(from: bytes + offset + 2, byteCount: length)
        offset += 2 + length
        read(packet, length)
        guard let header = RTPHeader(packet, length: length) else { continue }
        guard header.payloadOffset <= header.payloadEnd, header.payloadEnd <= length else { fatalError("the payload is outside of the packet") }
        statistics.count(header, length: length, now: now)
        received += 1
        meter.take(StreamMeter.Packet(
            header: header, clockRate: UInt32(header.payloadType) << 10, isAgreed: header.marker, isEvent: header.payloadType == 101, now: now))
        held.take(packet, length: length, now: now)
        while let length = held.next(to: late, most: 256, now: now) {
            guard RTPHeader(late, length: length) != nil else { fatalError("another packet comes out than went in") }
        }
        missing.receive(header.sequence, statistics, now: now)
        var lost = 0
        while let item = missing.next(now: now) { item.forEach { _ in lost += 1 } }
        guard lost <= MissingPackets.capacity else { fatalError("more is asked for than is remembered") }
        if let digit = digits.take(header, in: packet, now: now), digit.duration == 0xffff, digit.character == "?" { fatalError("no such digit") }
        if header.marker { rewriter.pause() }
        if let output = rewriter.take(header, now: now) {
            RTPHeader.write(sequence: output.sequence, timestamp: output.timestamp, ssrc: rewriter.ssrc, to: packet)
            guard let again = RTPHeader(packet, length: length), again.sequence == output.sequence, again.payloadType == header.payloadType else {
                fatalError("the rewritten packet is another one")
            }
        }
        _ = latch.take(from: MediaAddress(v4: header.ssrc & 3, port: 1), isAuthentic: false, continues: false, now: now)
    }
    let figures = meter.figures
    guard figures.packets == received, figures.lost + figures.late <= figures.expected, figures.burstLosses <= figures.burstPackets else {
        fatalError("the figures of a line test do not fit each other: \(figures)")
    }
    guard statistics.lost <= Int64(statistics.expected) else { fatalError("more was lost than expected") }
    if let report = statistics.report(), report.highestSequence != statistics.highestSequence { fatalError("the report is of something else") }
    return 0
}

private func read(_ packet: UnsafeMutableRawPointer, _ length: Int) {
    var reader = RTCPReader(packet, length: length), read = 0
    while let part = reader.next() {
        read += part.length
        guard read <= length else { fatalError("a compound is longer than its packet") }
        if let metrics = VoIPMetrics(part, in: packet), metrics.loss > 1 || metrics.burstDensity > 1 { fatalError("no such share") }
        if let nack = NACK(part, in: packet) {
            var index = 0
            while let item = nack.item(index, in: packet) { item.forEach { _ in }; index += 1 }
        }
        guard let report = RTCPReport(part, in: packet) else { continue }
        _ = report.block(about: 1, in: packet)?.roundTrip(now: 1)
    }
}
