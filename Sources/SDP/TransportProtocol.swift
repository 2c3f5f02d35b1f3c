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
