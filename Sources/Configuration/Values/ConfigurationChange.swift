/// What a configuration that was read again changes of the one in force.
public struct ConfigurationChange: Sendable {
    /// The keys whose new values are in force from now on, as in the file: `users`, `sip.maximum_calls`.
    public let live: [String]
    /// The keys whose new values are in force from the next start only.
    public let needRestart: [String]
    /// What is in force now: the new configuration, with the former values of ``needRestart``.
    public let configuration: GatewayConfiguration

    /// - Parameters:
    ///   - former: The configuration that the gateway was started with.
    ///   - current: The one in force.
    ///   - read: The one that was read now.
    public init(startedWith former: GatewayConfiguration, current: GatewayConfiguration, read: GatewayConfiguration) {
        var configuration = read
        var (live, needRestart): ([String], [String]) = ([], [])
        for key in ConfigurationKey.all {
            switch key.change {
            case .live where key.differs(current, read): live.append(key.path)
            case .restart:
                if key.differs(former, read) { needRestart.append(key.path) }
                key.keep(former, &configuration)
            case .live: break
            }
        }
        (self.live, self.needRestart, self.configuration) = (live, needRestart, configuration)
    }
}
