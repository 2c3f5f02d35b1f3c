extension GatewayConfiguration {
    /// Section `calls`. Times are numbers of seconds, or carry a unit: `500ms`, `30s`, `2m`, `1h`.
    public struct Calls: Sendable, Equatable {
        /// Key `calls.ring_timeout`: how long a called party may ring, 1 s to 1 h. Default: 60 s.
        public var ringTimeout = Duration.seconds(60)
        /// Key `calls.maximum_duration`: an answered call is ended after it, 1 s to 7 days; `0` is no limit (nil).
        /// Default: 12 h.
        public var maximumDuration: Duration? = .seconds(12 * 3_600)

        /// Key `calls.direct_uris`: whether browsers may dial `sip:` URIs of other domains, past the routes. Default: where there is
        /// no trunk; a trunk that knows the gateway by its address would take such calls, whatever the routes say.
        public var allowsDirectURIs = true

        /// Key `calls.redirects`: what becomes of a 3xx with which a phone of a user's answers. Default: `follow`.
        public var redirects = Redirects.follow

        /// What becomes of a redirection.
        public enum Redirects: String, Sendable, CaseIterable {
            /// It is followed, through the routes, as if the user had dialled the target. Those of trunks and URIs are passed on.
            case follow
            /// The caller gets it.
            case pass
        }

        public init() {}
    }
}
