/// Makes tracks of what Janus has written of a recording. Blocking: for a process or thread of its own.
public struct TrackPreparation {
    /// In milliseconds.
    private static let longestPause: Int64 = 86_400_000

    private let directory: String
    private let work: String

    /// - Parameters:
    ///   - directory: Where the captures are.
    ///   - work: Where the tracks go; it has to be there.
    public init(directory: String, work: String) {
        self.directory = directory
        self.work = work
    }

    /// The tracks, and whether all that was captured is in them.
    public struct Result: Sendable, Equatable {
        public var tracks: [Track] = []
        public var isWhole = true
    }

    /// Reads what there is of the recording; a capture that is missing or empty has no track.
    public func run(_ name: String, _ layout: RecordingLayout) throws(RecordingError) -> Result {
        var captures: [(side: Track.Side, path: String, header: CaptureHeader)] = []
        var found = false
        for (side, file) in layout.captures(of: name) {
            let path = "\(directory)/\(file)"
            guard FileSystem.exists(path) else { continue }
            found = true
            if let header = try CaptureFile(path).header { captures.append((side, path, header)) }
        }
        guard found else { throw .nothingRecorded }
        guard let beginning = captures.map(\.header.created).min() else { return Result() }
        var result = Result()
        for capture in captures {
            let found = try self.tracks(of: capture.path, capture.side, capture.header, beginning: beginning)
            result.tracks += found.tracks
            result.isWhole = result.isWhole && found.isWhole
        }
        return result
    }

    /// The packet in a capture's frame; of redundant audio what is not repeated.
    private func packet(_ frame: CaptureFile.Frame, _ header: CaptureHeader) -> RTPPacket? {
        guard let packet = RTPPacket(frame.bytes) else { return nil }
        return header.redundant == packet.payloadType ? packet.primary : packet
    }

    private func tracks(
        of path: String, _ side: Track.Side, _ header: CaptureHeader, beginning: Int64
    ) throws(RecordingError) -> Result {
        var types = PayloadTypes()
        let first = try CaptureFile(path)
        while let frame = first.next() { if let packet = packet(frame, header) { types.count(packet) } }
        let medium = header.medium == .audio ? Track.Medium.audio : .video
        let offset = max(0, (header.firstPacket - beginning) / 1_000)
        var writers: [MediaCodec: (writer: TrackWriter, file: String)] = [:]
        let second = try CaptureFile(path)
        var latest: Int64 = 0
        while let frame = second.next() {
            // Nobody is silent for so long: that is no time, but what a disk has made of one.
            guard frame.arrival - latest <= TrackPreparation.longestPause else { continue }
            latest = frame.arrival
            guard let packet = packet(frame, header), let codec = types.codec(of: packet.payloadType, header: header) else { continue }
            let file = "\(side.rawValue)-\(codec.rawValue).mka"
            let entry = writers[codec] ?? (TrackWriter(codec, path: "\(work)/\(file)"), file)
            writers[codec] = entry
            try entry.writer.take(packet, arrival: offset + frame.arrival)
        }
        var tracks: [Track] = []
        for (_, entry) in writers.sorted(by: { $0.value.file < $1.value.file }) {
            try entry.writer.finish()
            guard let start = entry.writer.start else { continue }
            tracks.append(Track(
                side: side, medium: medium, file: entry.file, start: Int(start), end: Int(entry.writer.endTime),
                width: entry.writer.size.width, height: entry.writer.size.height))
        }
        return Result(tracks: tracks, isWhole: !types.hasOthers(header))
    }
}
