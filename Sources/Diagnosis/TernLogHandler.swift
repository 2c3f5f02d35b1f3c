public import Logging

/// swift-log's handler: makes lines of what loggers say and gives them to a ``LogOutput``.
///
/// A logger follows the output's level, also when it changes later, until it is given one of its own.
public struct TernLogHandler: LogHandler {
    private let label: String
    private let output: LogOutput
    private var ownLevel: Logger.Level?

    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    public init(label: String, output: LogOutput = .standardError) {
        self.label = label
        self.output = output
    }

    public var logLevel: Logger.Level {
        get { ownLevel ?? output.leastLevel }
        set { ownLevel = newValue }
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = metadata
        if let provided = metadataProvider?.get() { fields.merge(provided) { _, new in new } }
        if let given = event.metadata { fields.merge(given) { _, new in new } }
        if let error = event.error { fields["error"] = .string(String(describing: error)) }
        // A filter lets in lines of one call or user below the level; those above it teach it which calls are the user's.
        let isShownAnyway = event.level >= ownLevel ?? output.level
        guard output.admits(fields) || isShownAnyway else { return }
        output.write(
            LogEntry(
                time: .now(), level: event.level, label: label, message: event.message.description,
                metadata: fields.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, isEvent: event.source != SIPMessageLog.source))
    }
}
