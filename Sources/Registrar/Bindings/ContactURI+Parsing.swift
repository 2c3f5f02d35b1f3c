extension ContactURI {
    /// Reads a URI without angle brackets. Nil for one that is no `sip:` or `sips:` URI (RFC 3261 25.1) or has characters
    /// that no URI has.
    public init?(_ text: String) {
        guard text.utf8.allSatisfy(ContactURI.isAllowed), let colon = text.firstIndex(of: ":") else { return nil }
        switch text[..<colon].lowercased() {
        case "sip": isSecure = false
        case "sips": isSecure = true
        default: return nil
        }
        var rest = text[text.index(after: colon)...]
        // An @ may stand unescaped in neither host nor parameters nor headers, ; and ? may in a user.
        if let at = rest.lastIndex(of: "@") {
            guard let user = ContactURI.unescaped(rest[..<at]), !user.isEmpty else { return nil }
            self.user = user
            rest = rest[rest.index(after: at)...]
        } else {
            user = nil
        }
        let end = rest.firstIndex { $0 == ";" || $0 == "?" } ?? rest.endIndex
        guard let place = ContactURI.place(rest[..<end]) else { return nil }
        (host, port) = place
        let question = rest[end...].firstIndex(of: "?") ?? rest.endIndex
        guard let parameters = ContactURI.parameters(rest[end..<question]),
            let headers = ContactURI.headers(rest[question...])
        else { return nil }
        self.parameters = parameters
        self.headers = headers
        self.text = text
        target = String(text[..<question])
    }

    /// Printable ASCII, but for what ends a URI in a header.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">") && byte != UInt8(ascii: "\"")
    }

    private static func place(_ text: Substring) -> (host: String, port: Int?)? {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let bracket = text.firstIndex(of: "]") else { return nil }
            host = text[...bracket]
            let after = text[text.index(after: bracket)...]
            if !after.isEmpty {
                guard after.first == ":" else { return nil }
                port = after.dropFirst()
            }
            guard host.count > 2, host.dropFirst().dropLast().utf8.allSatisfy({ isHexadecimal($0) || $0 == 0x3A || $0 == 0x2E })
            else { return nil }
        } else {
            if let colon = text.firstIndex(of: ":") {
                host = text[..<colon]
                port = text[text.index(after: colon)...]
            }
            guard !host.isEmpty, host.utf8.allSatisfy({ isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F })
            else { return nil }
        }
        guard let port else { return (host.lowercased(), nil) }
        guard port.utf8.count <= 5, port.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(port),
            (1...65_535).contains(number)
        else { return nil }
        return (host.lowercased(), number)
    }

    private static func parameters(_ text: Substring) -> [String: String]? {
        var found: [String: String] = [:]
        guard !text.isEmpty else { return found }
        for item in text.dropFirst().split(separator: ";", omittingEmptySubsequences: false) {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first.flatMap(unescaped)?.lowercased(), !name.isEmpty, found[name] == nil,
                let value = unescaped(parts.count == 2 ? parts[1] : "")?.lowercased()
            else { return nil }
            found[name] = value
        }
        return found
    }

    private static func headers(_ text: Substring) -> [String]? {
        guard !text.isEmpty else { return [] }
        var found: [String] = []
        for item in text.dropFirst().split(separator: "&", omittingEmptySubsequences: false) {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = unescaped(parts[0])?.lowercased(), !name.isEmpty, let value = unescaped(parts[1])
            else { return nil }
            found.append(name + "=" + value)
        }
        return found.sorted()
    }

    /// Undoes the escapes of characters that need none, which are equal to what they escape (RFC 3261 19.1.4), and writes
    /// the others in upper case. Nil for a % that escapes nothing.
    private static func unescaped(_ text: Substring) -> String? {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else { return nil }
            let value = high << 4 | low
            if isAlphanumeric(value) || marks.contains(value) {
                bytes.append(value)
            } else {
                bytes += [byte, hexadecimal(high), hexadecimal(low)]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static let marks = Array("-_.!~*'()".utf8)

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    private static func hexadecimal(_ digit: UInt8) -> UInt8 { digit < 10 ? 0x30 + digit : 0x41 + digit - 10 }

    private static func isHexadecimal(_ byte: UInt8) -> Bool { digit(byte) != nil }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
