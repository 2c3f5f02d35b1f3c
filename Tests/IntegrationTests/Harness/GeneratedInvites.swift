import TestRandom

/// INVITEs with one fault each, made from a table of header fields and a table of what can be wrong with a part of one.
///
/// Characters are bytes (ISO Latin 1), so that broken UTF-8 can be written.
struct GeneratedInvite: Sendable {
    /// What is wrong with it, for the log of a failed test.
    let fault: String
    let text: String
    /// Whether the message may be dropped: what a response is made of, or sent by, is broken.
    let maySilence: Bool

    /// What names an INVITE in its responses.
    static func name(_ number: Int) -> String { "generated-\(number)-x" }

    // MARK: The grammar

    private enum Kind {
        case token, number, host, uri, quoted, text
    }

    private enum Part {
        /// Stays as it is.
        case fixed(String)
        /// Is replaced by what is wrong for its kind.
        case field(Kind, String)

        var text: String {
            switch self {
            case .fixed(let text), .field(_, let text): text
            }
        }
    }

    private struct Header {
        let name: String
        let parts: [Part]
        /// Whether a response is made of it or sent by it.
        var isNeeded = false
    }

    /// Who sends the INVITEs, and to whom.
    struct Ends: Sendable {
        let address: String
        let port: Int
        let gateway: String
    }

