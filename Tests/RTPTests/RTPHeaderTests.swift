import RTP
import Testing

@Suite("An RTP header")
struct RTPHeaderTests {
    @Test("has its fields in network order")
    func fields() throws {
        let header = try #require(Packet(marker: true, type: 96, sequence: 0x1234, timestamp: 0x8000_0001, ssrc: 0xdead_beef).header)
        #expect(header.marker && header.payloadType == 96 && header.sequence == 0x1234)
        #expect(header.timestamp == 0x8000_0001 && header.ssrc == 0xdead_beef)
        #expect(header.payloadOffset == 12 && header.payloadEnd == 15)
    }

    @Test("the payload begins behind CSRCs and extension, and ends before the padding")
    func payload() throws {
        let csrc = Packet.bytes(UInt64(1)), words: [UInt8] = [0xbe, 0xde, 0, 1, 9, 9, 9, 9]
        let header = try #require(Packet(first: 0xb2, payload: csrc + words + [5, 0, 0, 3]).header)
        #expect(header.payloadOffset == 28 && header.payloadEnd == 29)
        #expect(Packet(payload: []).header?.payloadEnd == 12)
    }

    @Test("of what is no RTP there is none", arguments: [
        [], [0x80], [UInt8](repeating: 0x80, count: 11), Packet(first: 0x40).bytes, Packet(first: 0xc0).bytes,
        // RTCP on the same port
        Packet(marker: true, type: 72).bytes, Packet(marker: true, type: 95).bytes,
        // more CSRCs, a longer extension, more padding than there is; a padding of nothing
        Packet(first: 0x8f).bytes, Packet(first: 0x90).bytes, Packet(first: 0x90, payload: [0, 0, 0xff, 0xff]).bytes,
        Packet(first: 0xa0, payload: [4]).bytes, Packet(first: 0xa0, payload: [0]).bytes, Packet(first: 0xa0, payload: []).bytes,
    ])
    func malformed(bytes: [UInt8]) { #expect(Packet(bytes).header == nil) }

    @Test("no packet that is cut at any byte is read behind its end")
    func cut() {
        let whole = Packet(first: 0xb1, payload: [0, 0, 0, 1, 0, 0, 0, 1, 2, 2, 2, 2, 7, 7, 2]).bytes
        for length in 0...whole.count {
            let header = Packet(Array(whole.prefix(length))).header
            if let header { #expect(header.payloadOffset <= header.payloadEnd && header.payloadEnd <= length) }
        }
    }

    @Test("a relay changes number, timestamp, source and payload type, and nothing else")
    func writes() throws {
        var packet = Packet(marker: true, type: 8, payload: [9, 9])
        packet.bytes.withUnsafeMutableBytes { buffer in
            guard let base = buffer.baseAddress else { return }
            RTPHeader.write(sequence: 500, timestamp: 600, ssrc: 700, to: base)
            RTPHeader.write(payloadType: 0xff, to: base)
        }
        #expect(packet.bytes == Packet(marker: true, type: 127, sequence: 500, timestamp: 600, ssrc: 700, payload: [9, 9]).bytes)
    }

    @Test("an extension can be left out: what is before and behind it is known")
    func withoutExtension() {
        let packet = Packet(first: 0x91, payload: [0, 0, 0, 3, 0xbe, 0xde, 0, 1, 1, 2, 3, 4, 9])
        packet.read { bytes, length in
            let header = RTPHeader(bytes, length: length)
            #expect(header?.payloadOffset == 24 && header?.payloadOffset(withoutExtension: bytes) == 16)
            let copy = UnsafeMutableRawPointer.allocate(byteCount: length, alignment: 1)
            defer { copy.deallocate() }
            copy.copyMemory(from: bytes, byteCount: length)
            RTPHeader.removeExtensionFlag(from: copy)
            #expect(RTPHeader(copy, length: length)?.payloadOffset == 16)
        }
    }
}

/// A packet of a test.
struct Packet {
    var bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// - Parameters:
    ///   - first: Version, padding, extension and the number of CSRCs.
    init(
        first: UInt8 = 0x80, marker: Bool = false, type: UInt8 = 0, sequence: UInt16 = 1, timestamp: UInt32 = 160, ssrc: UInt32 = 7,
        payload: [UInt8] = [1, 2, 3]
    ) {
        bytes = [first, (marker ? 0x80 : 0) | type] + Packet.bytes(sequence) + Packet.bytes(timestamp) + Packet.bytes(ssrc) + payload
    }

    static func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }

    /// Reads it from memory that ends where it ends: what reads on is found by the address sanitizer, and here by what stands behind it.
    func read<Result>(_ body: (UnsafeRawPointer, Int) -> Result) -> Result {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 1)
        defer { memory.deallocate() }
        bytes.withUnsafeBytes { if let base = $0.baseAddress { memory.copyMemory(from: base, byteCount: bytes.count) } }
        return body(memory, bytes.count)
    }

    var header: RTPHeader? { read { RTPHeader($0, length: $1) } }
}
