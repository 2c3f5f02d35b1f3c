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

    static func redirect(to logger: Logger) {
        self.logger = logger
        let threshold: UInt32
        switch logger.logLevel {
        case .trace: (level, threshold) = (.trace, 9)
        case .debug: (level, threshold) = (.debug, 5)
        case .info, .notice: (level, threshold) = (.notice, 1)
        case .warning, .error, .critical: (level, threshold) = (.notice, 0)
        }
        tern_su_log_to({ line in
            let text = SofiaText.field(line)
            LoopActor.assumeIsolated { SofiaLog.write(text) }
        }, threshold)
    }

    private static func write(_ text: String) {
        var line = Substring(text)
        while line.last == " " { line = line.dropLast() }
        logger.log(level: level, "Sofia", metadata: ["line": "\(line)"])
    }
}
