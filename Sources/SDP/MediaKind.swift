/// The first field of an `m=` line (RFC 8866, section 5.14).
public enum MediaKind: Sendable, Hashable, CustomStringConvertible {
    case audio, video, application, image, text, message
    case other(String)

    /// The name, in any case.
    public init(_ name: String) {
        switch String(Substring(name).lowercasedIfNeeded) {
        case "audio": self = .audio
        case "video": self = .video
        case "application": self = .application
        case "image": self = .image
        case "text": self = .text
        case "message": self = .message
        default: self = .other(name)
        }
    }

    public var description: String {
        switch self {
        case .audio: "audio"
        case .video: "video"
        case .application: "application"
        case .image: "image"
        case .text: "text"
        case .message: "message"
        case .other(let name): name
        }
    }
}

/// Which way media flows, as the sender of the description sees it (RFC 8866, section 6.7).
public enum Direction: String, Sendable, Hashable, CaseIterable {
    case sendrecv, sendonly, recvonly, inactive

    public init(sends: Bool, receives: Bool) {
        switch (sends, receives) {
        case (true, true): self = .sendrecv
        case (true, false): self = .sendonly
        case (false, true): self = .recvonly
        case (false, false): self = .inactive
        }
    }

    public var sends: Bool { self == .sendrecv || self == .sendonly }
    public var receives: Bool { self == .sendrecv || self == .recvonly }

    /// The same flow as the other side sees it.
    public var reversed: Direction { Direction(sends: receives, receives: sends) }

    /// Only what both allow.
    public func limited(to other: Direction) -> Direction {
        Direction(sends: sends && other.sends, receives: receives && other.receives)
    }
}

/// The third field of an `m=` line (RFC 8866, section 5.14).
public enum TransportProtocol: Sendable, Hashable, CustomStringConvertible {
    /// Plain RTP (RFC 3551).
    case avp
    /// Plain RTP with feedback (RFC 4585).
    case avpf
    /// SRTP, keyed by `a=crypto` (RFC 3711, RFC 4568).
    case savp
    /// SRTP with feedback (RFC 5124).
    case savpf
    /// SRTP keyed by DTLS (RFC 5764).
    case dtlsSAVP, dtlsSAVPF
    case other(String)

    /// The name, in any case.
    public init(_ name: String) {
        switch name.uppercased() {
        case "RTP/AVP": self = .avp
        case "RTP/AVPF": self = .avpf
        case "RTP/SAVP": self = .savp
        case "RTP/SAVPF": self = .savpf
        case "UDP/TLS/RTP/SAVP": self = .dtlsSAVP
        case "UDP/TLS/RTP/SAVPF": self = .dtlsSAVPF
        default: self = .other(name)
        }
    }

    public var description: String {
        switch self {
        case .avp: "RTP/AVP"
        case .avpf: "RTP/AVPF"
        case .savp: "RTP/SAVP"
        case .savpf: "RTP/SAVPF"
        case .dtlsSAVP: "UDP/TLS/RTP/SAVP"
        case .dtlsSAVPF: "UDP/TLS/RTP/SAVPF"
        case .other(let name): name
        }
    }

    /// Whether the formats of the line are RTP payload types.
    public var isRTP: Bool {
        if case .other(let name) = self { return name.uppercased().contains("RTP/") }
        return true
    }

    /// Whether RTCP feedback messages may be negotiated (RFC 4585, section 4.2).
    public var hasFeedback: Bool { self == .avpf || self == .savpf || self == .dtlsSAVPF }
}
