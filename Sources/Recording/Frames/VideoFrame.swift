/// One whole frame of a video stream.
struct VideoFrame: Equatable {
    var data: [UInt8]
    /// In ticks of the RTP clock since the recording's beginning.
    var position: Int64
    /// Whether it can be decoded without those before it.
    var isKeyframe: Bool
    /// Of a keyframe that says so.
    var width: Int?
    var height: Int?
}

/// Takes the payload of RTP packets of a codec apart.
protocol VideoPayload {
    /// Adds what a packet has of a frame. False when the frame cannot be completed any more.
    mutating func add(_ payload: ArraySlice<UInt8>, to frame: inout VideoFrame) -> Bool

    /// What follows is of another frame.
    mutating func begin()
}

/// Puts the packets of a video stream together to whole frames; one with a gap in it is left out, and so is what comes before the
/// first keyframe.
struct FrameAssembly {
    private var payload: any VideoPayload
    private var frame: VideoFrame?
    private var timestamp: UInt32 = 0
    private var isBroken = false
    /// Whether the last packet said that it was the frame's last one.
    private var isComplete = false
    private var hasKeyframe = false

    /// A frame with more bytes than this is left out.
    static let limit = 4 << 20

    /// Nil for a codec of audio.
    init?(_ codec: MediaCodec) {
        switch codec {
        case .vp8: payload = VP8Payload()
        case .vp9: payload = VP9Payload()
        case .h264: payload = H264Payload()
        case .h265: payload = H265Payload()
        case .av1: payload = AV1Payload()
        case .pcmu, .pcma, .g722, .opus: return nil
        }
    }

    /// Gives the frame that was completed by this packet, or by its being of the next one.
    mutating func take(_ placed: PacketQueue.Placed) -> VideoFrame? {
        let packet = placed.packet
        guard !packet.payload.isEmpty else { return nil }
        var done: VideoFrame?
        if let open = frame, packet.timestamp == timestamp {
            isBroken = isBroken || placed.followsGap
            frame = open
        } else {
            // What is missing may be the end of the frame before as well as the beginning of this one.
            if placed.followsGap, !isComplete { isBroken = true }
            done = finish()
            timestamp = packet.timestamp
            payload.begin()
            frame = VideoFrame(data: [], position: placed.position, isKeyframe: false)
            isBroken = placed.followsGap && !payload.canBegin(packet.payload)
        }
        if var open = frame {
            frame = nil
            if !payload.add(packet.payload, to: &open) || open.data.count > FrameAssembly.limit { isBroken = true }
            frame = open
        }
        isComplete = packet.marker
        return done
    }

    /// The last frame.
    mutating func finish() -> VideoFrame? {
        defer {
            frame = nil
            isBroken = false
        }
        guard let frame, !isBroken, !frame.data.isEmpty else { return nil }
        if frame.isKeyframe { hasKeyframe = true }
        return hasKeyframe ? frame : nil
    }
}

extension VideoPayload {
    mutating func begin() {}

    /// Whether a frame may begin with this packet; asked behind a gap.
    func canBegin(_ payload: ArraySlice<UInt8>) -> Bool {
        var frame = VideoFrame(data: [], position: 0, isKeyframe: false)
        var copy = self
        copy.begin()
        return copy.add(payload, to: &frame)
    }
}
