import Foundation
@testable import Recording

/// Packets and captures as Janus writes them.
enum Sample {
    static let name = "54c1b637-36fb-40c2-8080-28f07603cda8"

    static func packet(_ number: Int, timestamp: UInt32? = nil, type: UInt8 = 0, payload: [UInt8]? = nil) -> RTPPacket {
        RTPPacket(
            payloadType: type, sequenceNumber: UInt16(truncatingIfNeeded: number),
            timestamp: timestamp ?? UInt32(truncatingIfNeeded: number * 160), payload: (payload ?? [UInt8](repeating: 0xff, count: 160))[...])
    }

    /// 20 ms of a tone in PCMU.
    static func tone(_ number: Int, frequency: Double) -> [UInt8] {
        (0..<160).map { sample in
            muLaw(Int(8_000 * sin(2 * Double.pi * frequency * Double(number * 160 + sample) / 8_000)))
        }
    }

    /// ITU-T G.711, table 2a.
    static func muLaw(_ sample: Int) -> UInt8 {
        let magnitude = min(abs(sample) + 132, 32_767)
        var exponent = 7
        while exponent > 0, magnitude & (1 << (exponent + 7)) == 0 { exponent -= 1 }
        return ~UInt8((sample < 0 ? 0x80 : 0) | exponent << 4 | (magnitude >> (exponent + 3)) & 0x0f)
    }
}

/// A capture that a test makes.
struct Capture {
    /// When captures begin, in microseconds since 1970.
    static let created = 1_700_000_000_000_000

    var data: Data

    /// - Parameter first: Of the first packet, in milliseconds since the recording's beginning.
    /// - Parameter more: Further members of the header.
    init(codec: String = "pcmu", medium: String = "a", first: Int = 0, more: String = "", isEmpty: Bool = false) {
        data = Data("MJR00002".utf8)
        guard !isEmpty else { return }
        let created = Capture.created
        let header = #"{"t":"\#(medium)","c":"\#(codec)","s":\#(created),"u":\#(created + first * 1_000)\#(more)}"#
        put(header.utf8.count, 2)
        data.append(contentsOf: Array(header.utf8))
    }

    mutating func put(_ number: Int, _ bytes: Int) {
        for byte in (0..<bytes).reversed() { data.append(UInt8(truncatingIfNeeded: number >> (8 * byte))) }
    }

    mutating func append(_ packet: RTPPacket, at arrival: Int) {
        data.append(contentsOf: Array("MEET".utf8))
        put(arrival, 4)
        put(packet.payload.count + 12, 2)
        data.append(contentsOf: [0x80, packet.payloadType | (packet.marker ? 0x80 : 0)])
        put(Int(packet.sequenceNumber), 2)
        put(Int(packet.timestamp), 4)
        put(7, 4)
        data.append(contentsOf: packet.payload)
    }

    /// A tone for so many packets of 20 ms.
    static func tone(_ frequency: Double, packets: Int, first: Int = 0) -> Capture {
        var capture = Capture(first: first)
        for number in 0..<packets {
            capture.append(Sample.packet(number, payload: Sample.tone(number, frequency: frequency)), at: number * 20)
        }
        return capture
    }
}

/// A directory that goes with its object.
final class Folder {
    let url: URL
    var path: String { url.path }

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("tern-recording-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ capture: Capture, _ name: String) throws { try capture.data.write(to: url.appendingPathComponent(name)) }

    var names: [String] { FileSystem.names(path) }
}
