internal import CSofiaSIP
internal import EventLoop
internal import Glibc

/// Reason phrases that live for ever: Sofia keeps the pointer until the transaction is over, and does not say when.
@LoopActor
enum SofiaPhrases {
    /// More phrases than this are not kept: what comes then gets the standard phrase of its status.
    private static let most = 256
    private static var kept: [String: UnsafePointer<CChar>] = [:]

    /// `phrase`, or RFC 3261's own for `status`.
    static func pointer(_ phrase: String?, status: Int) -> UnsafePointer<CChar>? {
        guard let phrase, !phrase.isEmpty else { return standard(status) }
        let line = HeaderText.line(phrase, limit: 96)
        if let known = kept[line] { return known }
        guard kept.count < most, let copy = strdup(line) else { return standard(status) }
        let pointer = UnsafePointer(copy)
        kept[line] = pointer
        return pointer
    }

    /// The standard phrase of `status`; empty where it has none.
    static func text(status: Int) -> String { SofiaText.field(standard(status), limit: 96) }

    /// Sofia's own table, in its constant data.
    private static func standard(_ status: Int) -> UnsafePointer<CChar>? {
        sip_status_phrase(Int32(clamping: status))
    }
}
