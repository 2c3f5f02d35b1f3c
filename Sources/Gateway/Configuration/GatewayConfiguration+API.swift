extension GatewayConfiguration {
    /// Section `api`.
    public struct API: Sendable, Equatable {
        /// Key `api.grace_time`: how long the calls of a lost WebSocket wait for its return, 0 to 1 h. Default: 10 s.
        public var graceTime = Duration.seconds(10)

        public init() {}
    }
}
