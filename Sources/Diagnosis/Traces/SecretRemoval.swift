internal import Glibc

/// Removes secrets from SIP messages, JSON messages and log lines, before they are kept or shown.
///
/// Removed are: the response of digest authentication (RFC 7616; user, realm and nonce stay) and all of other schemes, SRTP keys in SDP
/// (RFC 4568, RFC 4567, RFC 8866 section 5.12), ids that callers give their line tests, passwords of ICE (RFC 8839) and of URIs, and the members of JSON objects that have passwords, tokens
/// and keys.
public enum SecretRemoval {
    /// What stands in the place of a secret.
    public static let mark = "***"

    /// The text without its secrets; the same text where it has none.
    public static func clean(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var secrets: [Range<Int>] = []
        let scanner = SecretScanner(bytes: bytes)
        scanner.findAfterColons(&secrets)
        scanner.findCredentials(&secrets)
        guard !secrets.isEmpty else { return text }
        return replace(secrets, in: bytes)
    }

    private static func replace(_ secrets: [Range<Int>], in bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var position = 0
        for secret in secrets.sorted(by: { $0.lowerBound < $1.lowerBound }) where secret.upperBound > position {
            if secret.lowerBound > position { result += bytes[position..<secret.lowerBound] }
            if secret.lowerBound >= position { result += mark.utf8 }
            position = secret.upperBound
        }
        result += bytes[position...]
        return String(decoding: result, as: UTF8.self)
    }
}

/// Finds secrets in the bytes of one text.
private struct SecretScanner {
    let bytes: [UInt8]

    // MARK: Values after a colon: SDP, JSON, URIs

    func findAfterColons(_ secrets: inout [Range<Int>]) {
        var position = 0
        while let colon = next(UInt8(ascii: ":"), from: position) {
            position = colon + 1
            guard let name = wordBefore(colon), let secret = secret(after: colon, name) else { continue }
            if !secret.isEmpty { secrets.append(secret) }
            // A secret is passed over as a whole: each byte is looked at once, whatever stands in it.
            position = max(position, secret.upperBound)
        }
    }

    private func secret(after colon: Int, _ name: ArraySlice<UInt8>) -> Range<Int>? {
        switch name.last.map({ $0 | 0x20 }) {
        case UInt8(ascii: "e"), UInt8(ascii: "d"), UInt8(ascii: "r"), UInt8(ascii: "4"), UInt8(ascii: "i"), UInt8(ascii: "t"):
            endOfSDPSecret(after: colon, name).map { colon + 1..<$0 }
        case UInt8(ascii: "p"), UInt8(ascii: "s"): passwordOfURI(after: colon, name)
        case UInt8(ascii: "\"") | 0x20: secretMember(at: colon)
        default: nil
        }
    }

    private func next(_ byte: UInt8, from position: Int, before end: Int? = nil) -> Int? {
        let end = min(end ?? bytes.count, bytes.count)
        guard position < end else { return nil }
        return bytes.withUnsafeBytes { all in
            guard let base = all.baseAddress, let found = memchr(base + position, Int32(byte), end - position) else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// The bytes before a colon, white space passed over: at most as many as the longest word that is looked for.
    private func wordBefore(_ colon: Int) -> ArraySlice<UInt8>? {
        var end = colon
        while end > 0, bytes[end - 1] == UInt8(ascii: " ") || bytes[end - 1] == UInt8(ascii: "\t") || bytes[end - 1] == 10 || bytes[end - 1] == 13 { end -= 1 }
        return end > 0 ? bytes[max(0, end - 100)..<end] : nil
    }

    /// Up to the end of a key, or of the line where the key has spaces.
    private static let sdpWords: [(word: String, toLineEnd: Bool)] = [
        ("inline", false), ("ice-pwd", false), ("k=clear", true), ("k=base64", true), ("k=uri", true), ("key-mgmt", true),
        ("x-tern-test-id", true),
    ]

    private func endOfSDPSecret(after colon: Int, _ name: ArraySlice<UInt8>) -> Int? {
        guard let word = SecretScanner.sdpWords.first(where: { ends(name, with: $0.word) }) else { return nil }
        var end = colon + 1
        while end < bytes.count {
            switch bytes[end] {
            case UInt8(ascii: "\""): return end
            case 13, 10: if !isContinued(end) { return end }
            // Within JSON: an escaped slash belongs to the key, an escaped line end does not.
            case UInt8(ascii: "\\"):
                guard end + 1 < bytes.count, bytes[end + 1] == UInt8(ascii: "/") || bytes[end + 1] == UInt8(ascii: "u") else { return end }
            case UInt8(ascii: " "), UInt8(ascii: "|"), UInt8(ascii: ";"): if !word.toLineEnd, end > colon + 1 { return end }
            default: break
            }
            end += 1
        }
        return end
    }

    /// Whether the header field goes on in the line behind the line end at this place.
    private func isContinued(_ end: Int) -> Bool {
        let next = bytes[end] == 13 && end + 1 < bytes.count && bytes[end + 1] == 10 ? end + 2 : end + 1
        return next < bytes.count && (bytes[next] == 0x20 || bytes[next] == 9)
    }

    /// `sip:user:password@host` (RFC 3261 section 19.1.1).
    private func passwordOfURI(after colon: Int, _ name: ArraySlice<UInt8>) -> Range<Int>? {
        guard ends(name, with: "sip") || ends(name, with: "sips") else { return nil }
        var start: Int?
        var index = colon + 1
        while index < bytes.count, index < colon + 512 {
            switch bytes[index] {
            case UInt8(ascii: "@"): return start.map { $0..<index }
            case UInt8(ascii: ":"): start = start ?? index + 1
            case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\\"), 0...0x20: return nil
            default: break
            }
            index += 1
        }
        return nil
    }

    private static let members: Set<String> = [
        "password", "token", "resume_token", "apisecret", "api_secret", "admin_secret", "secret", "key", "local", "remote", "ha1", "authorization", "recovery",
    ]

    /// The string that is the value of a member with a secret; the colon follows the member's name.
    private func secretMember(at colon: Int) -> Range<Int>? {
        guard let word = wordBefore(colon), word.last == UInt8(ascii: "\""), let open = word.dropLast().lastIndex(of: UInt8(ascii: "\"")) else { return nil }
        let name = String(decoding: bytes[open + 1..<word.endIndex - 1], as: UTF8.self).lowercased()
        // An escaped letter may be one of these names'.
        guard SecretScanner.members.contains(name) || name.contains("\\") else { return nil }
        var start = colon + 1
        while start < bytes.count, bytes[start] <= 0x20 { start += 1 }
        guard start < bytes.count, bytes[start] == UInt8(ascii: "\"") else { return nil }
        var end = start + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
        return start + 1..<min(end, bytes.count)
    }

    private func ends(_ name: ArraySlice<UInt8>, with word: String) -> Bool {
        name.count >= word.utf8.count && zip(name.suffix(word.utf8.count), word.utf8).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 && $1 >= 0x61) }
    }

