internal import Glibc

/// Writes one track to a Matroska file (RFC 9559), as much of the format as ffmpeg needs to know what a block is and when.
final class MatroskaFile {
    private let path: String
    private let descriptor: Int32
    private var cluster: [UInt8] = []
    private var clusterStart: Int64 = 0

    private enum ID {
        static let header: [UInt8] = [0x1a, 0x45, 0xdf, 0xa3]
        static let segment: [UInt8] = [0x18, 0x53, 0x80, 0x67]
        static let info: [UInt8] = [0x15, 0x49, 0xa9, 0x66]
        static let tracks: [UInt8] = [0x16, 0x54, 0xae, 0x6b]
        static let cluster: [UInt8] = [0x1f, 0x43, 0xb6, 0x75]
    }

    /// - Parameters:
    ///   - size: Of the video.
    init(_ path: String, codec: MediaCodec, size: (width: Int, height: Int)? = nil) throws(RecordingError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system(path) }
        let head = MatroskaFile.element([0x42, 0x82], Array("matroska".utf8))
            + MatroskaFile.element([0x42, 0x87], [4]) + MatroskaFile.element([0x42, 0x85], [2])
        // Timestamps are in milliseconds.
        let info = MatroskaFile.element([0x2a, 0xd7, 0xb1], [0x0f, 0x42, 0x40])
            + MatroskaFile.element([0x4d, 0x80], Array("tern".utf8)) + MatroskaFile.element([0x57, 0x41], Array("tern".utf8))
        let entry = MatroskaFile.element([0xd7], [1]) + MatroskaFile.element([0x73, 0xc5], [1]) + codec.matroskaEntry(size)
        // A segment of unknown length: the file is written in one go.
        try write(
            MatroskaFile.element(ID.header, head) + ID.segment + [0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]
                + MatroskaFile.element(ID.info, info) + MatroskaFile.element(ID.tracks, MatroskaFile.element([0xae], entry)))
    }

    deinit { close(descriptor) }

    /// - Parameter time: In milliseconds; not less than that of the block before.
    func append(_ data: some Collection<UInt8>, at time: Int64, isKeyframe: Bool) throws(RecordingError) {
        if cluster.isEmpty || time - clusterStart > 5_000 || cluster.count > 1 << 20 {
            try flush()
            clusterStart = time
            cluster = MatroskaFile.element([0xe7], MatroskaFile.bytes(UInt64(max(0, time)), 8))
        }
        let offset = UInt64(bitPattern: time - clusterStart) & 0xffff
        cluster += MatroskaFile.element([0xa3], [0x81] + MatroskaFile.bytes(offset, 2) + [isKeyframe ? 0x80 : 0] + data)
    }

    /// Writes what is left.
    func finish() throws(RecordingError) { try flush() }

    private func flush() throws(RecordingError) {
        guard !cluster.isEmpty else { return }
        try write(MatroskaFile.element(ID.cluster, cluster))
        cluster = []
    }

    private func write(_ bytes: [UInt8]) throws(RecordingError) {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .system(path) }
            done += count
        }
    }

    // MARK: EBML (RFC 8794)

    static func element(_ id: [UInt8], _ content: [UInt8]) -> [UInt8] {
        id + [0x08 | UInt8(truncatingIfNeeded: content.count >> 32)] + bytes(UInt64(content.count), 4) + content
    }

    static func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * UInt64($0))) }
    }
}
