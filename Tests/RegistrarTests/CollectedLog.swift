import Foundation
import Logging

/// A log that a test can read.
final class CollectedLog: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []

    /// `error: message`, in order.
    var all: [String] { lock.withLock { lines } }

    func count(_ text: String) -> Int { all.filter { $0.contains(text) }.count }

    var logger: Logger { Logger(label: "registrar") { _ in Handler(log: self) } }

    private struct Handler: LogHandler {
        let log: CollectedLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let reason = event.metadata?["reason"].map { " \($0)" } ?? ""
            log.lock.withLock { log.lines.append("\(event.level): \(event.message)\(reason)") }
        }
    }
}
