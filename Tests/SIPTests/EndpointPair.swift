import EventLoop
import SIP

/// An endpoint that records what it reports, and lets a test wait for it.
@LoopActor
final class RecordedEndpoint {
    private(set) var endpoint: SIPEndpoint
    private(set) var events: [SIPEvent] = []
    private var next = 0
    private let box: Box

    private final class Box {
        weak var owner: RecordedEndpoint?
    }

    init(_ transports: [SIPListenAddress.Transport] = [.udp, .tcp], _ adjust: (inout SIPEndpointConfiguration) -> Void = { _ in }) throws {
        var configuration = SIPEndpointConfiguration(
            listen: transports.map { SIPListenAddress(transport: $0, address: "127.0.0.1", port: 0) },
            domain: "tern.test", userAgent: "Tern-Test")
        adjust(&configuration)
        let box = Box()
        self.box = box
        endpoint = SIPEndpoint(configuration: configuration) { event in box.owner?.events.append(event) }
        box.owner = self
        try endpoint.start()
    }

    var port: Int { endpoint.listening.first?.port ?? 0 }

    func uri(_ user: String, _ transport: SIPListenAddress.Transport = .udp) -> String {
        "sip:\(user)@127.0.0.1:\(port)" + (transport == .tcp ? ";transport=tcp" : "")
    }

    /// The next event that was not asked for yet.
    func event(within limit: Duration = .seconds(10)) async throws -> SIPEvent {
        try await eventually(within: limit, "an event") { self.next < self.events.count }
        defer { next += 1 }
        return events[next]
    }

    func noLegs(within limit: Duration = .seconds(10)) async throws {
        try await eventually(within: limit, "the last leg to go") { self.endpoint.openLegs == 0 }
    }
}

struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// Waits until `condition` holds, looking after each turn of the loop that something could have changed it.
@LoopActor
func eventually(within limit: Duration, _ what: String, _ condition: @LoopActor () -> Bool) async throws {
    let end = ContinuousClock.now + limit
    while !condition() {
        guard ContinuousClock.now < end else { throw TimedOut(description: "waited in vain for \(what)") }
        await withCheckedContinuation { done in
            _ = LoopTimer.schedule(after: .milliseconds(2)) { done.resume() }
        }
    }
}