    // MARK: Credentials of SIP and HTTP

    private static let headers = ["authorization", "proxy-authorization", "authentication-info", "proxy-authentication-info"]

    func findCredentials(_ secrets: inout [Range<Int>]) {
        var start = 0
        // The next LF: looked for once, however many lines end in CR alone before it.
        var feed = next(10, from: 0) ?? bytes.count
        /// Where the last byte of the line's end is: a line may end in CR alone, as it may where SIP is parsed.
        func lineEnd(from start: Int) -> Int {
            if feed < start { feed = next(10, from: start) ?? bytes.count }
            guard let carriage = next(13, from: start, before: feed), carriage + 1 < feed else { return feed }
            return carriage
        }
        while start < bytes.count {
            var end = lineEnd(from: start)
            // A line that begins with white space continues the one before (RFC 3261 section 7.3.1).
            while end + 1 < bytes.count, bytes[end + 1] == 0x20 || bytes[end + 1] == 9 { end = lineEnd(from: end + 1) }
            findCredentials(in: start..<end, &secrets)
            start = end + 1
        }
    }

    private func findCredentials(in line: Range<Int>, _ secrets: inout [Range<Int>]) {
        // The first letter of each such header, so that most lines are done with it.
        guard let first = line.first, bytes[first] | 0x20 == UInt8(ascii: "a") || bytes[first] | 0x20 == UInt8(ascii: "p") else { return }
        var end = first
        while end < line.upperBound, bytes[end] > 0x20, bytes[end] != UInt8(ascii: ":") { end += 1 }
        let name = bytes[first..<end]
        guard let header = SecretScanner.headers.first(where: { $0.utf8.count == name.count && ends(name, with: $0) }) else { return }
        // White space of any length, folded lines included, may stand before the colon.
        var colon = end
        while colon < line.upperBound, bytes[colon] <= 0x20 { colon += 1 }
        guard colon < line.upperBound, bytes[colon] == UInt8(ascii: ":") else { return }
        var parameters = DigestParameters(bytes: bytes, position: colon + 1, end: line.upperBound)
        secrets += parameters.secrets(hasScheme: !header.hasSuffix("info"))
    }
}

/// The parameters of one header with credentials (RFC 7235 section 2.1).
private struct DigestParameters {
    let bytes: [UInt8]
    var position: Int
    let end: Int

    mutating func secrets(hasScheme: Bool) -> [Range<Int>] {
        skipSpace()
        if hasScheme {
            let scheme = token()
            skipSpace()
            guard scheme.lowercased() == "digest" else { return position < trimmedEnd ? [position..<trimmedEnd] : [] }
        }
        var found: [Range<Int>] = []
        while position < end {
            skipSpace()
            let start = position
            let name = token().lowercased()
            skipSpace()
            guard position < end, bytes[position] == UInt8(ascii: "=") else {
                // What cannot be read may be anything.
                if start < trimmedEnd { found.append(start..<trimmedEnd) }
                return found
            }
            position += 1
            skipSpace()
            let value = value()
            if name == "response" || name == "rspauth" { found.append(value) }
        }
        return found
    }

    private var trimmedEnd: Int { end > 0 && end <= bytes.count && end > position && bytes[end - 1] == 13 ? end - 1 : end }

    private mutating func skipSpace() {
        while position < end, bytes[position] <= 0x20 || bytes[position] == UInt8(ascii: ",") { position += 1 }
    }

    private mutating func token() -> String {
        let start = position
        while position < end, bytes[position] > 0x20, bytes[position] != UInt8(ascii: "="), bytes[position] != UInt8(ascii: ",") { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func value() -> Range<Int> {
        let start = position
        guard position < end, bytes[position] == UInt8(ascii: "\"") else {
            while position < end, bytes[position] > 0x20, bytes[position] != UInt8(ascii: ",") { position += 1 }
            return start..<position
        }
        position += 1
        while position < end, bytes[position] != UInt8(ascii: "\"") { position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1 }
        position = min(position, end)
        let value = start + 1..<max(start + 1, position)
        position = min(position + 1, end)
        return value
    }
}
