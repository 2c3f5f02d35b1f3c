internal import Glibc
internal import JSON

/// Reads a file of packets as Janus 1.1 writes it (`.mjr`): `MJR00002`, a header in JSON behind its length in two bytes, then for
/// each packet `MEET`, its time in milliseconds since the first one, its length, and itself.
///
/// What was cut off in the middle of a write, by a full disk or a kill, costs that packet: reading goes on at the next `MEET`.
final class CaptureFile {
    /// One packet, and when it came, in milliseconds since the first one.
    struct Frame: Equatable {
        let arrival: Int64
        let bytes: [UInt8]
    }

    /// Nil where no packet has come.
    let header: CaptureHeader?
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false

    private static let magic = Array("MJR00002".utf8)
    private static let mark = Array("MEET".utf8)
    private static let chunk = 65_536

    /// - Throws: ``RecordingError/file(path:reason:)`` where it cannot be read or is no such file.
    init(_ path: String) throws(RecordingError) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .system(path) }
        var header: CaptureHeader?
        let magic = CaptureFile.take(8, from: descriptor)
        guard magic == CaptureFile.magic || magic.isEmpty else {
            close(descriptor)
            throw .file(path: path, reason: "is no capture of Janus 1.1")
        }
        let length = CaptureFile.take(2, from: descriptor)
        if length.count == 2 {
            let text = CaptureFile.take(Int(length[0]) << 8 | Int(length[1]), from: descriptor)
            header = CaptureHeader(text: String(decoding: text, as: UTF8.self))
        }
        self.header = header
    }

    deinit { close(descriptor) }

    /// The next packet; nil after the last one.
    func next() -> Frame? {
        while fill(10) {
            guard buffer[start..<(start + 4)].elementsEqual(CaptureFile.mark) else {
                start += 1
                continue
            }
            let arrival = buffer[(start + 4)..<(start + 8)].reduce(Int64(0)) { $0 << 8 | Int64($1) }
            let length = Int(buffer[start + 8]) << 8 | Int(buffer[start + 9])
            guard fill(10 + length), isFollowed(start + 10 + length) else {
                start += 4
                continue
            }
            let bytes = Array(buffer[(start + 10)..<(start + 10 + length)])
            start += 10 + length
            return Frame(arrival: arrival, bytes: bytes)
        }
        return nil
    }

    /// Whether another packet begins there, or nothing more comes.
    private func isFollowed(_ end: Int) -> Bool {
        guard fill(end - start + 4) else { return true }
        return buffer[end..<(end + 4)].elementsEqual(CaptureFile.mark)
    }

    /// Has `count` bytes ready from `start` on, if there are as many.
    private func fill(_ count: Int) -> Bool {
        while buffer.count - start < count {
            guard !isAtEnd else { return false }
            if start >= CaptureFile.chunk {
                buffer.removeFirst(start)
                start = 0
            }
            let more = CaptureFile.take(CaptureFile.chunk, from: descriptor)
            if more.isEmpty { isAtEnd = true }
            buffer += more
        }
        return true
    }

    /// Up to `count` bytes; fewer at the end.
    private static func take(_ count: Int, from descriptor: Int32) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { space, filled in
            while filled < count {
                let got = read(descriptor, space.baseAddress.map { $0 + filled }, count - filled)
                if got < 0, errno == EINTR { continue }
                guard got > 0 else { break }
                filled += got
            }
        }
    }
}

/// What Janus says of a capture in its first lines.
struct CaptureHeader: Equatable {
    enum Medium: String {
        case audio = "a", video = "v"
    }

    let medium: Medium
    /// In lower case: `opus`, `pcmu`, `vp8`.
    let codec: String
    /// When Janus was told to record, in microseconds since 1970.
    let created: Int64
    /// When the first packet came, in microseconds since 1970.
    let firstPacket: Int64
    /// The payload type of redundant audio (RFC 2198); nil where there is none.
    let redundant: UInt8?

    init(medium: Medium, codec: String, created: Int64, firstPacket: Int64, redundant: UInt8? = nil) {
        self.medium = medium
        self.codec = codec
        self.created = created
        self.firstPacket = firstPacket
        self.redundant = redundant
    }

    /// The year 2243: what is not in between is no time.
    static let times = 0...Int(1 << 53)

    /// Nil for what is no header, and for one of a data channel.
    init?(text: String) {
        guard let json = try? JSONValue(parsing: text), let medium = json["t"]?.stringValue.flatMap(Medium.init(rawValue:)),
            let codec = json["c"]?.stringValue, let created = json["s"]?.intValue, let first = json["u"]?.intValue,
            CaptureHeader.times.contains(created), CaptureHeader.times.contains(first)
        else { return nil }
        self.init(
            medium: medium, codec: codec.lowercased(), created: Int64(created), firstPacket: Int64(first),
            redundant: json["or"]?.intValue.flatMap(UInt8.init(exactly:)))
    }
}
