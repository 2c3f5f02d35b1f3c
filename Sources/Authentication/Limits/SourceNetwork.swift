internal import Glibc

/// What counts as one source: an address of IPv4, and of IPv6 the network that a subscriber gets.
enum SourceNetwork {
    /// A name for the source. An address that is none is its own name.
    static func name(of address: String) -> String {
        let text = address.hasPrefix("[") ? String(address.dropFirst().prefix { $0 != "]" }) : address
        var parsed = in6_addr()
        guard text.contains(":"), text.utf8.count < 64, inet_pton(AF_INET6, text, &parsed) == 1 else {
            return String(address.prefix(64))
        }
        let bytes = withUnsafeBytes(of: parsed) { Array($0) }
        let mapped: [UInt8] = Array(repeating: 0, count: 10) + [0xFF, 0xFF]
        if bytes.starts(with: mapped) { return bytes.suffix(4).map(String.init).joined(separator: ".") }
        return Hexadecimal.text(bytes.prefix(8)) + "::/64"
    }
}
