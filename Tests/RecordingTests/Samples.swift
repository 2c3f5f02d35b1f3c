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

/// What ffmpeg and ffprobe say of a file.
enum Sound {
    /// The output of a program that has to succeed.
    static func run(_ program: String, _ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        struct Failure: Error {}
        guard process.terminationStatus == 0 else { throw Failure() }
        return data
    }

    /// Seconds.
    static func duration(_ path: String) throws -> Double {
        let text = try run("ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", path])
        return Double(String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) ?? -1
    }

    /// `video,h264` and the like, in order.
    static func streams(_ path: String) throws -> [String] {
        let text = try run("ffprobe", ["-v", "error", "-show_entries", "stream=codec_type,codec_name", "-of", "csv=p=0", path])
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init).sorted()
    }

    /// Samples of one channel at 8,000 a second.
    static func channel(_ index: Int, of path: String) throws -> [Double] {
        let data = try run("ffmpeg", [
            "-v", "error", "-nostdin", "-i", path, "-map", "0:a:0", "-af", "pan=mono|c0=c\(index)", "-ar", "8000", "-f", "s16le", "-",
        ])
        return stride(from: 0, to: data.count - 1, by: 2).map { Double(Int16(truncatingIfNeeded: Int(data[$0]) | Int(data[$0 + 1]) << 8)) }
    }

    /// How much of the power lies at `frequency`, 0 to 1 (Goertzel); 0 for silence.
    static func share(of frequency: Double, in samples: ArraySlice<Double>) -> Double {
        let total = samples.reduce(0) { $0 + $1 * $1 }
        guard !samples.isEmpty, total / Double(samples.count) > 100 * 100 else { return 0 }
        let coefficient = 2 * cos(2 * Double.pi * frequency / 8_000)
        var last = 0.0, beforeLast = 0.0
        for sample in samples { (last, beforeLast) = (sample + coefficient * last - beforeLast, last) }
        return (last * last + beforeLast * beforeLast - coefficient * last * beforeLast) * 2 / (Double(samples.count) * total)
    }

    /// When the tone is there, in milliseconds, in steps of 20.
    static func spans(of frequency: Double, in samples: [Double]) -> [Range<Int>] {
        var spans: [Range<Int>] = []
        for start in stride(from: 0, to: samples.count - 159, by: 160) where share(of: frequency, in: samples[start..<(start + 160)]) > 0.5 {
            let time = start / 8
            if let last = spans.last, last.upperBound == time { spans[spans.count - 1] = last.lowerBound..<(time + 20) } else { spans.append(time..<(time + 20)) }
        }
        return spans
    }
}
