import EventLoop
import SIP
import SIPNames
import Testing

/// An endpoint that records what it reports, and lets a test wait for it.
@LoopActor
final class RecordedEndpoint {
    let endpoint: SIPEndpoint
    private(set) var events: [SIPEvent] = []
    private var next = 0

    private final class Box {
        weak var owner: RecordedEndpoint?
    }

    init(
        _ transports: [ListenAddress.Transport] = [.udp, .tcp],
        _ adjust: (inout SIPEndpointConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = SIPEndpointConfiguration(
            listen: transports.map { ListenAddress(transport: $0, address: "127.0.0.1", port: 0) },
            domain: "tern.test", userAgent: "Tern-Test")
        adjust(&configuration)
        let box = Box()
        endpoint = SIPEndpoint(configuration: configuration) { event in box.owner?.events.append(event) }
        box.owner = self
        try endpoint.start()
    }

    var port: Int { endpoint.listening.first?.port ?? 0 }

    func uri(_ user: String, _ transport: ListenAddress.Transport = .udp) -> String {
        "sip:\(user)@127.0.0.1:\(port)" + (transport == .udp ? "" : ";transport=\(transport.rawValue)")
    }

    /// The next event that was not asked for yet.
    func event(within limit: Duration = .seconds(20)) async throws -> SIPEvent {
        try await eventually(within: limit, "an event") { self.next < self.events.count }
        defer { next += 1 }
        return events[next]
    }

    /// The next event, which has to be a call.
    func incoming() async throws -> (leg: SIPLegID, invite: SIPIncomingInvite) {
        let event = try await event()
        guard case .incoming(let leg, let invite) = event else { throw TimedOut(description: "no call but \(event)") }
        return (leg, invite)
    }

    /// Events that nobody asked for.
    var unread: [SIPEvent] { Array(events[next...]) }

    func noLegs(within limit: Duration = .seconds(20)) async throws {
        try await eventually(within: limit, "the last leg to go") { self.endpoint.openLegs == 0 }
    }
}

/// Two endpoints, and what a test wants done with them; afterwards neither may have a leg or an event left.
@LoopActor
func withPair(
    _ transports: [ListenAddress.Transport] = [.udp, .tcp],
    adjust: (inout SIPEndpointConfiguration) -> Void = { _ in },
    _ body: @LoopActor (_ caller: RecordedEndpoint, _ callee: RecordedEndpoint) async throws -> Void
) async throws {
    let caller = try RecordedEndpoint(transports, adjust)
    let callee = try RecordedEndpoint(transports, adjust)
    do {
        try await body(caller, callee)
        try await caller.noLegs()
        try await callee.noLegs()
        #expect(caller.unread.isEmpty)
        #expect(callee.unread.isEmpty)
    } catch {
        await caller.endpoint.stop()
        await callee.endpoint.stop()
        throw error
    }
    await caller.endpoint.stop()
    await callee.endpoint.stop()
}

/// A call from `caller` to `callee` that is answered and established.
@LoopActor
func establish(
    _ caller: RecordedEndpoint, _ callee: RecordedEndpoint, _ transport: ListenAddress.Transport = .udp
) async throws -> (out: SIPLegID, in: SIPLegID) {
    let out = caller.endpoint.invite(SIPInviteRequest(
        target: callee.uri("bob", transport), fromUser: "alice", sdp: sdp("offer")))
    let leg = try await callee.incoming().leg
    callee.endpoint.answer(leg, sdp: sdp("answer"))
    #expect(try await caller.event() == .answered(out, sdp: sdp("answer")))
    #expect(try await callee.event() == .established(leg))
    return (out, leg)
}

struct TimedOut: Error, CustomStringConvertible {
    let description: String
}

/// Waits until `condition` holds, looking every few turns of the loop.
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
