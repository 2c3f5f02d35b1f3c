import SIPNames
import Testing

@testable import SIP

@Suite("Where a leg's requests go")
struct NextHopTests {
    private static let away = "sip:203.0.113.9:5080;transport=udp"

    private func nextHop(
        _ way: String, ours: Bool, contact: String?, route: String? = nil, proxied: Bool = false
    ) throws -> NextHop {
        let first = way.contains("/")
            ? SIPHop(try #require(SIPFlow("\(way)/198.51.100.1:5060")))
            : SIPHop(transport: .udp, address: way, port: 5_080)
        return NextHop(first: first, isOurs: ours, isProxied: proxied, routes: route.map { [$0] } ?? [], contactHost: contact)
    }

    @Test("called over UDP: to the Contact, or back to the source where it cannot be reached", arguments: [
        ("203.0.113.9", false), ("203.0.113.10", false), ("10.0.0.1", true), ("172.31.255.255", true), ("172.32.0.1", false),
        ("192.168.1.1", true), ("100.64.0.1", true), ("127.0.0.1", true), ("0.0.0.0", true), ("169.254.1.1", true),
        ("fd00::1", true), ("fe80::1", true), ("::1", true), ("2001:db8::1", false), ("::ffff:10.0.0.1", true),
        ("phone.example", false), ("df7jal23ls0d.invalid", true),
    ])
    func called(contact: String, isOverride: Bool) throws {
        let hop = try nextHop("udp/203.0.113.9:5080", ours: false, contact: contact)
        #expect(hop.override { _ in true } == (isOverride ? Self.away : nil))
    }

    @Test("a private Contact is followed where the peer has it, or is itself in that network behind a proxy")
    func sameNetwork() throws {
        #expect(try nextHop("udp/10.0.0.1:5080", ours: false, contact: "10.0.0.1").override { _ in true } == nil)
        #expect(try nextHop("udp/10.0.0.1:5080", ours: false, contact: "10.0.0.2").override { _ in true } != nil)
        #expect(try nextHop("udp/10.0.0.1:5080", ours: false, contact: "10.0.0.2", proxied: true).override { _ in true } == nil)
        #expect(try nextHop("udp/203.0.113.9:5080", ours: false, contact: "10.0.0.2", proxied: true).override { _ in true } == Self.away)
    }

    @Test("called over a connection: over it while it stands, unless the Contact is elsewhere")
    func connection() throws {
        for contact in ["203.0.113.9", "10.0.0.1", "x.invalid"] {
            let hop = try nextHop("tcp/203.0.113.9:5080", ours: false, contact: contact)
            #expect(hop.override { _ in true } == "sip:203.0.113.9:5080;transport=tcp")
            #expect(hop.override { _ in false } == nil)
        }
        #expect(try nextHop("tcp/203.0.113.9:5080", ours: false, contact: "203.0.113.10").override { _ in true } == nil)
    }

    @Test("a route set is followed, whatever else is known", arguments: ["udp/203.0.113.9:5080", "tcp/203.0.113.9:5080", "203.0.113.9"])
    func routes(way: String) throws {
        let route = "sip:192.0.2.1;lr"
        #expect(try nextHop(way, ours: false, contact: "10.0.0.1", route: route).override { _ in true } == nil)
        #expect(try nextHop(way, ours: true, contact: "10.0.0.1", route: route).override { _ in true } == route)
    }

    @Test("calling an address: to the Contact, or back to the address where it cannot be reached", arguments: [
        ("203.0.113.9", "203.0.113.10", false), ("203.0.113.9", "10.0.0.1", true), ("203.0.113.9", "phone.example", true),
        ("203.0.113.9", nil, true), ("10.0.0.1", "10.0.0.2", false), ("10.0.0.1", "203.0.113.9", false),
    ] as [(String, String?, Bool)])
    func hop(address: String, contact: String?, isOverride: Bool) throws {
        let hop = try nextHop(address, ours: true, contact: contact)
        #expect(hop.override { _ in true } == (isOverride ? "sip:\(address):5080;transport=udp" : nil))
    }

    @Test("calling over a flow: over it, whatever the Contact; once a connection is gone to the Contact")
    func flow() throws {
        for contact in ["203.0.113.10", "10.0.0.1", nil] {
            #expect(try nextHop("udp/203.0.113.9:5080", ours: true, contact: contact).override { _ in false } == Self.away)
            let connection = try nextHop("tcp/203.0.113.9:5080", ours: true, contact: contact)
            #expect(connection.override { _ in true } == "sip:203.0.113.9:5080;transport=tcp")
            #expect(connection.override { _ in false } == nil)
        }
    }

    @Test("nothing is known: Sofia decides")
    func nothing() { #expect(NextHop().override { _ in true } == nil) }

    // MARK: What messages say

    private static let hop = SIPHop(transport: .udp, address: "203.0.113.9", port: 5_080)

    @Test("the route set is the one of the dialog: later Record-Routes do not change it, a later Contact is the target")
    func routeSet() throws {
        var ours = NextHop()
        ours.isOurs = true
        ours.apply(NextHop.Headers(recordRoutes: ["sip:a;lr", "sip:b;lr"]))
        #expect(ours.routes == ["sip:b;lr", "sip:a;lr"])
        ours.apply(NextHop.Headers(contact: "sip:x@192.0.2.1", recordRoutes: ["sip:c;lr", "sip:d;lr"], isSuccess: true))
        #expect(ours.routes == ["sip:d;lr", "sip:c;lr"])
        ours.apply(NextHop.Headers(contact: "sip:x@192.0.2.2", recordRoutes: ["sip:e;lr", "sip:f;lr"], isSuccess: true))
        #expect(ours.routes == ["sip:d;lr", "sip:c;lr"])
        #expect(ours.target == "sip:x@192.0.2.2")

        var theirs = NextHop()
        theirs.begin(by: SIPFlow("udp/203.0.113.9:5080/198.51.100.1:5060"), vias: 2)
        theirs.apply(NextHop.Headers(recordRoutes: ["sip:a;lr", "sip:b;lr"]))
        theirs.apply(NextHop.Headers(recordRoutes: ["sip:c;lr", "sip:d;lr"]))
        #expect(theirs.routes == ["sip:a;lr", "sip:b;lr"])
        #expect(theirs.isProxied)
        #expect(theirs.origin == Self.away)
    }

    @Test("another user agent goes the way that was seen, and none that only we have or that only the peer names")
    func others() throws {
        func way(_ way: String, ours: Bool = false, contact: String, routes: [String] = []) throws -> NextHop.Way {
            var hop = try nextHop(way, ours: ours, contact: SIPURI(contact)?.host)
            hop.target = contact
            hop.routes = routes
            return hop.wayForOthers
        }
        let udp = NextHop.Way.hop(SIPHop(transport: .udp, address: "203.0.113.9", port: 5_080))
        // Behind NAT, and with an address that all reach.
        #expect(try way("udp/203.0.113.9:5080", contact: "sip:a@10.0.0.1") == udp)
        #expect(try way("udp/203.0.113.9:5080", contact: "sip:a@203.0.113.10") == .target)
        // Over a connection of its own: where it may listen, as safely, and not in our own network.
        #expect(try way("tls/203.0.113.9:50123", contact: "sip:a@203.0.113.9:5071") == .hop(SIPHop(transport: .tls, address: "203.0.113.9", port: 5_071)))
        #expect(try way("tls/203.0.113.9:50123", contact: "sip:a@203.0.113.9") == .hop(SIPHop(transport: .tls, address: "203.0.113.9", port: 5_061)))
        for contact in ["sip:a@10.0.0.1", "sip:a@phone.example", "sip:a@x.invalid"] { #expect(try way("tcp/203.0.113.9:50123", contact: contact) == .none) }
        // Through proxies: the nearest is where the messages came from.
        #expect(try way("udp/203.0.113.9:5080", contact: "sip:a@10.0.0.1", routes: ["sip:203.0.113.9;lr", "sip:192.0.2.1;lr"]) == .target)
        for forged in ["sip:192.0.2.1;lr", "sip:carrier.example;lr"] { #expect(try way("udp/203.0.113.9:5080", contact: "sip:a@10.0.0.1", routes: [forged]) == .none) }
        // Where our INVITE went.
        #expect(try way("203.0.113.9", ours: true, contact: "sip:a@203.0.113.9:5999") == udp)
        #expect(NextHop(isOurs: true, target: "sip:a@192.0.2.9").wayForOthers == .target)
    }

    @Test("a proxy that routes strictly stands in the request line", arguments: [
        ("sip:192.0.2.1;lr", "sip:bob@192.0.2.9"), ("sip:192.0.2.1;transport=tcp;LR=on", "sip:bob@192.0.2.9"), ("sip:192.0.2.1", "sip:192.0.2.1"),
        ("sip:192.0.2.1;lru", "sip:192.0.2.1;lru"),
    ])
    func strictRoute(route: String, line: String) {
        #expect(NextHop(routes: [route], target: "sip:bob@192.0.2.9").requestURI == line)
    }

    // MARK: What is to be done

    @Test("the outbound proxy is set when it changes, and once")
    func proxy() {
        var hop = NextHop(isOurs: true, contactHost: "10.0.0.1", target: "sip:bob@10.0.0.1")
        hop.begin(at: Self.hop)
        #expect(hop.prepare { _ in true } == .send)
        hop.apply(NextHop.Headers(contact: "sip:bob@203.0.113.10", contactHost: "203.0.113.10"))
        #expect(hop.prepare { _ in true } == .setProxy(nil))
        #expect(hop.prepare { _ in true } == .send)
        hop.apply(NextHop.Headers(recordRoutes: ["sip:192.0.2.1;lr"], isSuccess: true))
        #expect(hop.prepare { _ in true } == .setProxy("sip:192.0.2.1;lr"))
    }

    private static func named(_ host: String = "pbx.example") -> NextHop {
        NextHop(isOurs: true, contactHost: host, origin: away, resolvesNames: true, target: "sip:bob@\(host)")
    }

    @Test("a name is asked for once; the requests wait for it in their order")
    func name() throws {
        var hop = Self.named()
        guard case .resolve(let name) = hop.prepare(isOpen: { _ in true }) else { Issue.record("not resolved"); return }
        #expect(name.host == "pbx.example")
        for request in [LegAction.prack("1 1 INVITE"), .acknowledge(sdp: nil), .bye(nil)] { hop.enqueue(request) }
        #expect(hop.prepare { _ in true } == .wait)
        hop.resolve(name, to: "sip:192.0.2.7:5060")
        #expect(hop.prepare { _ in true } == .setProxy("sip:192.0.2.7:5060"))
        #expect([hop.dequeue(), hop.dequeue(), hop.dequeue(), hop.dequeue()] == [.prack("1 1 INVITE"), .acknowledge(sdp: nil), .bye(nil), nil])
        #expect(hop.prepare { _ in true } == .send)
    }

    @Test("a name that leads nowhere: to where the peer was")
    func unresolved() throws {
        var hop = Self.named()
        guard case .resolve(let name) = hop.prepare(isOpen: { _ in true }) else { Issue.record("not resolved"); return }
        hop.resolve(name, to: nil)
        #expect(hop.prepare { _ in true } == .setProxy(Self.away))
    }

    @Test("names that are resolved do not pile up: a peer that changes its Contact again and again is asked for again")
    func manyNames() throws {
        var hop = Self.named()
        for number in 0...NextHop.mostNames {
            hop.apply(NextHop.Headers(contact: "sip:bob@host\(number).example", contactHost: "host\(number).example"))
            guard case .resolve(let name) = hop.prepare(isOpen: { _ in true }) else { Issue.record("not resolved"); return }
            hop.resolve(name, to: "sip:192.0.2.\(number)")
        }
        hop.apply(NextHop.Headers(contact: "sip:bob@host0.example", contactHost: "host0.example"))
        guard case .resolve(let name) = hop.prepare(isOpen: { _ in true }) else { Issue.record("the first name is still remembered"); return }
        #expect(name.host == "host0.example")
    }

    @Test("of INFOs only so many wait; the other requests all do")
    func mostWaiting() {
        var hop = NextHop()
        for _ in 0..<NextHop.mostWaitingInfos + 5 { hop.enqueue(.sendInfo(.pictureFastUpdate)) }
        hop.enqueue(.bye(nil))
        var requests: [LegAction] = []
        while let request = hop.dequeue() { requests.append(request) }
        #expect(requests.count == NextHop.mostWaitingInfos + 1)
        #expect(requests.last == .bye(nil))
    }

    @Test("a leg that closes while requests wait has Sofia send to where the peer was; else nothing changes")
    func close() {
        var hop = Self.named()
        #expect(hop.close() == nil)
        hop.enqueue(.bye(nil))
        #expect(hop.close() == .setProxy(Self.away))
        #expect(!hop.hasWaiting)
        #expect(hop.proxy == Self.away)
    }

    @Test("a big request goes by TCP, but not over a UDP flow")
    func transport() throws {
        var hop = NextHop()
        #expect(!hop.prefersTCP(bytes: SIPStack.largestSafeDatagram - 1))
        #expect(hop.prefersTCP(bytes: SIPStack.largestSafeDatagram))
        hop.begin(at: Self.hop)
        #expect(hop.prefersTCP(bytes: SIPStack.largestSafeDatagram))
        hop.begin(at: SIPHop(try #require(SIPFlow("udp/203.0.113.9:5080/198.51.100.1:5060"))))
        #expect(!hop.prefersTCP(bytes: SIPStack.largestSafeDatagram))
    }

    @Test("another leg with the same handle knows the way, and waits for nothing")
    func another() {
        var hop = Self.named()
        _ = hop.prepare { _ in true }
        hop.enqueue(.bye(nil))
        var other = hop.forAnotherLeg
        #expect(!other.hasWaiting)
        #expect(other.target == hop.target)
        guard case .resolve = other.prepare(isOpen: { _ in true }) else { Issue.record("waits for a name of the first leg"); return }
    }
}
