import Logging

/// Keeps the errors that the gateway logs, each of which is a fault of its own, the last line of each call, and the lines of a level.
final class FaultLog: LogHandler, @unchecked Sendable {
    /// The calls log on the loop's thread, and are asked there.
    private(set) var errors: [String] = []
    /// The fields of the lines "call ended", where lines of that level are made.
    private(set) var ends: [Logger.Metadata] = []
    /// All lines of the level, with their fields.
    private(set) var lines: [(level: Logger.Level, message: String, fields: Logger.Metadata)] = []
    var logLevel = Logger.Level.error
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey _: String) -> Logger.MetadataValue? {
        get { nil }
        set { _ = newValue }
    }

    func log(
        level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?, source: String, file: String, function: String, line: UInt
    ) {
        if level >= .error { errors.append("\(message)") }
        lines.append((level, "\(message)", metadata ?? [:]))
        if "\(message)" == "call ended" { ends.append(metadata ?? [:]) }
    }
}
