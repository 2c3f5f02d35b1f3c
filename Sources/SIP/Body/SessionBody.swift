/// What a message's body means to a session (RFC 5621, RFC 3261 section 8.2.3).
struct SessionBody: Equatable {
    /// The offer or answer; nil when there is none.
    var sdp: String?
    /// Why a request with it is refused: something in it has to be understood and is not. Nobody can refuse a response or an ACK.
    var refusal: SIPResponse?

    init(sdp: String? = nil, refusal: SIPResponse? = nil) {
        self.sdp = sdp
        self.refusal = refusal
    }

    /// - Parameter depth: How many multipart bodies it stands in.
    init(_ part: BodyPart, depth: Int = 0) {
        self = SessionBody.read(part, depth: depth)
        // What cannot be read need not be, where its sender says so.
        if let status = refusal?.status, status != 413, part.isOptional { refusal = nil }
    }

    /// Multipart bodies within one another.
    private static let deepest = 2
    private static let unknown = SessionBody(refusal: SIPResponse(status: 415))

    private static func read(_ part: BodyPart, depth: Int) -> SessionBody {
        guard !part.isEncoded else {
            return SessionBody(refusal: SIPResponse(status: 415, headers: [("Accept-Encoding", "identity")]))
        }
        // A session of its own (RFC 3959), which we do not have.
        guard part.disposition?.value != "early-session" else { return unknown }
        let type = part.type?.value ?? ""
        if type == "application/sdp" || type.isEmpty && depth == 0 { return SessionBody(sdp: text(of: part, depth: depth)) }
        guard type.hasPrefix("multipart/"), depth < deepest else { return unknown }
        do throws(Multipart.Failure) {
            let parts = try Multipart.parts(of: part.content, boundary: part.type?.parameters["boundary"])
            return choose(from: parts.map { SessionBody(BodyPart($0), depth: depth + 1) }, type)
        } catch {
            switch error {
            case .malformed(let text): return SessionBody(refusal: SIPResponse(status: 400, phrase: "Bad Multipart Body", warning: text))
            case .tooManyParts: return SessionBody(refusal: SIPResponse(status: 413))
            }
        }
    }

    /// The end of a part's last line went with the delimiter behind it.
    private static func text(of part: BodyPart, depth: Int) -> String {
        String(decoding: part.content, as: UTF8.self) + (depth == 0 || part.content.last == UInt8(ascii: "\n") ? "" : "\r\n")
    }

    /// - Parameter type: Any but the three that are named is read as `multipart/mixed` (RFC 2046 section 5.1.3).
    private static func choose(from parts: [SessionBody], _ type: String) -> SessionBody {
        switch type {
        case "multipart/alternative":
            // The last that is understood is the best (RFC 2046 section 5.1.4).
            parts.last { $0.sdp != nil } ?? parts.last ?? SessionBody()
        case "multipart/related", "multipart/signed":
            // The others are about the one that counts.
            parts.first { $0.sdp != nil } ?? parts.first ?? SessionBody()
        default:
            SessionBody(sdp: parts.lazy.compactMap(\.sdp).first, refusal: parts.lazy.compactMap(\.refusal).first)
        }
    }
}
