import EventLoop
@testable import Resolver

/// Counts what else the loop does while something is waited for.
@LoopActor
func ticks(during operation: @LoopActor () async throws -> Void) async rethrows -> Int {
    var count = 0
    let timer = LoopTimer.schedule(after: .zero, every: .milliseconds(5)) { count += 1 }
    defer { timer.cancel() }
    try await operation()
    return count
}

extension ResolverConfiguration {
    /// Asks these servers, and looks at no file of the system.
    static func asking(_ servers: NameServer..., paths: [Hop.Path] = Hop.Path.all(transports: [.udp, .tcp])) -> ResolverConfiguration {
        var configuration = ResolverConfiguration(nameServers: servers, paths: paths)
        configuration.files.hosts = "/dev/null"
        configuration.files.nameServers = "/dev/null"
        return configuration
    }
}

@LoopActor
func located(_ resolver: SIPResolver, _ destination: SIPDestination) async -> Result<[String], ResolverError> {
    do throws(ResolverError) {
        return .success(try await resolver.locate(destination).map(\.description))
    } catch {
        return .failure(error)
    }
}
