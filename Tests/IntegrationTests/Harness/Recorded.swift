import Foundation
import JSON

/// A finished recording, as ffmpeg and ffprobe read it.
struct Recorded {
    enum Side: Int { case left, right }

    let path: String
    /// Seconds.
    let duration: Double
    /// `codec,type`, sorted.
    let streams: [String]
    private let channels: [[Double]]

    init(_ path: String) throws {
        self.path = path
        duration = Double(try Recorded.probe(path, "format=duration").first ?? "") ?? -1
        streams = try Recorded.probe(path, "stream=codec_name,codec_type").sorted()
        channels = try (0...1).map { index in
            let data = try Recorded.run("ffmpeg", [
                "-v", "error", "-nostdin", "-i", path, "-map", "0:a:0", "-af", "pan=mono|c0=c\(index)", "-ar", "8000", "-f", "s16le", "-",
            ])
            return stride(from: 0, to: data.count - 1, by: 2).map {
                Double(Int16(truncatingIfNeeded: Int(data[$0]) | Int(data[$0 + 1]) << 8))
            }
        }
    }

    /// When the tone is there, in seconds; stretches that are less than 200 ms apart are one.
    func spans(of frequency: Double, on side: Side) -> [ClosedRange<Double>] {
        let samples = channels[side.rawValue]
        var spans: [ClosedRange<Double>] = []
        for start in stride(from: 0, to: samples.count - 319, by: 160)
            where Tone.share(of: frequency, in: Array(samples[start..<(start + 320)])) > 0.5
        {
            let (begin, end) = (Double(start) / 8_000, Double(start + 320) / 8_000)
            if let last = spans.last, begin - last.upperBound < 0.2 {
                spans[spans.count - 1] = last.lowerBound...end
            } else {
                spans.append(begin...end)
            }
        }
        return spans
    }

    func hears(_ frequency: Double, on side: Side) -> Bool { spans(of: frequency, on: side).contains { $0.upperBound - $0.lowerBound > 0.5 } }

    /// The number of pictures of a video stream that can be decoded.
    func pictures(_ stream: Int = 0) throws -> Int {
        let text = try Recorded.run("ffprobe", [
            "-v", "error", "-count_frames", "-select_streams", "v:\(stream)", "-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", path,
        ])
        return Int(String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
    }

    /// How bright each picture is, 25 a second.
    ///
    /// - Parameter crop: What is looked at, as ffmpeg's filter has it.
    func brightness(_ crop: String) throws -> [UInt8] {
        [UInt8](try Recorded.run("ffmpeg", [
            "-v", "error", "-nostdin", "-i", path, "-map", "0:v:0", "-vf", "crop=\(crop),scale=1:1:flags=area,format=gray", "-r", "25", "-f", "rawvideo", "-",
        ]))
    }

    /// Width and height of the first video stream.
    func size() throws -> [Int] { try Recorded.probe(path, "stream=width,height").first.map { $0.split(separator: ",").compactMap { Int($0) } } ?? [] }

    private static func probe(_ path: String, _ entries: String) throws -> [String] {
        let text = try run("ffprobe", ["-v", "error", "-show_entries", entries, "-of", "csv=p=0", path])
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> Data {
        let process = Process(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.standardOutput = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw HarnessError("\(program) \(arguments) ended with \(process.terminationStatus)") }
        return data
    }
}

extension APIClient {
    enum RecordState: String { case started, stopped, ready, failed }

    /// The body of a session's event `record` of that state.
    func recording(_ state: RecordState, of session: String?, within limit: Duration = .patience) async throws -> JSONValue {
        try await event("record", of: session, within: limit) { $0["state"]?.stringValue == state.rawValue }
    }

    /// The recording of a session, when it is ready.
    func recorded(_ session: String?, at gateway: GatewayProcess) async throws -> Recorded {
        let body = try await recording(.ready, of: session)
        guard let path = body["path"]?.stringValue, let length = body["length"]?.intValue else { throw HarnessError("\(body.text)") }
        let recorded = try Recorded(gateway.recordings.appendingPathComponent(path).path)
        guard abs(recorded.duration * 1_000 - Double(length)) < 100 else {
            throw HarnessError("\(recorded.duration) s, but \(body.text)")
        }
        return recorded
    }
}
