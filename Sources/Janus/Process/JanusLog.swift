internal import EventLoop
internal import Logging

/// Carries Janus' output into the log.
///
/// What Janus calls an error is a warning here: peers can cause most of them, with a bad description for one.
@LoopActor
final class JanusLog {
    /// Most lines a second: peers can make Janus talk.
    private static let linesPerSecond = 200

    private let logger: Logger
    private let clock = ContinuousClock()
    private var second: ContinuousClock.Instant
    private var lines = 0
    /// Why Janus did not load Tern's plugin, and what to do; nil until it says so.
    var engineComplaint: String?

    init(_ logger: Logger) {
        self.logger = logger
        second = clock.now
    }

    func write(_ line: String, from stream: ChildProcess.Stream, pid: Int32?) {
        guard !line.isEmpty, admit() else { return }
        let (level, text) = JanusLog.parse(line, stream)
        if level >= .warning, let complaint = JanusLog.engineComplaint(text) { engineComplaint = complaint }
        logger.log(level: level, "output of Janus", metadata: ["text": "\(text)", "pid": "\(pid ?? 0)"])
    }

    /// Recognises what Janus' core prints when it does not load Tern's plugin, the only one that it is given.
    nonisolated static func engineComplaint(_ text: String) -> String? {
        guard text.contains("Couldn't load plugin '") || text.contains("'\(EngineLibrary.name)'") || text.contains("The '\(EnginePlugin.name)' plugin") else { return nil }
        // Without the place in Janus' source.
        let reason = text.drop { $0 != "]" }.dropFirst().drop { $0.isWhitespace }
        return "Janus does not load Tern's plugin: \(reason.isEmpty ? text[...] : reason). Build it on this machine, with the headers of the "
            + "installed Janus (package janus-dev): swift build --product janus_tern"
    }

    private func admit() -> Bool {
        let now = clock.now
        if now - second >= .seconds(1) {
            let dropped = lines - JanusLog.linesPerSecond
            if dropped > 0 { logger.warning("lines of Janus' output were dropped", metadata: ["lines": "\(dropped)"]) }
            second = now
            lines = 0
        }
        lines += 1
        return lines <= JanusLog.linesPerSecond
    }

    /// Janus marks fatal lines, errors and warnings, and nothing else. Two warnings only repeat what it was configured to do.
    nonisolated static func parse(_ line: String, _ stream: ChildProcess.Stream) -> (Logger.Level, String) {
        let known = ["[WARN] mDNS resolution disabled", "[WARN] Janus is deployed on a private address"]
        if known.contains(where: { line.hasPrefix($0) }) { return (.debug, line) }
        let marks: [(String, Logger.Level)] = [("[FATAL] ", .error), ("[ERR] ", .warning), ("[WARN] ", .warning)]
        for (mark, level) in marks where line.hasPrefix(mark) { return (level, String(line.dropFirst(mark.count))) }
        return (stream == .standardError ? .warning : .debug, line)
    }
}
