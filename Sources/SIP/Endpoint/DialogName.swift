/// What all dialogs of one INVITE have in common, and every proxy leaves as it is (RFC 3261 section 12).
struct DialogName: Hashable {
    let callID: String
    let fromTag: String

    /// A new one: both parts are random, so that nobody can guess them (RFC 3261 sections 8.1.1.4 and 19.3).
    static func own() -> DialogName {
        DialogName(
            callID: random() + random(), fromTag: random())
    }

    private static func random() -> String {
        let text = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - text.utf8.count) + text
    }
}
