import Foundation
@testable import Recording

/// A video as browsers send it: 960x540, black, white from 1 s to 1.4 s; 25 frames a second for 3 s.
enum TestVideo {
    static let size = (width: 960, height: 540)

    /// The payloads of each frame's packets.
    static func packets(_ codec: String) throws -> [[[UInt8]]] {
        let (coder, format): ([String], String) = switch codec {
        case "h264": (["libx264", "-preset", "ultrafast", "-profile:v", "baseline", "-bsf:v", "h264_metadata=aud=insert"], "h264")
        case "h265": (["libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:bframes=0", "-bsf:v", "hevc_metadata=aud=insert"], "hevc")
        case "av1": (["libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-lag-in-frames", "0"], "obu")
        case "vp9": (["libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0"], "ivf")
        default: (["libvpx", "-deadline", "realtime", "-cpu-used", "8", "-lag-in-frames", "0"], "ivf")
        }
        let data = try Sound.run("ffmpeg", [
            "-v", "error", "-f", "lavfi", "-i", "color=black:s=\(size.width)x\(size.height):r=25:d=3,drawbox=enable='between(t,0.99,1.39)':c=white:t=fill,noise=alls=12",
            "-pix_fmt", "yuv420p", "-b:v", "1M", "-g", "25", "-c:v",
        ] + coder + ["-f", format, "-"])
        let bytes = [UInt8](data)
        switch codec {
        case "h264": return units(bytes).split { $0[0] & 0x1f == 9 }.map { $0.flatMap { fragments(ofH264: $0) } }
        case "h265": return units(bytes).split { $0[0] >> 1 & 0x3f == 35 }.map { $0.flatMap { fragments(ofH265: $0) } }
        case "av1": return temporalUnits(bytes).map(packets(ofAV1:))
        default: return frames(ofIVF: bytes).map { codec == "vp9" ? packets(ofVP9: $0) : packets(ofVP8: $0) }
        }
    }

    /// As Janus writes it down.
    ///
    /// - Parameter delay: Of each packet, in milliseconds.
    static func capture(_ codec: String, delay: (Int) -> Int = { _ in 0 }) throws -> Capture {
        var capture = Capture(codec: codec, medium: "v", first: delay(0))
        var number = 0, arrival = 0
        for (index, packets) in try packets(codec).enumerated() {
            // In order: those behind a late one are late as well.
            arrival = max(arrival, index * 40 + delay(index) - delay(0))
            for (position, payload) in packets.enumerated() {
                let packet = RTPPacket(
                    payloadType: 96, marker: position == packets.count - 1, sequenceNumber: UInt16(truncatingIfNeeded: number),
                    timestamp: UInt32(index * 3_600), payload: payload[...])
                capture.append(packet, at: arrival)
                number += 1
            }
        }
        return capture
    }

    /// How bright each frame of a file is, 25 a second.
    static func brightness(_ path: String, crop: String = "iw:ih:0:0") throws -> [UInt8] {
        [UInt8](try Sound.run("ffmpeg", [
            "-v", "error", "-nostdin", "-i", path, "-map", "0:v:0", "-vf", "crop=\(crop),scale=1:1:flags=area,format=gray", "-r", "25", "-f", "rawvideo", "-",
        ]))
    }

    // MARK: Taken apart

    private static func units(_ bytes: [UInt8]) -> [[UInt8]] {
        var units: [[UInt8]] = [], start: Int?
        var index = 0
        while index < bytes.count {
            if index + 2 < bytes.count, bytes[index] == 0, bytes[index + 1] == 0, bytes[index + 2] == 1 {
                if let start {
                    var end = index
                    while end > start, bytes[end - 1] == 0 { end -= 1 }
                    units.append(Array(bytes[start..<end]))
                }
                start = index + 3
                index += 3
            } else {
                index += 1
            }
        }
        if let start { units.append(Array(bytes[start...])) }
        return units
    }

    private static func chunks(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        stride(from: bytes.startIndex, to: bytes.endIndex, by: 1_100).map { Array(bytes[$0..<min($0 + 1_100, bytes.endIndex)]) }
    }

    private static func fragments(ofH264 unit: [UInt8]) -> [[UInt8]] {
        guard unit.count > 1_100 else { return [unit] }
        let parts = chunks(unit[1...])
        return parts.enumerated().map { index, part in
            [unit[0] & 0xe0 | 28, (index == 0 ? 0x80 : 0) | (index == parts.count - 1 ? 0x40 : 0) | unit[0] & 0x1f] + part
        }
    }

    private static func fragments(ofH265 unit: [UInt8]) -> [[UInt8]] {
        guard unit.count > 1_100 else { return [unit] }
        let parts = chunks(unit[2...])
        return parts.enumerated().map { index, part in
            [unit[0] & 0x81 | 49 << 1, unit[1], (index == 0 ? 0x80 : 0) | (index == parts.count - 1 ? 0x40 : 0) | unit[0] >> 1 & 0x3f] + part
        }
    }

    /// OBUs without their sizes, by temporal unit.
    private static func temporalUnits(_ bytes: [UInt8]) -> [[[UInt8]]] {
        var units: [[[UInt8]]] = [], index = 0
        while index < bytes.count {
            let head = bytes[index]
            var length = 0, shift = 0
            index += 1
            while index < bytes.count {
                length |= Int(bytes[index] & 0x7f) << shift
                shift += 7
                index += 1
                if bytes[index - 1] & 0x80 == 0 { break }
            }
            let content = bytes[index..<min(index + length, bytes.count)]
            index += length
            if head >> 3 & 0x0f == 2 { units.append([]) } else { units[units.count - 1].append([head & ~0x02] + content) }
        }
        return units
    }

    /// Whole ones with their lengths, each large one in packets of its own.
    private static func packets(ofAV1 units: [[UInt8]]) -> [[UInt8]] {
        units.flatMap { unit -> [[UInt8]] in
            guard unit.count > 1_100 else { return [[0x00, UInt8(unit.count & 0x7f) | (unit.count > 127 ? 0x80 : 0)] + (unit.count > 127 ? [UInt8(unit.count >> 7)] : []) + unit] }
            let parts = chunks(unit[...])
            return parts.enumerated().map { index, part in [0x10 | (index > 0 ? 0x80 : 0) | (index < parts.count - 1 ? 0x40 : 0)] + part }
        }
    }

    private static func frames(ofIVF bytes: [UInt8]) -> [[UInt8]] {
        var frames: [[UInt8]] = [], index = 32
        while index + 12 <= bytes.count {
            let length = (0..<4).reduce(0) { $0 | Int(bytes[index + $1]) << (8 * $1) }
            frames.append(Array(bytes[(index + 12)..<(index + 12 + length)]))
            index += 12 + length
        }
        return frames
    }

    private static func packets(ofVP8 frame: [UInt8]) -> [[UInt8]] {
        chunks(frame[...]).enumerated().map { index, part in [index == 0 ? 0x10 : 0x00] + part }
    }

    private static func packets(ofVP9 frame: [UInt8]) -> [[UInt8]] {
        let parts = chunks(frame[...])
        let isKey = frame[0] & 0x04 == 0
        return parts.enumerated().map { index, part in
            [(isKey ? 0 : 0x40) | (index == 0 ? 0x08 : 0) | (index == parts.count - 1 ? 0x04 : 0)] + part
        }
    }
}
