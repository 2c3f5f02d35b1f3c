internal import CSofiaSIP
internal import EventLoop
internal import Logging

/// Sofia's own log, as lines of swift-log. It is one for the process.
///
/// Sofia's levels become a threshold: 1 (what failed) from `notice` on, 5 (what happens to each request) at `debug`, 9
/// (everything) at `trace`. A line does not say its level, so it gets that of the threshold.
@LoopActor
enum SofiaLog {
    private static var logger = Logger(label: "sofia")
    private static var level = Logger.Level.notice
    /// Nil where whoever reads the log wants everything.
    private static var budget: LineBudget?
    /// Lines in one second.
    private static let most = 100

    static func redirect(to logger: Logger) {
        self.logger = logger
        let threshold: UInt32
        switch logger.logLevel {
        case .trace: (level, threshold) = (.trace, 9)
        case .debug: (level, threshold) = (.debug, 5)
        case .info, .notice: (level, threshold) = (.notice, 1)
        case .warning, .error, .critical: (level, threshold) = (.notice, 0)
        }
        budget = threshold > 1 ? nil : LineBudget(perSecond: most)
        tern_su_log_to({ line in
            // The pointer is good for as long as this takes.
            nonisolated(unsafe) let line = line
            LoopActor.assumeIsolated { if SofiaLog.isAdmitted() { SofiaLog.write(SofiaText.field(line)) } }
        }, threshold)
    }

    /// Peers can bring about lines by the thousand, and an error of a listener one in each turn of the loop.
    private static func isAdmitted() -> Bool {
        guard let verdict = budget?.admit(at: .now) else { return true }
        if verdict.omitted > 0 { logger.log(level: level, "lines of Sofia's log were left out", metadata: ["lines": "\(verdict.omitted)"]) }
        return verdict.isAdmitted
    }

    private static func write(_ text: String) {
        var line = Substring(text)
        while line.last == " " { line = line.dropLast() }
        logger.log(level: level, "Sofia", metadata: ["line": "\(line)"])
    }
}