    private static func headers(_ ends: Ends, _ number: Int) -> [Header] {
        let own = "\(ends.address)", port = "\(ends.port)"
        return [
            Header(name: "Via", parts: [
                .field(.token, "SIP"), .fixed("/"), .field(.token, "2.0"), .fixed("/"), .field(.token, "UDP"), .fixed(" "), .field(.host, own), .fixed(":"),
                .field(.number, port), .fixed(";rport;branch="), .field(.token, "z9hG4bK-" + name(number)),
            ], isNeeded: true),
            Header(name: "Max-Forwards", parts: [.field(.number, "70")]),
            Header(name: "From", parts: [
                .field(.quoted, "\"Caller\""), .fixed(" <"), .field(.uri, "sip:caller@\(own):\(port)"), .fixed(">;tag="), .field(.token, "t\(number)"),
            ], isNeeded: true),
            Header(name: "To", parts: [.field(.quoted, "\"Echo\""), .fixed(" <"), .field(.uri, "sip:echo@\(ends.gateway)"), .fixed(">"), .field(.text, "")], isNeeded: true),
            Header(name: "Call-ID", parts: [.field(.text, name(number)), .fixed("@"), .field(.host, own)], isNeeded: true),
            Header(name: "CSeq", parts: [.field(.number, "\(number)"), .fixed(" "), .field(.token, "INVITE")], isNeeded: true),
            Header(name: "Contact", parts: [
                .field(.quoted, "\"Caller\""), .fixed(" <"), .field(.uri, "sip:caller@\(own):\(port)"), .fixed(">;expires="), .field(.number, "60"), .fixed(";q="), .field(.number, "0.5"),
            ]),
            Header(name: "Allow", parts: [.fixed("INVITE, ACK, BYE, CANCEL, "), .field(.token, "OPTIONS")]),
            Header(name: "Supported", parts: [.fixed("timer, "), .field(.token, "replaces")]),
            Header(name: "Session-Expires", parts: [.field(.number, "1800"), .fixed(";refresher="), .field(.token, "uac")]),
            Header(name: "Min-SE", parts: [.field(.number, "90")]),
            Header(name: "Expires", parts: [.field(.number, "120")]),
            Header(name: "Date", parts: [.field(.text, "Sat, 13 Nov 2010 23:29:00 GMT")]),
            Header(name: "Timestamp", parts: [.field(.number, "54.21"), .fixed(" "), .field(.number, "0.5")]),
            Header(name: "Priority", parts: [.field(.token, "normal")]),
            Header(name: "Subject", parts: [.field(.text, "A call")]),
            Header(name: "User-Agent", parts: [.field(.text, "Generator/1.0 (a comment)")]),
            Header(name: "Organization", parts: [.field(.text, "Example")]),
            Header(name: "Accept", parts: [.fixed("application/"), .field(.token, "sdp"), .fixed(";q="), .field(.number, "0.9")]),
            Header(name: "Accept-Language", parts: [.field(.token, "en"), .fixed(";q="), .field(.number, "0.1")]),
            Header(name: "Alert-Info", parts: [.fixed("<"), .field(.uri, "http://\(own)/ring.wav"), .fixed(">")]),
            Header(name: "Call-Info", parts: [.fixed("<"), .field(.uri, "http://\(own)/icon.png"), .fixed(">;purpose="), .field(.token, "icon")]),
            Header(name: "In-Reply-To", parts: [.field(.text, "1@\(own)")]),
            Header(name: "Reply-To", parts: [.field(.quoted, "\"Caller\""), .fixed(" <"), .field(.uri, "sip:caller@\(own)"), .fixed(">")]),
            Header(name: "Referred-By", parts: [.fixed("<"), .field(.uri, "sip:other@\(own)"), .fixed(">;cid="), .field(.quoted, "\"1@x\"")]),
            Header(name: "Replaces", parts: [.field(.text, "nobody"), .fixed(";to-tag="), .field(.token, "a"), .fixed(";from-tag="), .field(.token, "b")]),
            Header(name: "Diversion", parts: [.fixed("<"), .field(.uri, "tel:+4930123"), .fixed(">;reason="), .field(.token, "no-answer"), .fixed(";counter="), .field(.number, "1")]),
            Header(name: "History-Info", parts: [.fixed("<"), .field(.uri, "sip:first@\(own)"), .fixed(">;index="), .field(.number, "1.1")]),
            Header(name: "P-Asserted-Identity", parts: [.field(.quoted, "\"Caller\""), .fixed(" <"), .field(.uri, "tel:+4930123"), .fixed(">")]),
            Header(name: "P-Preferred-Identity", parts: [.fixed("<"), .field(.uri, "sip:caller@\(own)"), .fixed(">")]),
            Header(name: "Privacy", parts: [.field(.token, "id"), .fixed(";"), .field(.token, "user")]),
            Header(name: "Reason", parts: [.field(.token, "Q.850"), .fixed(";cause="), .field(.number, "16"), .fixed(";text="), .field(.quoted, "\"Terminated\"")]),
            Header(name: "Record-Route", parts: [.fixed("<"), .field(.uri, "sip:\(own):\(port);lr"), .fixed(">")]),
            Header(name: "Route", parts: [.fixed("<"), .field(.uri, "sip:\(ends.gateway);lr"), .fixed(">")]),
            Header(name: "Authorization", parts: [
                .field(.token, "Digest"), .fixed(" username="), .field(.quoted, "\"caller\""), .fixed(", realm="), .field(.quoted, "\"x\""), .fixed(", nonce="),
                .field(.quoted, "\"1\""), .fixed(", uri=\"sip:echo\", response="), .field(.quoted, "\"0\""), .fixed(", nc="), .field(.number, "00000001"),
            ]),
            Header(name: "X-Unknown", parts: [.field(.text, "whatever")]),
            Header(name: "MIME-Version", parts: [.field(.number, "1.0")]),
            Header(name: "Content-Disposition", parts: [.field(.token, "session"), .fixed(";handling="), .field(.token, "required")]),
            Header(name: "Content-Language", parts: [.field(.token, "en")]),
            Header(name: "Content-Encoding", parts: [.field(.token, "identity")]),
            Header(name: "Content-Type", parts: [.field(.token, "application"), .fixed("/"), .field(.token, "sdp"), .fixed(";charset="), .field(.token, "utf-8")]),
        ]
    }

    /// Fields that are in every INVITE; the others come one at a time.
    private static let always: Set<String> = ["Via", "Max-Forwards", "From", "To", "Call-ID", "CSeq", "Contact", "Content-Type"]

    private static func requestLine(_ ends: Ends) -> [Part] {
        [.field(.token, "INVITE"), .fixed(" "), .field(.uri, "sip:echo@\(ends.gateway)"), .fixed(" "), .field(.token, "SIP"), .fixed("/"), .field(.number, "2.0")]
    }

