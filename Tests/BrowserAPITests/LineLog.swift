import Logging

/// Keeps the lines that a browser API logs.
final class LineLog: LogHandler, @unchecked Sendable {
    /// Written and read on the loop.
    private(set) var lines: [(level: Logger.Level, message: String, fields: Logger.Metadata)] = []
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey _: String) -> Logger.MetadataValue? {
        get { nil }
        set { _ = newValue }
    }

    func log(
        level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?, source: String, file: String, function: String, line: UInt
    ) {
        lines.append((level, "\(message)", metadata ?? [:]))
    }
}
