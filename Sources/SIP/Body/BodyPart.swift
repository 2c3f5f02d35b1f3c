internal import SIPNames

/// A message's body, or a part of one, with the header fields that say what it is (RFC 5621, RFC 2045).
struct BodyPart {
    /// Without one it is `text/plain`, and the body of a message a session description (RFC 3261 section 7.4.1).
    var type: ParameterizedValue?
    var disposition: ParameterizedValue?
    /// Whether it has a Content-ID: a header field can name it (RFC 2392).
    var hasID = false
    /// Whether it is compressed, not binary, or has a header that is too long: then it is not read.
    var isEncoded = false
    var content: ArraySlice<UInt8>

    /// Bytes of a part's header that are read.
    private static let longestHeader = 4_096

    init(type: ParameterizedValue?, disposition: ParameterizedValue?, isEncoded: Bool, content: ArraySlice<UInt8>) {
        self.type = type
        self.disposition = disposition
        self.isEncoded = isEncoded
        self.content = content
    }

    /// What stands between two delimiters: a header, an empty line, the content. Without an empty line it is all header.
    init(_ bytes: ArraySlice<UInt8>) {
        var lines = LineScanner(bytes)
        var fields: [String] = []
        while let line = lines.next(), !line.isEmpty {
            guard lines.position - bytes.startIndex <= BodyPart.longestHeader else {
                isEncoded = true
                break
            }
            let text = String(decoding: line, as: UTF8.self)
            // A field goes on in the next line behind a blank (RFC 2822 section 2.2.3).
            if text.hasPrefix(" ") || text.hasPrefix("\t"), !fields.isEmpty {
                fields[fields.count - 1] += text
            } else {
                fields.append(text)
            }
        }
        content = bytes[lines.position...]
        for field in fields { read(field) }
    }

    private mutating func read(_ field: String) {
        guard let colon = field.firstIndex(of: ":") else { return }
        let value = QuotedText.trimmed(field[field.index(after: colon)...])
        switch QuotedText.trimmed(field[..<colon]).lowercased() {
        case "content-type": type = type ?? ParameterizedValue(value)
        case "content-disposition": disposition = disposition ?? ParameterizedValue(value)
        case "content-id": hasID = true
        case "content-encoding": isEncoded = isEncoded || value.lowercased() != "identity"
        case "content-transfer-encoding": isEncoded = isEncoded || !["7bit", "8bit", "binary"].contains(value.lowercased())
        default: break
        }
    }

    /// Whether nothing is lost when it is not understood.
    ///
    /// `required` is the default (RFC 3261 section 20.11). But a part with a Content-ID and no word about it is for the header field that names
    /// it, as a place is for Geolocation (RFC 6442): who does not know that field has no use for the part (RFC 3261 section 8.2.2).
    var isOptional: Bool {
        switch disposition?.parameters["handling"]?.lowercased() {
        case "optional": true
        case nil where hasID || disposition?.value == "by-reference": true
        default: false
        }
    }
}

/// A header field's value with parameters: `multipart/mixed;boundary="a b"`, `signal;handling=optional` (RFC 3261 section 25.1).
struct ParameterizedValue: Equatable {
    /// Before the first semicolon, in lower case.
    let value: String
    /// By their names in lower case, without quotes. Of several with one name the first counts.
    private(set) var parameters: [String: String] = [:]

    /// More parameters are not read.
    private static let mostParameters = 16

    init(_ text: String) {
        var parts = QuotedText.split(text[...], at: ";")[...]
        value = QuotedText.trimmed(parts.popFirst() ?? "").lowercased()
        for part in parts.prefix(ParameterizedValue.mostParameters) {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = QuotedText.trimmed(pair.first ?? "").lowercased()
            guard !name.isEmpty, parameters[name] == nil else { continue }
            parameters[name] = NameAddress.unquoted(QuotedText.trimmed(pair.count == 2 ? pair[1] : ""))
        }
    }
}

/// Texts of header fields in which a quoted string may have the separator (RFC 3261 section 25.1).
enum QuotedText {
    /// The pieces of `text` between separators outside of quotes; the whole where there is none.
    static func split(_ text: Substring, at separator: Unicode.Scalar) -> [Substring] {
        var parts: [Substring] = []
        var (start, isQuoted, isEscaped) = (text.startIndex, false, false)
        let scalars = text.unicodeScalars
        for index in scalars.indices {
            if isEscaped {
                isEscaped = false
            } else if isQuoted, scalars[index] == "\\" {
                isEscaped = true
            } else if scalars[index] == "\"" {
                isQuoted.toggle()
            } else if scalars[index] == separator, !isQuoted {
                parts.append(text[start..<index])
                start = scalars.index(after: index)
            }
        }
        return parts + [text[start...]]
    }

    /// Without the blanks and tabs around it.
    static func trimmed(_ text: some StringProtocol) -> String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        return String(text.drop(while: isBlank).reversed().drop(while: isBlank).reversed())
    }
}
