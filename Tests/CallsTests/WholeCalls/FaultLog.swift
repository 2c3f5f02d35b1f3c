import Logging

/// Keeps the errors that the gateway logs: each is a fault of its own, and all else is let go of.
final class FaultLog: LogHandler, @unchecked Sendable {
    /// The calls log on the loop's thread, and are asked there.
    private(set) var errors: [String] = []
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
        errors.append("\(message)")
    }
}
