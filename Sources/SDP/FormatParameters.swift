/// The parameters of one format: `a=fmtp` (RFC 8866, section 6.15).
public struct FormatParameters: Sendable, Hashable {
    /// The format as in the `m=` line; a payload type for RTP.
    public var format: String
    /// As sent: each codec has a syntax of its own, most `name=value;name=value`.
    public var text: String

    public init(format: String, text: String) {
        self.format = format
        self.text = text
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let format = reader.next() else { return nil }
        self.init(format: String(format), text: String(reader.remainder()))
        // The one parameter that names another payload type (RFC 4588, section 8.1).
        if let apt = self["apt"], UInt8(digits: apt).map({ $0 < 128 }) != true { return nil }
    }

    var value: String { text.isEmpty ? format : "\(format) \(text)" }

    /// The value of a parameter of the form `name=value`, its name without regard to case.
    public subscript(name: String) -> String? {
        for pair in text.utf8.split(separator: UInt8(ascii: ";")) {
            guard let (key, value) = Substring(pair).split(at: UInt8(ascii: "=")) else { continue }
            if key.trimmingSpaces().lowercased() == name.lowercased() { return String(value.trimmingSpaces()) }
        }
        return nil
    }
}
