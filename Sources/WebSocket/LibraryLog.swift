internal import CWebSockets
internal import Logging

/// Sends what libwebsockets logs to swift-log instead of to stderr.
enum LibraryLog {
    static let logger = Logger(label: "tern.websocket")

    /// Levels above notice describe each read and write: they are asked for only when the log would take them.
    static func install() {
        var levels = LLL_ERR | LLL_WARN | LLL_NOTICE
        if logger.logLevel <= .trace { levels |= LLL_INFO }
        lws_set_log_level(Int32(levels)) { level, line in
            guard let line else { return }
            LibraryLog.emit(level, String(cString: line))
        }
    }

    /// The library calls "error" and "notice" what any peer can provoke by bad input, hence the lower levels here.
    private static func emit(_ level: Int32, _ line: String) {
        var text = Substring(line)
        while let last = text.last, last.isNewline { text.removeLast() }
        let swiftLevel: Logger.Level =
            switch UInt32(bitPattern: level) {
            case UInt32(LLL_ERR): .warning
            case UInt32(LLL_WARN): .debug
            default: .trace
            }
        logger.log(level: swiftLevel, "libwebsockets", metadata: ["text": .string(String(text))])
    }
}
