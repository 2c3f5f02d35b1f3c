internal import CoreMetrics
internal import Logging
internal import Media
internal import ProxyCore
internal import Routing

/// What there is to say of a call that is over: one line of the log, and the metrics of calls.
struct CallReport {
    /// When the stations of a call were, on a clock that does not jump.
    struct Times {
        let began = ContinuousClock.now
        /// The caller was told that it rings, or given early media.
        private(set) var rang: ContinuousClock.Instant?
        private(set) var answered: ContinuousClock.Instant?

        /// The caller is told that it rings; the first time counts.
        mutating func rings() { rang = rang ?? .now }

        mutating func answers() { answered = answered ?? .now }
    }

    /// What a call's end counts as.
    enum Result: String {
        case answered, cancelled, busy, declined, refused, failed
        case noAnswer = "no_answer"
        case notFound = "not_found"

        init(_ end: CallEnd, wasAnswered: Bool) {
            self = switch end.status {
            case _ where wasAnswered: .answered
            case 487: .cancelled
            case 486, 600: .busy
            case 603: .declined
            case 480 where end == .noAnswer: .noAnswer
            case 404, 410, 480, 484, 604: .notFound
            case 300..<500 where end.status != 408: .refused
            default: .failed
            }
        }
    }

    let caller: CallOrigin
    /// Whether the caller is a browser.
    let isFromBrowser: Bool
    /// Who took the call; nil where nobody has.
    let callee: CallOrigin?
    let dialled: String?
    /// Where the route was written, and where it leads.
    var route: String?
    var routedTo: String?
    /// Where the call went out to, and by which trunk.
    let target: (uri: String, trunk: String?)?
    let times: Times
    let end: CallEnd
    /// Of the phones' dialogs.
    let callIDs: [SessionSide: String]
    let ended = ContinuousClock.now

    var result: Result { Result(end, wasAnswered: times.answered != nil) }

    /// From the answer to the end.
    var duration: Duration? { times.answered.map { $0.duration(to: ended) } }

    /// The kind of caller, as metrics and events name it.
    static func kind(of caller: CallOrigin, isBrowser: Bool) -> String {
        if case .trunk = caller.source { return "trunk" }
        return isBrowser ? "browser" : "phone"
    }

    func count(_ summary: SessionSummary) {
        Counter(label: "tern_calls_total", dimensions: [("caller", CallReport.kind(of: caller, isBrowser: isFromBrowser)), ("result", result.rawValue)]).increment()
        let stages = [
            ("ringing", times.rang.map { times.began.duration(to: $0) }), ("answered", times.answered.map { times.began.duration(to: $0) }),
            ("media", summary.setUp),
        ]
        for (stage, time) in stages {
            guard let time else { continue }
            Timer(label: "tern_call_setup_seconds", dimensions: [("stage", stage)]).recordNanoseconds(time.nanoseconds)
        }
        if let duration { Timer(label: "tern_call_duration_seconds").recordNanoseconds(duration.nanoseconds) }
    }

    /// What the call's line says of it; fields without a value are left out.
    func metadata(_ summary: SessionSummary) -> Logger.Metadata {
        var fields: Logger.Metadata = [
            "status": "\(end.status)", "reason": "\(end.reason)", "by": "\(end.by.rawValue)", "result": "\(result.rawValue)",
            "from": "\(caller.user)", "source": "\(caller.source)",
        ]
        func add(_ name: String, _ value: (some CustomStringConvertible)?) {
            if let value { fields[name] = "\(value)" }
        }
        add("to", dialled)
        add("route", route)
        add("routed_to", routedTo)
        add("answered_by", callee?.user)
        add("target", target?.uri)
        add("trunk", target?.trunk)
        add("rang_after", times.rang.map { times.began.duration(to: $0).text })
        add("answered_after", times.answered.map { times.began.duration(to: $0).text })
        add("media_after", summary.setUp?.text)
        add("duration", duration?.text)
        add("cause", end.cause.map { "\($0.protocolName) \($0.value.map(String.init) ?? "")" })
        for side in SessionSide.allCases {
            add("\(side)_call_id", callIDs[side])
            add("\(side)_codecs", summary.codecs[side].flatMap { $0.isEmpty ? nil : $0.values.sorted().joined(separator: ",") })
            for kind in ["audio", "video"] {
                guard let medium = kind == "audio" ? summary.statistics[side]?.audio : summary.statistics[side]?.video else { continue }
                let received = medium.received
                add("\(side)_\(kind)", "\(received.packets) received, \(received.lost ?? 0) lost, jitter \(received.jitter ?? 0) ms, \(medium.sent.packets) sent")
                add("\(side)_\(kind)_from", medium.latched)
            }
            add("\(side)_mos", summary.score(of: side).map { ($0 * 100).rounded() / 100 })
        }
        return fields
    }
}

extension Duration {
    /// Seconds with three digits behind the point.
    fileprivate var text: String {
        let milliseconds = nanoseconds / 1_000_000
        let rest = String(milliseconds % 1_000)
        return "\(milliseconds / 1_000).\(String(repeating: "0", count: max(0, 3 - rest.count)))\(rest) s"
    }

    /// At most what 64 bits hold.
    fileprivate var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        return min(max(seconds, 0), 1_000_000_000) * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
