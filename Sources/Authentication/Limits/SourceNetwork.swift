internal import SIPNames

/// What counts as one source: an address of IPv4, and of IPv6 the network that a subscriber gets.
enum SourceNetwork {
    /// A name for the source. An address that is none is its own name.
    static func name(of address: String) -> String {
        let text = address.hasPrefix("[") ? String(address.dropFirst().prefix { $0 != "]" }) : address
        guard text.contains(":"), let parsed = IPAddress(text) else { return String(address.prefix(64)) }
        let unmapped = parsed.unmapped
        return unmapped.isIPv6 ? Hexadecimal.text(unmapped.bytes.prefix(8)) + "::/64" : unmapped.description
    }
}
