import Foundation

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
