internal import Configuration
internal import Events
internal import TLS

/// Sends calls that are over to a URL by HTTP POST: a JSON array of at most 500 records. An answer of 2xx means that it has them.
///
/// One request on a connection of its own, which blocks on a thread that may wait: a client of some library would bring threads, proxies,
/// redirections and a cache for what is a few lines.
final class RecordPost: RecordSink, @unchecked Sendable {
    let name = "http"
    let takesRunningCalls = false
    /// How long an exchange may take.
    private static let patience = Duration.seconds(20)

    private let url: Secret
    private let authorities: String
    private let patience: Duration

    /// - Parameters:
    ///   - url: `http://…` or `https://…`; a user and password in it are sent as Basic credentials.
    ///   - authorities: A PEM file of those whose certificates are believed.
    init(url: Secret, authorities: String, patience: Duration = RecordPost.patience) {
        self.url = url
        self.authorities = authorities
        self.patience = patience
    }

    func write(_ records: [CallRecord]) throws(RecordError) -> RecordRefusals {
        let shown = ConfigurationText.withoutPassword(url.value)
        guard let target = PostTarget(url.value) else { throw RecordError("\(shown) is no URL that can be asked") }
        let body = "[" + records.map(\.json).joined(separator: ",") + "]"
        let status: Int
        do throws(BlockingStreamError) {
            let security = target.isSecure ? TLSClientSettings(authorities: authorities) : nil
            let stream = try BlockingStream(host: target.host, port: target.port, security: security, patience: patience)
            try stream.write(target.head(length: body.utf8.count) + body)
            status = try RecordPost.status(stream)
        } catch {
            throw RecordError("\(shown): \(error)")
        }
        var refusals = RecordRefusals()
        switch status {
        case 200..<300: break
        // These will never be taken: 413 and 422 say so of the content, 400 of the request.
        case 400, 413, 422:
            guard records.count > 1 else {
                refusals.add("\(shown) answered \(status)")
                break
            }
            for record in records { refusals.add(try write([record])) }
        default: throw RecordError("\(shown) answered \(status)")
        }
        return refusals
    }

    func close() {}

    /// The status of a response, whose header has at most 64 KB.
    private static func status(_ stream: BlockingStream) throws(BlockingStreamError) -> Int {
        var bytes: [UInt8] = []
        while bytes.count < 65_536, !bytes.contains(UInt8(ascii: "\n")) {
            let more = try stream.read()
            guard !more.isEmpty else { break }
            bytes += more
        }
        let line = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        let words = line.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return 0 }
        return status
    }
}

/// Where a POST goes, as RFC 3986 takes a URL apart.
struct PostTarget: Equatable {
    let isSecure: Bool
    /// IPv6 without its brackets.
    let host: String
    let port: Int
    /// With the query.
    let path: String
    /// `user:password`, with escapes decoded; nil where there is none.
    let credentials: String?
    private let authority: String

    init?(_ url: String) {
        let lower = url.prefix(8).lowercased()
        guard lower.hasPrefix("http://") || lower == "https://" else { return nil }
        isSecure = lower == "https://"
        let rest = url.dropFirst(isSecure ? 8 : 7).prefix { $0 != "#" }
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        let after = rest[authority.endIndex...]
        path = after.hasPrefix("/") ? String(after) : "/" + after
        let at = authority.lastIndex(of: "@")
        credentials = at.map { PostTarget.decoded(authority[..<$0]) }
        let place = at.map { authority[authority.index(after: $0)...] } ?? authority
        self.authority = String(place)
        var host = place, port: Substring = ""
        if place.hasPrefix("["), let end = place.firstIndex(of: "]") {
            host = place[place.index(after: place.startIndex)..<end]
            port = place[place.index(after: end)...].drop { $0 == ":" }
        } else if let colon = place.lastIndex(of: ":") {
            (host, port) = (place[..<colon], place[place.index(after: colon)...])
        }
        guard !host.isEmpty, let number = port.isEmpty ? (isSecure ? 443 : 80) : Int(port), (1...65_535).contains(number) else { return nil }
        self.host = String(host)
        self.port = number
    }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The header of a request whose body is JSON.
    func head(length: Int) -> String {
        var lines = [
            "POST \(path) HTTP/1.1", "Host: \(authority)", "User-Agent: tern", "Content-Type: application/json", "Content-Length: \(length)", "Connection: close",
        ]
        if let credentials { lines.append("Authorization: Basic \(Base64.text(credentials))") }
        return lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}

/// RFC 4648 section 4.
private enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let chunk = bytes[start..<min(start + 3, bytes.count)]
            let bits = chunk.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - chunk.count))
            for place in 0..<4 { result.append(place <= chunk.count ? digits[bits >> (18 - 6 * place) & 63] : UInt8(ascii: "=")) }
        }
        return String(decoding: result, as: UTF8.self)
    }
}
