import Foundation
import SDP

/// What a phone says of its media: PCMU, and perhaps one video codec. Count and order of the lines stay within a dialog
/// (RFC 3264, section 8).
struct PhoneMedia: Sendable {
    enum Video: String, Sendable {
        case vp8 = "VP8", h264 = "H264"
    }

    let address: String
    let audioPort: Int
    let videoPort: Int
    /// What it has now; nil is no picture.
    var video: Video?
    var direction = Direction.sendrecv
    var videoDirection = Direction.sendrecv
    /// Where it says that it wants its media; nil is its address.
    var host: String?
    /// Whether it knows telephone-event.
    var hasKeys = false
    /// Its SRTP key for audio, in Base64; nil is plain RTP.
    var key: String?
    private var version = 0
    private var lines: [MediaKind] = []
    private var keyType: UInt8?

    init(address: String, audioPort: Int, videoPort: Int, video: Video?) {
        self.address = address
        self.audioPort = audioPort
        self.videoPort = videoPort
        self.video = video
    }

    mutating func offer() -> String {
        for kind in [MediaKind.audio] + (video == nil ? [] : [.video]) where !lines.contains(kind) { lines.append(kind) }
        keyType = hasKeys ? 101 : nil
        return text { _ in 96 }
    }

    mutating func answer(to offer: SessionDescription) -> String {
        lines = offer.media.map(\.kind)
        keyType = !hasKeys ? nil : offer.media.first { $0.kind == .audio }.flatMap { medium in
            medium.payloadTypes.first { medium.rtpmap(for: $0).map { $0.encoding == "telephone-event" && $0.clockRate == 8_000 } ?? false }
        }
        let type = video.flatMap { video in
            offer.media.first { $0.kind == .video && $0.port != 0 }.flatMap { medium in
                medium.payloadTypes.first { medium.rtpmap(for: $0)?.encoding.uppercased() == video.rawValue }
            }
        }
        return text { _ in type }
    }

    private mutating func text(videoType: (Video) -> UInt8?) -> String {
        version += 1
        var text = "v=0\r\no=phone 1 \(version) IN \(address.contains(":") ? "IP6" : "IP4") \(address)\r\ns=-\r\nc=IN \(host?.contains(":") == true ? "IP6" : "IP4") \(host ?? address)\r\nt=0 0\r\n"
        for kind in lines {
            if kind == .audio {
                text += "m=audio \(audioPort) RTP/\(key == nil ? "AVP" : "SAVP") 0\(keyType.map { " \($0)" } ?? "")\r\n"
                text += "a=rtpmap:0 PCMU/8000\r\na=\(direction.rawValue)\r\n"
                if let keyType { text += "a=rtpmap:\(keyType) telephone-event/8000\r\na=fmtp:\(keyType) 0-15\r\n" }
                if let key { text += "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:\(key)\r\n" }
            } else if kind == .video, let video, let type = videoType(video) {
                text += "m=video \(videoPort) RTP/AVP \(type)\r\na=rtpmap:\(type) \(video.rawValue)/90000\r\n"
                if video == .h264 { text += "a=fmtp:\(type) profile-level-id=42e01f;packetization-mode=1\r\n" }
                text += "a=\(videoDirection.limited(to: direction).rawValue)\r\n"
            } else {
                text += "m=\(kind) 0 RTP/AVP 0\r\n"
            }
        }
        return text
    }
}
