/// The kind of an address on the Internet (RFC 8866, section 5.2).
public enum AddressType: String, Sendable, Hashable {
    case ip4 = "IP4"
    case ip6 = "IP6"
}
