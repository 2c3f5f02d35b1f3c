/// The kind of an address on the Internet (RFC 8866, section 5.2).
public enum AddressType: Sendable, Hashable {
    case ip4, ip6
    /// Of another network, or written in a way that cannot be read.
    case unknown

    /// The name, in any case.
    init(_ name: Substring) {
        self = name.isSame(as: "IP4") ? .ip4 : name.isSame(as: "IP6") ? .ip6 : .unknown
    }

    var name: String {
        switch self {
        case .ip4: "IP4"
        case .ip6: "IP6"
        case .unknown: ""
        }
    }
}
