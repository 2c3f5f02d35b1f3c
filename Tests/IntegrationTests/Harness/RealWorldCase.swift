import Foundation

/// An input of the corpus `RealWorld`, and what the gateway has to make of it. `RealWorld/README.md` has the format.
struct RealWorldCase: Sendable {
    /// What comes back of the media that the test sends.
    enum Media: String, Sendable {
        case none, audio, both = "audio+video"
    }

    /// `sip/NAME` or `sdp/NAME`.
    let name: String
    /// The messages with their placeholders, in ISO Latin 1, so that every byte is a character.
    let messages: [String]
    /// Of the final response to the last one; nil is silence.
    private(set) var status: Int?
    /// Whether it is silence over TLS, where Sofia waits for the rest of a message without end.
    private(set) var isSilentOverTLS = false
    private(set) var media = Media.none
    private(set) var headers: [(name: String, fragment: String)] = []
    /// What the response's body has, and what it has not.
    private(set) var fragments: [(text: String, isThere: Bool)] = []
    private(set) var transports: [SIPWire.Transport] = [.udp, .tcp]

    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// All cases in the order of their names, or those whose name has the text of `TERN_REAL_WORLD`. Each input has its expectation, and each
    /// expectation its input.
    static func all() throws -> [RealWorldCase] {
        try ["sdp", "sip"].flatMap { try cases($0, in: tests.appendingPathComponent("RealWorld/\($0)")) }
    }

    /// The messages of RFC 4475 and RFC 5118, `Torture/`, likewise.
    static func torture() throws -> [RealWorldCase] { try cases("sip", in: tests.appendingPathComponent("Torture")) }

    private static func cases(_ kind: String, in folder: URL) throws -> [RealWorldCase] {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil).filter { $0.pathExtension != "md" }
        let wanted = ProcessInfo.processInfo.environment["TERN_REAL_WORLD"] ?? ""
        let names = Set(files.map { $0.deletingPathExtension().lastPathComponent }).filter { wanted.isEmpty || "\(kind)/\($0)".contains(wanted) }
        return try names.sorted().map { try RealWorldCase(kind, folder.appendingPathComponent($0)) }
    }

    private init(_ kind: String, _ file: URL) throws {
        name = "\(kind)/\(file.lastPathComponent)"
        let text = RealWorldCase.wireText(try Data(contentsOf: file.appendingPathExtension(kind)))
        messages = kind == "sip" ? text.components(separatedBy: "\r\n%%\r\n") : [RealWorldCase.invite + text]
        try read(String(contentsOf: file.appendingPathExtension("expect"), encoding: .utf8))
    }

    /// Lines end with CRLF, unless the file has CRs of its own.
    private static func wireText(_ data: Data) -> String {
        let text = String(data: data, encoding: .isoLatin1) ?? ""
        return data.contains(0x0d) ? text : text.replacingOccurrences(of: "\n", with: "\r\n")
    }

    /// What a description is sent in.
    private static let invite = [
        "INVITE sip:echo@{target} SIP/2.0", "Via: SIP/2.0/{transport} {host}:{port};rport;branch={branch}", "Max-Forwards: 70",
        "From: <sip:phone@{host}:{port}>;tag={tag}", "To: <sip:echo@{target}>", "Call-ID: {call-id}", "CSeq: 1 INVITE",
        "Contact: <sip:phone@{host}:{port};transport={transport}>", "Content-Type: application/sdp", "Content-Length: {length}", "", "",
    ].joined(separator: "\r\n")

    private mutating func read(_ text: String) throws {
        var isTold = false
        for line in text.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) where !line.isEmpty && !line.hasPrefix("#") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            let value = parts.count == 2 ? parts[1] : ""
            switch parts[0] {
            case "status" where value == "none" || Int(value) != nil: (status, isTold) = (Int(value), true)
            case "tls" where value == "none": isSilentOverTLS = true
            case "media" where Media(rawValue: value) != nil: media = Media(rawValue: value) ?? .none
            case "transport" where SIPWire.Transport(rawValue: value.uppercased()) != nil:
                transports = [SIPWire.Transport.udp, .tcp].filter { $0.rawValue == value.uppercased() }
            case "header" where value.contains(":"):
                let field = value.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
                headers.append((field[0].lowercased(), field.count == 2 ? field[1] : ""))
            case "body" where !value.isEmpty: fragments.append((value, true))
            case "no-body" where !value.isEmpty: fragments.append((value, false))
            default: throw HarnessError("\(name).expect: what is \"\(line)\"?")
            }
        }
        guard isTold else { throw HarnessError("\(name).expect: no status") }
    }
}
