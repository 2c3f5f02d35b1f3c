internal import RTP

/// The samples of a stream of G.711, each at the time at which it came: what the network delays, loses and doubles is seen, jitter is not.
struct ReceivedAudio {
    /// Samples at most: two minutes.
    static let longest = 120 * MarkedSignal.rate

    private var packets: [(timestamp: Int, arrival: Int, samples: [Int16])] = []
    private var count = 0
    private var first: UInt32?

    /// Takes a packet.
    ///
    /// - Parameter arrival: Samples of 8,000 a second since the first one was sent.
    mutating func take(_ header: RTPHeader, _ payload: UnsafeRawBufferPointer, _ law: G711, arrival: Int) {
        guard payload.count <= 8_000, count + payload.count <= ReceivedAudio.longest else { return }
        let first = self.first ?? header.timestamp
        self.first = first
        count += payload.count
        packets.append((Int(Int32(bitPattern: header.timestamp &- first)), arrival, payload.map { law.sample($0) }))
    }

    /// From the time at which the first sample was sent on; what never came is silent.
    var samples: [Int16] {
        // The packet that was least on the way says when the stream's first sample came. As with what is sent, a packet's time is that of its first sample.
        guard let offset = packets.map({ $0.arrival - $0.timestamp }).min() else { return [] }
        let length = min(packets.map { $0.timestamp + offset + $0.samples.count }.max() ?? 0, ReceivedAudio.longest)
        guard length > 0 else { return [] }
        var result = [Int16](repeating: 0, count: length)
        for packet in packets {
            for (index, sample) in packet.samples.enumerated() {
                let place = packet.timestamp + offset + index
                if result.indices.contains(place) { result[place] = sample }
            }
        }
        return result
    }
}
