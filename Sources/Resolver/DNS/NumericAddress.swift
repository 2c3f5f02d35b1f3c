internal import Glibc

/// An IPv4 or IPv6 address, compared and printed in canonical form.
struct NumericAddress: Sendable, Hashable, CustomStringConvertible {
    /// 4 or 16 bytes, network order.
    let bytes: [UInt8]

    /// Nil unless there are 4 or 16.
    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.bytes = Array(bytes)
    }

    /// Nil unless `text` is an address in full; IPv6 with or without brackets, no zone.
    init?(_ text: String) {
        let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
        let bare = isBracketed ? String(text.dropFirst().dropLast()) : text
        guard bare.utf8.count < 46, !bare.utf8.contains(0) else { return nil }
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] where !isBracketed || family == AF_INET6 {
            var buffer = [UInt8](repeating: 0, count: count)
            if inet_pton(family, bare, &buffer) == 1 {
                bytes = buffer
                return
            }
        }
        return nil
    }

    static let loopback4 = NumericAddress(unchecked: [127, 0, 0, 1])
    static let loopback6 = NumericAddress(unchecked: [UInt8](repeating: 0, count: 15) + [1])

    private init(unchecked bytes: [UInt8]) { self.bytes = bytes }

    var family: Hop.Family { bytes.count == 16 ? .ipv6 : .ipv4 }

    /// Whether it can be one host's: not 0.0.0.0 or ::, not multicast, not broadcast.
    var isOfOneHost: Bool {
        let first = bytes.first ?? 0
        if bytes.allSatisfy({ $0 == 0 }) { return false }
        return family == .ipv6 ? first != 0xff : first < 224
    }

    var description: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let kind = family == .ipv6 ? AF_INET6 : AF_INET
        guard inet_ntop(kind, bytes, &text, socklen_t(text.count)) != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
