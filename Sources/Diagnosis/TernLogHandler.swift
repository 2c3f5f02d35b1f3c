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
        let fields = fields(of: event)
        // A filter lets in lines of one call or user below the level; those above it teach it which calls are the user's.
        let isShownAnyway = event.level >= ownLevel ?? output.level
        guard output.admits(fields) || isShownAnyway else { return }
        output.write(
            LogEntry(
                time: .now(), level: event.level, label: label, message: event.message.description,
                metadata: fields, isEvent: event.source != SIPMessageLog.source))
    }

    /// Sorted by key; of two of one key that of the event counts, then the provider's. There are few: they are looked through, which takes less than hashing.
    private func fields(of event: LogEvent) -> [LogEntry.Field] {
        var fields: [LogEntry.Field] = []
        fields.reserveCapacity(metadata.count + (event.metadata?.count ?? 0) + 1)
        if let error = event.error { fields.append(("error", .string(String(describing: error)))) }
        for metadata in [event.metadata, metadataProvider?.get(), metadata] {
            let known = fields.count
            for (key, value) in metadata ?? [:] where !fields[..<known].contains(where: { $0.key == key }) { fields.append((key, value)) }
        }
        fields.sort { $0.key < $1.key }
        return fields
    }
}
