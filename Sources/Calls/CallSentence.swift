internal import Events
internal import ProxyCore

/// Why a call ended, in one sentence that an operator understands without the table of SIP statuses.
struct CallSentence {
    let text: String

    init(_ record: CallRecord, _ end: CallEnd, _ result: CallReport.Result) {
        let caller = record.caller.user.isEmpty ? "the caller" : record.caller.user
        let callee = CallSentence.callee(of: record)
        let said = "\(end.status) \(end.reason)"
        text = switch (result, end.by) {
        case (.answered, .caller): "\(caller) hung up \(CallSentence.after(record))"
        case (.answered, .callee): "\(callee) hung up \(CallSentence.after(record))"
        case (.answered, .gateway): "Tern ended the call \(CallSentence.after(record)): \(said)"
        case (.cancelled, _): "\(caller) gave up before anybody answered"
        case (.busy, .callee): "\(callee) is busy: \(said)"
        case (.declined, .callee): "\(callee) declined: \(said)"
        case (.noAnswer, _): "nobody answered in time"
        case (_, .callee): "\(callee) refused the call: \(said)"
        case (_, .caller): "\(caller) ended the call: \(said)"
        case (_, .gateway) where end == .notReachable: "\(record.dialled) has no phone or browser, or none that can be reached"
        case (_, .gateway): "Tern refused the call: \(said)"
        }
    }

    /// `bob`, `trunk berlin (sip:…)` or the URI.
    private static func callee(of record: CallRecord) -> String {
        if let trunk = record.trunk { return "trunk \(trunk)" + (record.target.map { " (\($0))" } ?? "") }
        if let user = record.answeredBy, !user.isEmpty { return user }
        return record.target ?? (record.legs.count == 1 ? record.legs.first?.target : nil) ?? record.dialled
    }

    private static func after(_ record: CallRecord) -> String {
        let seconds = (record.duration ?? 0) / 1_000
        guard seconds >= 60 else { return "after \(seconds) s" }
        return "after \(seconds / 60) min \(seconds % 60) s"
    }
}
