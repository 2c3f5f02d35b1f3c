public import EventLoop

/// Where SIP requests go: from a URI's host to numeric next hops, by RFC 3263.
///
/// Name servers are asked from a thread of its own, which starts with the first name. Answers are cached, and serve for a while
/// after their end when the name servers fail.
@LoopActor
public final class SIPResolver {
    private let configuration: ResolverConfiguration
    private let client: DNSClient
    private var failed = FailedHops()

    public init(_ configuration: ResolverConfiguration = ResolverConfiguration()) {
        self.configuration = configuration
        client = DNSClient(configuration)
    }

    /// The hops to try, one after the other: at least one, at most 16, those that failed of late last.
    ///
    /// Takes at most ``ResolverConfiguration/locateLimit``.
    public func locate(_ destination: SIPDestination) async throws(ResolverError) -> [Hop] {
        let limit = configuration.locateLimit
        let end = ContinuousClock.now + limit
        let locator = SIPLocator(paths: configuration.paths) { [client, configuration] question in
            let left = end - ContinuousClock.now
            guard left > .zero else { return .failure(.timedOut) }
            let share = question.type == .naptr ? min(left, configuration.pointerLimit) : left
            return await client.answer(to: question, within: share)
        }
        let hops = try await locator.locate(destination)
        return failed.ordered(hops, at: .now)
    }

    /// The addresses of a host, without SRV: numeric, in their shortest form, at most 32.
    ///
    /// - Parameter families: nil for those of ``ResolverConfiguration/paths``.
    public func addresses(of host: String, families: [Hop.Family]? = nil) async throws(ResolverError) -> [String] {
        let limit = configuration.locateLimit
        let locator = SIPLocator(paths: configuration.paths) { [client] in await client.answer(to: $0, within: limit) }
        return try await locator.addresses(of: host, families: families).map(\.description)
    }

    /// Remembers for a minute that nothing was reached there: ``locate(_:)`` puts it last.
    public func markFailed(_ hop: Hop) {
        failed.markFailed(hop, at: .now)
    }

    /// Ends the thread. What is under way, and whatever is asked later, fails with ``ResolverError/stopped``.
    public func stop() async {
        await client.stop()
    }
}
