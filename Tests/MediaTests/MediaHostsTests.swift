import EventLoop
@testable import Media
@testable import ProxyCore
import SDP
import Testing

@Suite("Host names in the descriptions of phones")
@LoopActor
struct MediaHostsTests {
    nonisolated static func sdp(_ lines: String...) -> String {
        "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\n" + lines.map { $0 + "\r\n" }.joined()
    }

    nonisolated static let phone = sdp("c=IN IP4 phone.example", "t=0 0", "m=audio 4000 RTP/AVP 0")

    private static func resolved(
        _ sdp: String, limit: Duration = .seconds(2), _ lookUp: @escaping @LoopActor @Sendable (String) async -> [String]
    ) async throws -> SessionDescription {
        let hosts = MediaHosts(limit: limit), description = try SessionDescription(parsing: sdp)
        hosts.lookUp = lookUp
        #expect(MediaHosts.needsAddresses(description))
        return await hosts.resolved(description)
    }

    @Test("each name is looked up once, and its first address put in its place")
    func several() async throws {
        var asked: [String] = []
        let sdp = Self.sdp(
            "c=IN IP4 A.example", "t=0 0", "m=audio 4000 RTP/AVP 0", "m=video 4002 RTP/AVP 96", "c=IN IP4 b.example", "m=video 4004 RTP/AVP 96",
            "c=IN IP4 a.example")
        let description = try await Self.resolved(sdp) { name in
            asked.append(name)
            return name == "a.example" ? ["192.0.2.7", "192.0.2.8"] : ["192.0.2.9"]
        }
        #expect(asked.sorted() == ["a.example", "b.example"])
        #expect(description.media.map { description.connection(for: $0)?.address } == ["192.0.2.7", "192.0.2.9", "192.0.2.7"])
    }

    @Test("a name without an address stays, and so does one that is not answered in time; others get theirs")
    func unanswered() async throws {
        let sdp = Self.sdp("t=0 0", "m=audio 4000 RTP/AVP 0", "c=IN IP4 late.example", "m=video 4002 RTP/AVP 96", "c=IN IP4 b.example")
        let begin = ContinuousClock.now
        let description = try await Self.resolved(sdp, limit: .milliseconds(50)) { name in
            guard name == "late.example" else { return ["192.0.2.9"] }
            try? await Task.sleep(for: .seconds(60))
            return []
        }
        #expect(ContinuousClock.now - begin < .seconds(5))
        #expect(description.media.map { description.connection(for: $0)?.address } == ["late.example", "192.0.2.9"])
    }

    @Test("only what has a name that counts is looked at, and not with more than four of them", arguments: [
        sdp("c=IN IP4 192.0.2.1", "t=0 0", "m=audio 4000 RTP/AVP 0"), sdp("c=IN IP6 2001:db8::a", "t=0 0", "m=audio 4000 RTP/AVP 0"),
        sdp("c=IN IP4 phone.example", "t=0 0", "m=audio 0 RTP/AVP 0"),
        sdp(["t=0 0"] + "abcde".flatMap { ["m=audio 4000 RTP/AVP 0", "c=IN IP4 \($0).example"] }),
    ])
    func nothingToLookUp(sdp: String) throws {
        #expect(try !MediaHosts.needsAddresses(SessionDescription(parsing: sdp)))
    }

    nonisolated static func sdp(_ lines: [String]) -> String { lines.reduce(into: sdp()) { $0 += $1 + "\r\n" } }

    // MARK: Order

    /// The events that reach the machine, while the lookup waits for `answer`.
    @LoopActor
    private final class Bench {
        let queue: DescriptionQueue
        var handled: [ProxySession.Event] = []
        private var waiting: CheckedContinuation<[String], Never>?

        init(phones: Set<SessionSide> = [.caller, .callee]) {
            let hosts = MediaHosts()
            queue = DescriptionQueue(hosts, phones: phones)
            hosts.lookUp = { [weak self] _ in await withCheckedContinuation { self?.waiting = $0 } }
        }

        func take(_ event: ProxySession.Event) { queue.take(event) { [self] in handled.append($0) } }

        /// Lets the lookup succeed, and waits until so many events have been handled.
        func answer(until count: Int) async {
            for _ in 0..<10_000 where waiting == nil { await Task.yield() }
            waiting?.resume(returning: ["192.0.2.7"])
            waiting = nil
            for _ in 0..<10_000 where handled.count < count { await Task.yield() }
        }
    }

    private static let named = RemoteDescription(parsing: phone, trickle: true)

    /// Whether the event has the address that was found, and is otherwise what it was.
    private static func isResolved(_ event: ProxySession.Event?) -> Bool {
        switch event {
        case .party(.caller, .offered(let description)), .party(.callee, .answered(let description)):
            (try? description.read())?.connection?.address == "192.0.2.7" && description.trickle
        default: false
        }
    }

    @Test("what belongs to the exchange waits behind a name, in its order; what ends the session does not")
    func order() async throws {
        let bench = Bench()
        bench.take(.party(.caller, .offered(Self.named)))
        bench.take(.party(.callee, .declined(.state("busy"))))
        bench.take(.party(.callee, .answered(Self.named)))
        bench.take(.party(.callee, .offerWanted))
        bench.take(.stop(code: 200, reason: "BYE"))
        #expect(bench.handled == [.stop(code: 200, reason: "BYE")])
        await bench.answer(until: 3)
        try #require(bench.handled.count == 3)
        #expect(Self.isResolved(bench.handled[1]))
        #expect(bench.handled[2] == .party(.callee, .declined(.state("busy"))))
        await bench.answer(until: 5)
        try #require(bench.handled.count == 5)
        #expect(Self.isResolved(bench.handled[3]))
        #expect(bench.handled[4] == .party(.callee, .offerWanted))
    }

    @Test("an offer that its side takes back while it waits never reaches the machine, and the next one does", arguments: [false, true])
    func takenBack(isBehind: Bool) async throws {
        let bench = Bench()
        bench.take(isBehind ? .party(.callee, .refreshed(Self.named)) : .party(.caller, .offered(Self.named)))
        if isBehind { bench.take(.party(.caller, .offered(Self.named))) }
        bench.take(.party(.callee, .withdrawn))
        bench.take(.party(.caller, .withdrawn))
        bench.take(.party(.caller, .offerWanted))
        await bench.answer(until: isBehind ? 3 : 2)
        let rest: [ProxySession.Event] = [.party(.callee, .withdrawn), .party(.caller, .offerWanted)]
        #expect(bench.handled.suffix(2) == rest[...] && bench.handled.count == (isBehind ? 3 : 2))
    }

    @Test("a browser's description, one without a name, and one that cannot be parsed do not wait")
    func immediate() {
        let bench = Bench(phones: [.caller])
        bench.take(.party(.callee, .offered(Self.named)))
        bench.take(.party(.caller, .answered(RemoteDescription(parsing: Self.sdp("t=0 0")))))
        bench.take(.party(.caller, .offered(RemoteDescription(parsing: "c=IN IP4 phone.example"))))
        #expect(bench.handled.count == 3)
    }

    @Test("more events than fit are handled out of turn rather than kept")
    func flood() async {
        let bench = Bench()
        bench.take(.party(.caller, .offered(Self.named)))
        for _ in 0..<70 { bench.take(.party(.callee, .offerWanted)) }
        #expect(bench.handled.count == 6)
        await bench.answer(until: 71)
        #expect(bench.handled.count == 71)
    }
}
