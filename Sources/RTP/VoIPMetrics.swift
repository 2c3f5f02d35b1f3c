/// What a receiver says of a call: the VoIP metrics block of an extended report (RFC 3611 section 4.7).
public struct VoIPMetrics: Equatable, Sendable {
    /// The source that it is about.
    public let ssrc: UInt32
    /// Shares of packets since the beginning, 0 to 1: lost, and discarded for coming too late.
    public let loss: Double
    public let discarded: Double
    /// Shares of packets within bursts and gaps that were lost or discarded, 0 to 1.
    public let burstDensity: Double
    public let gapDensity: Double
    /// Mean durations of bursts and gaps, in milliseconds.
    public let burstDuration: Int
    public let gapDuration: Int
    /// Milliseconds.
    public let roundTrip: Int
    public let endSystemDelay: Int
    /// dBm0; nil where the receiver does not measure it.
    public let signalLevel: Int?
    public let noiseLevel: Int?
    /// The R factor; nil where it is not known.
    public let rating: Int?
    /// MOS-LQ and MOS-CQ; nil where they are not known.
    public let listeningScore: Double?
    public let conversationalScore: Double?

    /// The block's type, and its words behind the first.
    private static let type: UInt8 = 7, words: UInt16 = 8
    /// A value that says that there is none.
    private static let unknown: UInt8 = 127

    /// Reads the first such block of an extended report (RFC 3611 section 2).
    ///
    /// - Returns: Nil where the packet is something else, has none, or is malformed.
    public init?(_ packet: RTCPPacket, in buffer: UnsafeRawPointer) {
        guard packet.type == .extendedReport else { return nil }
        var offset = packet.offset &+ RTCP.headerSize &+ 4
        let end = packet.offset &+ packet.length
        while offset &+ 4 <= end {
            let words = buffer.bigEndian16(at: offset &+ 2)
            let length = (Int(words) &+ 1) &* 4
            guard length <= end &- offset else { return nil }
            if buffer.load(fromByteOffset: offset, as: UInt8.self) == VoIPMetrics.type, words == VoIPMetrics.words {
                self.init(buffer, at: offset &+ 4)
                return
            }
            offset = offset &+ length
        }
        return nil
    }

    private init(_ buffer: UnsafeRawPointer, at offset: Int) {
        func byte(_ place: Int) -> UInt8 { buffer.load(fromByteOffset: offset &+ place, as: UInt8.self) }
        func number(_ place: Int) -> Int { Int(buffer.bigEndian16(at: offset &+ place)) }
        func level(_ place: Int) -> Int? { byte(place) == VoIPMetrics.unknown ? nil : Int(Int8(bitPattern: byte(place))) }
        func score(_ place: Int) -> Double? { (10...50).contains(byte(place)) ? Double(byte(place)) / 10 : nil }
        ssrc = buffer.bigEndian32(at: offset)
        loss = Double(byte(4)) / 256
        discarded = Double(byte(5)) / 256
        burstDensity = Double(byte(6)) / 256
        gapDensity = Double(byte(7)) / 256
        burstDuration = number(8)
        gapDuration = number(10)
        roundTrip = number(12)
        endSystemDelay = number(14)
        signalLevel = level(16)
        noiseLevel = level(17)
        rating = byte(20) <= 100 ? Int(byte(20)) : nil
        listeningScore = score(22)
        conversationalScore = score(23)
    }
}
