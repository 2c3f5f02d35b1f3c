/// Something in the configuration that is wrong, or, as a warning, probably not meant.
public struct ConfigurationProblem: Sendable, Hashable, CustomStringConvertible {
    public let origin: ConfigurationOrigin
    /// The key, as `users[1].name`; empty where it is the file as a whole.
    public let key: String
    /// What is wrong and, where it is known, what to do.
    public let reason: String

    /// `config/tern.yaml:12:5: sip.listen[0]: port 70000 is not in 0 to 65535`.
    public var description: String {
        key.isEmpty ? "\(origin): \(reason)" : "\(origin): \(key): \(reason)"
    }
}

/// A configuration that cannot be used: every problem that was found, in the order of the file.
public struct TernConfigurationError: Error, Sendable, CustomStringConvertible {
    public let problems: [ConfigurationProblem]

    /// One problem a line.
    public var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
