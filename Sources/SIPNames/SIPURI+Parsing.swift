extension SIPURI {
    /// Where the parts of a URI stand in its text; none of them is looked at yet.
    struct Pieces {
        let isSecure: Bool
        /// Behind the scheme.
        let start: String.Index
        /// In front of the `@`; nil where there is none.
        let userinfo: Substring?
        let hostAndPort: Substring
        /// From the first `;` behind the host on, empty where there is none.
        let parameters: Substring
        /// From the `?` on, empty where there is none.
        let headers: Substring

        init?(_ text: String) {
            // Bytes, as characters take ten times as long to find; what ends a part is ASCII, which no other byte of UTF-8 looks like.
            guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            switch text[..<colon].lowercased() {
            case "sip": isSecure = false
            case "sips": isSecure = true
            default: return nil
            }
            start = text.utf8.index(after: colon)
            let rest = text.utf8[start...], at = UInt8(ascii: "@")
            func isEnd(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ";") || byte == UInt8(ascii: "?") }
            // A user may have ; and ? as they are. Behind the first @ these end the host, and with it where another @ can stand.
            var host = rest.firstIndex(of: at).map { rest.index(after: $0) } ?? rest.startIndex
            if host != rest.startIndex {
                let front = rest[host...].prefix { !isEnd($0) }
                host = front.lastIndex(of: at).map { rest.index(after: $0) } ?? host
            }
            userinfo = host == rest.startIndex ? nil : text[start..<rest.index(before: host)]
            let end = rest[host...].firstIndex(where: isEnd) ?? rest.endIndex
            let question = rest[end...].firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
            hostAndPort = text[host..<end]
            parameters = text[end..<question]
            headers = text[question...]
        }
    }

    /// The same URI with another host, and else as it was written.
    public func replacingHost(with host: String) -> String {
        guard let place = Pieces(text)?.hostAndPort else { return text }
        let former = place.hasPrefix("[") ? place[...(place.firstIndex(of: "]") ?? place.startIndex)] : place.prefix { $0 != ":" }
        return text[..<former.startIndex] + host + text[former.endIndex...]
    }

    /// The same URI without headers and one parameter, and that parameter's value as it was written; nil where it has none of that name.
    public func removingParameter(_ name: String) -> (uri: String, value: String)? {
        guard let pieces = Pieces(text) else { return nil }
        var items = pieces.parameters.split(separator: ";", omittingEmptySubsequences: false)
        guard let index = items.firstIndex(where: { $0.lowercased().hasPrefix("\(name)=") }) else { return nil }
        let value = items.remove(at: index).dropFirst(name.count + 1)
        return (text[..<pieces.parameters.startIndex] + items.joined(separator: ";"), String(value))
    }

    /// Printable ASCII, but for what ends a URI in a header.
    static func isAllowed(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">") && byte != UInt8(ascii: "\"")
    }

    /// `HOST`, `HOST:PORT`, `[IPV6]`, `[IPV6]:PORT`.
    static func place(_ text: Substring) -> (host: String, port: Int?)? {
        let host: String
        let rest: Substring
        if text.hasPrefix("[") {
            guard let bracket = text.firstIndex(of: "]"), let address = IPAddress(host: String(text[...bracket])) else { return nil }
            host = address.description
            rest = text[text.index(after: bracket)...]
        } else {
            let name = Substring(text.utf8.prefix { $0 != UInt8(ascii: ":") })
            guard (1...255).contains(name.utf8.count), name.utf8.allSatisfy({ isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E || $0 == 0x5F })
            else { return nil }
            host = name.lowercased()
            rest = text[name.endIndex...]
        }
        guard !rest.isEmpty else { return (host, nil) }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), (1...65_535).contains(port)
        else { return nil }
        return (host, port)
    }

    static func parameters(_ text: Substring, _ isExact: inout Bool) -> [String: String] {
        var found: [String: String] = [:]
        guard !text.isEmpty else { return found }
        for item in text.utf8.dropFirst().split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false) {
            let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false).map(Substring.init)
            let name = normalised(parts.first ?? "", &isExact).lowercased()
            let value = normalised(parts.count == 2 ? parts[1] : "", &isExact).lowercased()
            guard !name.isEmpty, found[name] == nil else {
                isExact = false
                continue
            }
            found[name] = value
        }
        return found
    }

    static func headers(_ text: Substring, _ isExact: inout Bool) -> [String] {
        guard !text.isEmpty else { return [] }
        var found: [String] = []
        for item in text.dropFirst().split(separator: "&", omittingEmptySubsequences: false) {
            let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = parts.first, !name.isEmpty else {
                isExact = false
                continue
            }
            found.append(normalised(name, &isExact).lowercased() + "=" + normalised(parts[1], &isExact))
        }
        return found.sorted()
    }

    /// Undoes the escapes of characters that need none, which are equal to what they escape (RFC 3261 section 19.1.4), and writes
    /// the others in upper case. A % that escapes nothing stays, and makes `isExact` false.
    static func normalised(_ text: Substring, _ isExact: inout Bool) -> String {
        guard text.utf8.contains(UInt8(ascii: "%")) else { return String(text) }
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2).compactMap(digit)
            guard digits.count == 2, let high = digits.first, let low = digits.last else {
                isExact = false
                bytes.append(byte)
                continue
            }
            rest = rest.dropFirst(2)
            let value = high << 4 | low
            if isAlphanumeric(value) || "-_.!~*'()".utf8.contains(value) {
                bytes.append(value)
            } else {
                bytes += [byte, hexadecimal(high), hexadecimal(low)]
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