    // MARK: What can be wrong

    private static let lengths = [17, 65, 257, 1_025, 4_097, 16_385]
    private static let broken = [
        "", " ", "\t", "\0", "\u{7f}", "\u{1}", "\r", "\n", "\r\n ", ",", ";", ":", "::", "=", "\"", "\\", "<", ">", "<<>>", "@", "@@", "%", "%0", "%00", "%zz", "%n%n%s%s",
        "\u{c3}", "\u{c3}\u{28}", "\u{ff}\u{fe}", "\u{ed}\u{a0}\u{80}", "\u{c0}\u{80}", "\u{f4}\u{90}\u{80}\u{80}", "(", "((((((((", "../../../..", "*", "{}", "[]", "'",
    ]
    private static let numbers = [
        "0", "-1", "+1", "00000000000000000001", "1e9", "0x10", "1.5", "1,5", "1 2", "127", "128", "255", "256", "32767", "32768", "65535", "65536", "2147483647", "2147483648",
        "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616", String(repeating: "9", count: 400),
    ]
    private static let hosts = [
        "localhost", "nowhere.invalid", "256.256.256.256", "1.2.3", "1.2.3.4.5", "0.0.0.0", "255.255.255.255", "224.0.0.1", "[::1]", "[::1", "::1", "[::ffff:192.0.2.1]", "[]",
        "[fe80::1%25eth0]", "-", ".", "..", "a..b", "xn--", "2130706433", "0x7f000001", String(repeating: "a.", count: 200),
    ]
    private static let uris = [
        "", "sip:", "sip", ":", "sip:@", "sip:@h", "sip:u@", "sip:u@@h", "sip:u:p@h", "sip:u@h:", "sip:u@h:0", "sip:u@h:65536", "sip:u@h:99999999999", "sip:u@[::1", "sip:u@h;", "sip:u@h;;;",
        "sip:u@h;lr;lr;lr", "sip:u@h;maddr=192.0.2.1", "sip:u@h;transport=", "sip:u@h;transport=sctp", "sip:u@h;ttl=256", "sip:u@h;method=BYE", "sip:u@h?", "sip:u@h?a", "sip:u@h?a=b&c",
        "sip:u@h?Route=%3Csip:x%3E", "sip:%@h", "sip:%00@h", "sip:%c3%28@h", "sips:u@h", "SIP:u@h", "tel:", "tel:+", "tel:+1;phone-context=", "http://h/", "urn:service:sos", "mailto:u@h", "data:,x",
        "unknown:x", "*", "sip:u h", "<sip:u@h>", "\"sip:u@h\"", "sip:u@h>;tag=x<sip:v@h", "sip:" + String(repeating: "u", count: 4_000) + "@h", "sip:u@" + String(repeating: "h", count: 4_000),
        "sip:u@h;" + String(repeating: "p=v;", count: 1_000),
    ]
    private static let quotes = ["\"", "\"\"", "\"\\", "\"\\\"", "\"a\\\"b\"", "\"\0\"", "\"\u{ff}\"", "\"" + String(repeating: "\\", count: 1_001) + "\"", "a b", "\"a\" \"b\""]

    private static func faults(_ kind: Kind) -> [String] {
        let long = lengths.map { String(repeating: "A", count: $0) }
        return switch kind {
        case .token, .text: broken + long
        case .number: numbers + broken + long
        case .host: hosts + broken + long
        case .uri: uris + broken + long
        case .quoted: quotes + broken + long.map { "\"\($0)\"" }
        }
    }

    /// Between a field's name and its value, and between values.
    private static let separators = ["", " : ", ":", "::", ";", " ", "\t:\t", ":\r\n ", ":\r\n\t\r\n ", "=", ": ,", ":,,,,,,,,"]
    private static let repetitions = [2, 10, 100, 1_000]

    // MARK: Making them

