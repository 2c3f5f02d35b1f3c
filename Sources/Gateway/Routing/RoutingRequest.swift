public import Configuration

/// What the routes are asked.
public struct RoutingRequest: Sendable, Equatable {
    public var source: CallSource
    /// The user part of the Request-URI, its escapes decoded, or what was typed.
    public var dialled: String
    /// The host of the Request-URI; a browser that dials a name alone dials it in the gateway's own domain.
    public var domain: String

    public init(source: CallSource, dialled: String, domain: String) {
        self.source = source
        self.dialled = dialled
        self.domain = domain
    }
}
