extension GatewayConfiguration {
    /// Section `api`.
    public struct API: Sendable, Equatable {
        /// Key `api.grace_time`: how long the calls of a lost WebSocket wait for its return, 0 to 1 h. Default: 10 s.
        public var graceTime = Duration.seconds(10)
        /// Key `api.sessions_per_user`: sessions that one user may have at once, 1 to 100,000. Default: 200.
        public var sessionsPerUser = 200

        public init() {}
    }
}
