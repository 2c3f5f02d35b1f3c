/// A domain name: letters, digits, hyphens and underscores, compared without regard to case.
struct DNSName: Sendable, Hashable, CustomStringConvertible {
    /// In lower case, without the last dot; "." is the root.
    let description: String

    static let root = DNSName(unchecked: ".")

    /// Nil for what no name server is asked: other characters, labels of more than 63 bytes, more than 253 in all.
    init?(_ text: String) {
        if text == "." { self = DNSName.root; return }
        let bare = text.hasSuffix(".") ? text.dropLast() : text[...]
        guard (1...253).contains(bare.utf8.count) else { return nil }
        let labels = bare.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard labels.allSatisfy({ (1...63).contains($0.count) && $0.allSatisfy(DNSName.mayContain) }) else { return nil }
        description = bare.lowercased()
    }

    private init(unchecked text: String) { description = text }

    /// RFC 952, RFC 1123 section 2.1, and the underscore of RFC 2782.
    static func mayContain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    var labels: [Substring] { description.split(separator: ".") }

    /// Whether it can be a host's: not the root, and not digits at the end, which is a mistyped address.
    var isHost: Bool { labels.last.map { !$0.allSatisfy(\.isNumber) } ?? false }

    /// `localhost` and what is below it, which no name server is asked about (RFC 6761 section 6.3).
    var isLocalhost: Bool { labels.last == "localhost" }

    /// `_sip._udp` before this name; nil when that is too long.
    func service(_ labels: String) -> DNSName? { DNSName("\(labels).\(description)") }
}
