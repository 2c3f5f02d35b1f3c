/// One RTP packet as Janus wrote it down (RFC 3550 section 5.1).
struct RTPPacket: Equatable {
    let payloadType: UInt8
    let marker: Bool
    let sequenceNumber: UInt16
    let timestamp: UInt32
    /// Without padding; may be empty.
    let payload: ArraySlice<UInt8>

    init(payloadType: UInt8, marker: Bool = false, sequenceNumber: UInt16, timestamp: UInt32, payload: ArraySlice<UInt8>) {
        self.payloadType = payloadType
        self.marker = marker
        self.sequenceNumber = sequenceNumber
        self.timestamp = timestamp
        self.payload = payload
    }

    /// Nil for what is no RTP packet.
    init?(_ bytes: [UInt8]) {
        guard bytes.count >= 12, bytes[0] >> 6 == 2 else { return nil }
        var start = 12 + Int(bytes[0] & 0x0f) * 4
        if bytes[0] & 0x10 != 0 {
            guard bytes.count >= start + 4 else { return nil }
            start += 4 + (Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])) * 4
        }
        var end = bytes.count
        if bytes[0] & 0x20 != 0, let padding = bytes.last { end -= Int(padding) }
        guard start <= end else { return nil }
        marker = bytes[1] & 0x80 != 0
        payloadType = bytes[1] & 0x7f
        sequenceNumber = UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        timestamp = bytes[4..<8].reduce(0) { $0 << 8 | UInt32($1) }
        payload = bytes[start..<end]
    }

    /// What redundant audio has of its own time, without what it repeats of earlier ones (RFC 2198 section 3).
    var primary: RTPPacket? {
        var rest = payload, repeated = 0
        while let head = rest.popFirst() {
            guard head & 0x80 != 0 else {
                guard repeated <= rest.count else { return nil }
                return RTPPacket(
                    payloadType: head, marker: marker, sequenceNumber: sequenceNumber, timestamp: timestamp, payload: rest.dropFirst(repeated))
            }
            let fields = Array(rest.prefix(3))
            guard fields.count == 3 else { return nil }
            repeated += Int(fields[1] & 0x03) << 8 | Int(fields[2])
            rest = rest.dropFirst(3)
        }
        return nil
    }
}
