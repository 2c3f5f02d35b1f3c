import RTP
import Testing

@Suite("Lost packets: what is asked for, and what is sent again")
struct LostPacketsTests {
    /// A stream as its receiver sees it.
    private struct Stream {
        var statistics = StreamStatistics(clockRate: 90_000, longestDelay: StreamStatistics.longestVideoDelay)
        var missing = MissingPackets()

        mutating func receive(_ sequences: [UInt16], ssrc: UInt32 = 7, at now: Int64) {
            for sequence in sequences {
                guard let header = Packet(sequence: sequence, ssrc: ssrc).header else { continue }
                statistics.count(header, length: 15, now: now, isTimed: true)
                missing.receive(sequence, statistics, now: now)
            }
        }

        /// The packets that are asked for.
        mutating func asked(at now: Int64) -> [UInt16] {
            var found: [UInt16] = []
            while let item = missing.next(now: now) { item.forEach { found.append($0) } }
            return found
        }
    }

    @Test("a gap is asked for when it is no misordering, once more, and then no more", arguments: [UInt16(10), 65_534])
    func gap(first: UInt16) {
        var stream = Stream()
        stream.receive([first, first &+ 2, first &+ 6], at: 0)
        #expect(stream.asked(at: 11_000) == [])
        stream.receive([first &+ 4], at: 11_000)
        let lost = [first &+ 1, first &+ 3, first &+ 5]
        #expect(stream.asked(at: 12_000) == lost)
        #expect(stream.asked(at: 161_999) == [])
        #expect(stream.asked(at: 162_000) == lost)
        #expect(stream.asked(at: 312_000) == [] && stream.missing.isEmpty)
    }

    @Test("what comes late is not asked for")
    func late() {
        var stream = Stream()
        stream.receive([1, 4, 2, 3], at: 0)
        #expect(stream.missing.isEmpty && stream.asked(at: 1_000_000) == [])
    }

    @Test("a gap longer than what is remembered, another source and one that begins anew ask for nothing")
    func restarts() {
        var stream = Stream()
        stream.receive([1, 3, UInt16(3 + MissingPackets.capacity + 1)], at: 0)
        #expect(stream.asked(at: 100_000) == [])
        stream.receive([80], at: 100_000)
        stream.receive([5, 6], ssrc: 8, at: 100_000)
        #expect(stream.asked(at: 200_000) == [])
        stream.receive([9], ssrc: 8, at: 200_000)
        // A stray number far away is no gap; two in a row are a beginning.
        stream.receive([40_000], ssrc: 8, at: 200_000)
        #expect(stream.asked(at: 220_000) == [7, 8])
        stream.receive([40_001, 40_002], ssrc: 8, at: 220_000)
        #expect(stream.asked(at: 500_000) == [])
    }

    @Test("no more packets are waited for than are remembered: the oldest are given up")
    func bound() {
        var stream = Stream()
        stream.receive((0..<200).map { UInt16($0 * 2) }, at: 0)
        let asked = stream.asked(at: 20_000)
        #expect(asked == (0..<MissingPackets.capacity).map { UInt16(397 - 2 * (MissingPackets.capacity - 1 - $0)) })
    }

    @Test("a NACK is written as RFC 4585 has it, and read again; one without an item or of another format is none")
    func wire() {
        var items = [NACK.Item(packetID: 65_535, mask: 0x8001), NACK.Item(packetID: 20)]
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: RTCPWriter.capacity, alignment: 1)
        defer { buffer.deallocate() }
        #expect(RTCPWriter.nack(to: buffer, at: 8, ssrc: 5, media: 9) { nil } == 8)
        let end = RTCPWriter.nack(to: buffer, at: 0, ssrc: 5, media: 9) { items.isEmpty ? nil : items.removeFirst() }
        let bytes = Array(UnsafeRawBufferPointer(start: buffer, count: end))
        #expect(bytes == [0x81, 205, 0, 4, 0, 0, 0, 5, 0, 0, 0, 9, 255, 255, 0x80, 1, 0, 20, 0, 0])
        #expect(lost(bytes) == [65_535, 0, 15, 20])
        #expect(lost([0x81, 205, 0, 2] + bytes[4..<12]) == nil && lost([0x8f] + bytes.dropFirst()) == nil)
        // No packet has more items than fit the room that a compound has.
        let most = RTCPWriter.nack(to: buffer, at: 0, ssrc: 5, media: 9) { NACK.Item(packetID: 1) }
        #expect(most == 12 + 4 * RTCPWriter.mostNACKItems)
    }

    private func lost(_ bytes: [UInt8]) -> [UInt16]? {
        Packet(bytes).read { buffer, length in
            var reader = RTCPReader(buffer, length: length)
            guard let nack = reader.next().flatMap({ NACK($0, in: buffer) }) else { return nil }
            var found: [UInt16] = []
            for index in 0..<nack.count { nack.item(index, in: buffer)?.forEach { found.append($0) } }
            #expect(nack.media == 9 && nack.item(nack.count, in: buffer) == nil && nack.item(-1, in: buffer) == nil)
            return found
        }
    }

    @Test("a BYE is written as RFC 3550 has it")
    func goodbye() {
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: RTCPWriter.capacity, alignment: 1)
        defer { buffer.deallocate() }
        let end = RTCPWriter.goodbye(to: buffer, at: 0, ssrc: 5)
        #expect(Array(UnsafeRawBufferPointer(start: buffer, count: end)) == [0x81, 203, 0, 1, 0, 0, 0, 5])
    }

    @Test("the last packets are kept as they were sent; each is sent again some times, not at once")
    func store() {
        let store = SentPackets()
        defer { store.deallocate() }
        func taken(_ sequence: UInt16, at now: Int64) -> [UInt8]? { store.take(sequence, now: now).map { Array($0) } }
        for index in 0...SentPackets.capacity {
            let bytes = [UInt8(truncatingIfNeeded: index), 1, 2]
            bytes.withUnsafeBytes { if let base = $0.baseAddress { store.keep(base, length: 3, sequence: 65_500 &+ UInt16(index), now: 0) } }
        }
        #expect(taken(65_500, at: 0) == nil, "its place has been taken")
        #expect(taken(65_501, at: 0) == [1, 1, 2] && taken(65_501, at: SentPackets.interval - 1) == nil)
        #expect(taken(65_500 &+ UInt16(SentPackets.capacity), at: 0) == [UInt8(SentPackets.capacity), 1, 2])
        #expect(taken(65_500 &+ UInt16(SentPackets.capacity) &+ 1, at: 0) == nil, "not sent yet")
        let more = (1...10).count { taken(65_501, at: Int64($0) * SentPackets.interval) != nil }
        #expect(more == Int(SentPackets.repetitions) - 1)
        store.clear()
        #expect(taken(65_510, at: 0) == nil)
    }

    @Test("a packet that is too long is not kept, and what stood in its place is not taken for it")
    func long() {
        let store = SentPackets()
        defer { store.deallocate() }
        let bytes = [UInt8](repeating: 1, count: SentPackets.longest + 1)
        bytes.withUnsafeBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            store.keep(base, length: SentPackets.longest, sequence: 1, now: 0)
            #expect(store.take(1, now: 0)?.count == SentPackets.longest)
            store.keep(base, length: SentPackets.longest + 1, sequence: 1 &+ UInt16(SentPackets.capacity), now: 0)
            #expect(store.take(1 &+ UInt16(SentPackets.capacity), now: 0) == nil && store.take(1, now: 100_000) == nil)
        }
    }
}
