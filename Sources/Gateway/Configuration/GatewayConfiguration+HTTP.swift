public import TLS

extension GatewayConfiguration {
    /// Section `http`.
    public struct HTTP: Sendable, Equatable {
        /// Key `http.listen`: `ADDRESS:PORT`, IPv6 in brackets; port 0 takes any free one. Default: `127.0.0.1:8080`.
        public var listen = ListenAddress(transport: .tcp, address: "127.0.0.1", port: 8080)
        /// Key `http.allowed_origins`: origins (`https://example.org`) whose pages may open the WebSocket, at most 64.
        /// Default: empty, which allows all.
        public var allowedOrigins: [String] = []
        /// Keys `http.tls.certificate` and `http.tls.key`: PEM files. With them HTTPS and WSS are served, and nothing else.
        /// Without a key it stands in the certificate's file. Default: none.
        public var tls: TLSFiles?

        public init() {}
    }
}
