import RTP

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
