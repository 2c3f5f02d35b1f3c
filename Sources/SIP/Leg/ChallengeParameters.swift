internal import SIPNames

/// What of a challenge's value decides whether it is worth an answer (RFC 7616 section 3.3).
struct ChallengeParameters: Equatable {
    private(set) var realm = ""
    private(set) var nonce = ""
    /// Whether the server says that the credentials were right, and only their nonce too old.
    private(set) var isStale = false

    /// - Parameter value: `Digest realm="a, b", nonce="…"`. What is no parameter is not read.
    init(_ value: String) {
        for part in QuotedText.split(value.drop { $0 != " " }, at: ",") {
            let pair = part.split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { continue }
            let text = NameAddress.unquoted(QuotedText.trimmed(pair[1]))
            switch QuotedText.trimmed(pair[0]).lowercased() {
            case "realm": realm = text
            case "nonce": nonce = text
            case "stale": isStale = text.lowercased() == "true"
            default: break
            }
        }
    }
}
