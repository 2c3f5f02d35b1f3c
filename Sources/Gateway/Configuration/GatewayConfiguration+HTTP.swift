extension GatewayConfiguration {
    /// Section `http`.
    public struct HTTP: Sendable, Equatable {
        /// Key `http.listen`: `ADDRESS:PORT`, IPv6 in brackets; port 0 takes any free one. Default: `127.0.0.1:8080`.
        public var listen = ListenAddress(transport: .tcp, address: "127.0.0.1", port: 8080)
        /// Key `http.allowed_origins`: origins (`https://example.org`) whose pages may open the WebSocket, at most 64.
        /// Default: empty, which allows all.
        public var allowedOrigins: [String] = []

        public init() {}
    }
}
