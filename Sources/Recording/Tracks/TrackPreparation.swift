public import JSON

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
    ///
    /// - Parameters:
    ///   - begun: When the recording began, in microseconds since 1970.
    ///   - length: In milliseconds.
    public func run(_ name: String, _ layout: RecordingLayout, begun: Int? = nil, length: Int? = nil) throws(RecordingError) -> Result {
        var captures: [Capture] = []
        var found = false
        for (part, side, file) in layout.captures(of: name, in: FileSystem.names(directory)) {
            let path = "\(directory)/\(file)"
            guard FileSystem.exists(path) else { continue }
            found = true
            if let header = try CaptureFile(path).header { captures.append(Capture(part: part, side: side, path: path, header: header)) }
        }
        guard found else { throw .nothingRecorded }
        guard let first = captures.map(\.header.created).min() else { return Result() }
        let beginning = TrackPreparation.beginning(first: first, begun: begun, length: length)
        var result = Result()
        for side in Track.Side.allCases {
            for medium in [CaptureHeader.Medium.audio, .video] {
                // Of one side and medium, part after part.
                let own = captures.filter { $0.side == side && $0.header.medium == medium }
                let found = try tracks(of: own, side, medium, beginning: beginning, length: length)
                result.tracks += found.tracks
                result.isWhole = result.isWhole && found.isWhole
            }
        }
        return result
    }

    private struct Capture {
        let part: Int
        let side: Track.Side
        let path: String
        let header: CaptureHeader
    }

    /// When the time line begins, in microseconds since 1970: with the first capture, or before it where there was nothing to capture yet. Our
    /// clock may be another one than Janus', then it is not believed.
    private static func beginning(first: Int64, begun: Int?, length: Int?) -> Int64 {
        guard let begun, first > begun, first - Int64(begun) <= Int64(length ?? Int(longestPause)) * 1_000 else { return first }
        return Int64(begun)
    }

    /// The packet in a capture's frame; of redundant audio what is not repeated.
    private func packet(_ frame: CaptureFile.Frame, _ header: CaptureHeader) -> RTPPacket? {
        guard let packet = RTPPacket(frame.bytes) else { return nil }
        return header.redundant == packet.payloadType ? packet.primary : packet
    }

    private func tracks(
        of captures: [Capture], _ side: Track.Side, _ medium: CaptureHeader.Medium, beginning: Int64, length: Int?
    ) throws(RecordingError) -> Result {
        var writers: [MediaCodec: (writer: TrackWriter, file: String)] = [:]
        var isWhole = true
        // Of the part before, in milliseconds.
        var end: Int64 = 0
        for capture in captures {
            let header = capture.header
            var types = PayloadTypes()
            let first = try CaptureFile(capture.path)
            while let frame = first.next() { if let packet = packet(frame, header) { types.count(packet) } }
            isWhole = isWhole && !types.hasOthers(header)
            let offset = TrackPreparation.place((header.firstPacket - beginning) / 1_000, after: end, length: length)
            let second = try CaptureFile(capture.path)
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
            end = max(end, offset + latest)
            for (_, entry) in writers { try entry.writer.endPart() }
        }
        var tracks: [Track] = []
        for (_, entry) in writers.sorted(by: { $0.value.file < $1.value.file }) {
            try entry.writer.finish()
            guard let start = entry.writer.start else { continue }
            tracks.append(Track(
                side: side, medium: medium == .audio ? .audio : .video, file: entry.file, start: Int(start), end: Int(entry.writer.endTime),
                width: entry.writer.size.width, height: entry.writer.size.height))
        }
        return Result(tracks: tracks, isWhole: isWhole)
    }
}

extension TrackPreparation {
    /// Parts of one side follow each other to within this time, in milliseconds.
    private static let tolerance: Int64 = 1_000

    /// Where a part of a side's medium begins, in milliseconds: where its clock says, or behind the part before it where that cannot be. Janus notes the
    /// first packet of a part by the time of day, and the system's clock may have been set since the recording began.
    ///
    /// - Parameters:
    ///   - end: Of the part before, 0 for the first one.
    ///   - length: Of the recording; nil where it is not known.
    static func place(_ offset: Int64, after end: Int64, length: Int?) -> Int64 {
        let latest = length.map { Int64($0) + tolerance } ?? .max
        return offset < end - tolerance || offset > latest ? end : max(0, offset)
    }

    /// The whole of the process that prepares a recording: its tracks as lines of JSON and whether they have everything, or the reason in the one line of its failure.
    ///
    /// - Parameters:
    ///   - manifest: Path of the manifest; the captures are beside it.
    ///   - work: Where the tracks go.
    public static func main(manifest path: String, work: String, output: (String) -> Void) throws(RecordingError) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let file = parts.last.map(String.init) ?? ""
        let directory = parts.count > 1 ? parts.dropLast().joined(separator: "/") : "."
        guard file.hasSuffix(RecordingManifest.suffix),
            let name = RecordingName(String(file.dropLast(RecordingManifest.suffix.count))),
            let manifest = RecordingManifest.read(path, name)
        else { throw .file(path: path, reason: "is no recording") }
        let result = try TrackPreparation(directory: directory, work: work)
            .run(name.description, manifest.layout, begun: manifest.begun, length: manifest.length)
        for track in result.tracks { output(track.json.text) }
        output((["whole": .bool(result.isWhole)] as JSONValue).text)
    }
}

/// What one side has sent in one codec, as a file that ffmpeg reads.
public struct Track: Sendable, Equatable {
    public enum Side: String, Sendable, CaseIterable {
        case caller, callee
    }

    public enum Medium: String, Sendable {
        case audio, video
    }

    public var side: Side
    public var medium: Medium
    /// Without directory.
    public var file: String
    /// Of its first and last packet, in milliseconds since the recording's beginning.
    public var start, end: Int
    /// The largest frame; 0 for audio.
    public var width, height: Int

    public init(side: Side, medium: Medium, file: String, start: Int, end: Int, width: Int = 0, height: Int = 0) {
        self.side = side
        self.medium = medium
        self.file = file
        self.start = start
        self.end = end
        self.width = width
        self.height = height
    }

    /// As one process tells another.
    public var json: JSONValue {
        [
            "side": .string(side.rawValue), "medium": .string(medium.rawValue), "file": .string(file),
            "start": .integer(start), "end": .integer(end), "width": .integer(width), "height": .integer(height),
        ]
    }

    public init?(json: JSONValue) {
        guard let side = json["side"]?.stringValue.flatMap(Side.init(rawValue:)),
            let medium = json["medium"]?.stringValue.flatMap(Medium.init(rawValue:)),
            let file = json["file"]?.stringValue, let start = json["start"]?.intValue, let end = json["end"]?.intValue,
            let width = json["width"]?.intValue, let height = json["height"]?.intValue
        else { return nil }
        self.init(side: side, medium: medium, file: file, start: start, end: end, width: width, height: height)
    }
}