    /// Which INVITEs there are: a fault each.
    enum Fault: Sendable, Hashable {
        /// A part of the request line.
        case start(part: Int, fault: Int)
        /// A part of a header field.
        case part(header: Int, part: Int, fault: Int)
        case separator(header: Int, fault: Int)
        case repeated(header: Int, count: Int)
        /// The field is there so many times in one list.
        case list(header: Int, count: Int)
        case missing(header: Int)
        case length(fault: Int)
    }

    /// All of them, in an order that does not change.
    static func all() -> [Fault] {
        let ends = Ends(address: "192.0.2.1", port: 5_060, gateway: "192.0.2.2")
        func parts(_ parts: [Part]) -> [(index: Int, faults: Int)] {
            parts.enumerated().compactMap { index, part in if case .field(let kind, _) = part { (index, faults(kind).count) } else { nil } }
        }
        var all: [Fault] = parts(requestLine(ends)).flatMap { part in (0..<part.faults).map { Fault.start(part: part.index, fault: $0) } }
        for (header, value) in headers(ends, 0).enumerated() {
            all += parts(value.parts).flatMap { part in (0..<part.faults).map { Fault.part(header: header, part: part.index, fault: $0) } }
            all += separators.indices.map { .separator(header: header, fault: $0) }
            all += repetitions.flatMap { [.repeated(header: header, count: $0), .list(header: header, count: $0)] }
            if always.contains(value.name) { all.append(.missing(header: header)) }
        }
        return all + numbers.indices.map { .length(fault: $0) }
    }

    /// - Parameters:
    ///   - number: Names it; 1 or above.
    ///   - body: Its session description.
    init(_ fault: Fault, number: Int, between ends: Ends, body: String) {
        var line = GeneratedInvite.requestLine(ends).map(\.text), length = "\(body.utf8.count)"
        var words = "\(fault)", fields: [String] = [], mayBeDropped = false
        if case .start(let part, let index) = fault, case .field(let kind, _) = GeneratedInvite.requestLine(ends)[part] {
            line[part] = GeneratedInvite.faults(kind)[index]
            words = "request line: \(line[part].debugDescription.prefix(60))"
            mayBeDropped = true
        }
        for (index, header) in GeneratedInvite.headers(ends, number).enumerated() {
            var parts = header.parts.map(\.text), separator = ": ", times = 1, inList = 1, isThere = GeneratedInvite.always.contains(header.name)
            switch fault {
            case .part(index, let part, let wrong):
                guard case .field(let kind, _) = header.parts[part] else { break }
                parts[part] = GeneratedInvite.faults(kind)[wrong]
                isThere = true
            case .separator(index, let wrong): (separator, isThere) = (GeneratedInvite.separators[wrong], true)
            case .repeated(index, let count): (times, isThere) = (count, true)
            case .list(index, let count): (inList, isThere) = (count, true)
            case .missing(index): isThere = false
            default: break
            }
            if fault.header == index {
                let value = header.name + separator + parts.joined()
                words = "\(fault): \(value.debugDescription.prefix(120))"
                // A line end of its own may be the end of the header fields.
                mayBeDropped = header.isNeeded || value.contains { $0.isNewline }
            }
            guard isThere else { continue }
            let value = Array(repeating: parts.joined(), count: inList).joined(separator: ", ")
            fields += Array(repeating: header.name + separator + value, count: times)
        }
        if case .length(let index) = fault { (length, mayBeDropped) = (GeneratedInvite.numbers[index], true) }
        // No datagram is longer.
        let text = (["\(line.joined())"] + fields + ["Content-Length: \(length)", "", body]).joined(separator: "\r\n")
        isTooLong = text.unicodeScalars.count > 60_000
        self.fault = words
        self.text = text
        maySilence = mayBeDropped
    }

    /// Whether it does not fit a datagram.
    let isTooLong: Bool

    var bytes: [UInt8] { text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
}

extension GeneratedInvite.Fault {
    /// The header field that it is in.
    fileprivate var header: Int? {
        switch self {
        case .part(let header, _, _), .separator(let header, _), .repeated(let header, _), .list(let header, _), .missing(let header): header
        case .start, .length: nil
        }
    }
}
