/// Turns the packets of one codec into a track's file.
final class TrackWriter {
    /// Packets that would sound while the one before does are left out, beyond so many milliseconds.
    private static let overlap: Int64 = 10
    /// How far timestamps may be from arrivals, in milliseconds: audio is to stay in sync, video is sent in bursts.
    private static let tolerance = (audio: Int64(60), video: Int64(120))

    private let codec: MediaCodec
    private let path: String
    private var queue: PacketQueue
    private var assembly: FrameAssembly?
    private var output: MatroskaFile?
    /// In ticks.
    private var end: Int64 = 0
    /// In milliseconds.
    private(set) var start: Int64?
    private var last: Int64 = 0
    private(set) var size = (width: 0, height: 0)

    init(_ codec: MediaCodec, path: String) {
        self.codec = codec
        self.path = path
        assembly = FrameAssembly(codec)
        queue = TrackWriter.queue(codec)
    }

    private static func queue(_ codec: MediaCodec) -> PacketQueue {
        PacketQueue(rate: codec.rate, tolerance: codec.isVideo ? tolerance.video : tolerance.audio)
    }

    /// When the last of it has sounded or been seen, in milliseconds.
    var endTime: Int64 { end * 1_000 / codec.rate }

    func take(_ packet: RTPPacket, arrival: Int64) throws(RecordingError) {
        for placed in queue.take(packet, arrival: arrival) { try write(placed) }
    }

    /// What follows has other numbers and timestamps, and begins with a keyframe.
    func endPart() throws(RecordingError) {
        for placed in queue.flush() { try write(placed) }
        if let frame = assembly?.finish() { try write(frame) }
        queue = TrackWriter.queue(codec)
        assembly = FrameAssembly(codec)
    }

    func finish() throws(RecordingError) {
        try endPart()
        try output?.finish()
        output = nil
    }

    private func write(_ placed: PacketQueue.Placed) throws(RecordingError) {
        if assembly != nil {
            if let frame = assembly?.take(placed) { try write(frame) }
            return
        }
        let payload = placed.packet.payload
        let duration = codec.duration(of: payload)
        guard duration > 0, placed.position + TrackWriter.overlap * codec.rate / 1_000 >= end else { return }
        try fill(until: placed.position)
        end = placed.position + duration
        try append(payload, at: placed.position, isKeyframe: true)
    }

    /// Says twice a second that there is silence: ffmpeg would keep a gap in memory, however long it is.
    private func fill(until position: Int64) throws(RecordingError) {
        var time = end
        while position - time > codec.rate {
            try append(codec.silence, at: time, isKeyframe: true)
            time += codec.rate / 2
        }
    }

    private func write(_ frame: VideoFrame) throws(RecordingError) {
        guard frame.position > end || start == nil else { return }
        if let width = frame.width, let height = frame.height, width * height > size.width * size.height { size = (width, height) }
        end = frame.position
        try append(frame.data, at: frame.position, isKeyframe: frame.isKeyframe)
    }

    private func append(_ data: some Collection<UInt8>, at position: Int64, isKeyframe: Bool) throws(RecordingError) {
        let time = max(0, position * 1_000 / codec.rate, last)
        if output == nil { output = try MatroskaFile(path, codec: codec, size: size.width > 0 ? size : nil) }
        if start == nil { start = time }
        last = time
        try output?.append(data, at: time, isKeyframe: isKeyframe)
    }
}
