import Testing

@testable import SIP

@Suite("Where a leg's requests go")
struct LegCourseTests {
    private static let away = "sip:203.0.113.9:5080;transport=udp"

    private func course(
        _ way: String, ours: Bool, contact: String?, route: String? = nil, proxied: Bool = false
    ) throws -> LegCourse {
        let first = way.contains("/")
            ? SIPHop(try #require(SIPFlow("\(way)/198.51.100.1:5060")))
            : SIPHop(transport: .udp, address: way, port: 5_080)
        return LegCourse(first: first, isOurs: ours, isProxied: proxied, firstRoute: route, contactHost: contact)
    }

    @Test("called over UDP: to the Contact, or back to the source where it cannot be reached", arguments: [
        ("203.0.113.9", false), ("203.0.113.10", false), ("10.0.0.1", true), ("172.31.255.255", true), ("172.32.0.1", false),
        ("192.168.1.1", true), ("100.64.0.1", true), ("127.0.0.1", true), ("0.0.0.0", true), ("169.254.1.1", true),
        ("fd00::1", true), ("fe80::1", true), ("::1", true), ("2001:db8::1", false), ("::ffff:10.0.0.1", true),
        ("phone.example", false), ("df7jal23ls0d.invalid", true),
    ])
    func called(contact: String, isDetour: Bool) throws {
        let course = try course("udp/203.0.113.9:5080", ours: false, contact: contact)
        #expect(course.detour { _ in true } == (isDetour ? Self.away : nil))
    }

    @Test("a private Contact is followed where the peer has it, or is itself in that network behind a proxy")
    func sameNetwork() throws {
        #expect(try course("udp/10.0.0.1:5080", ours: false, contact: "10.0.0.1").detour { _ in true } == nil)
        #expect(try course("udp/10.0.0.1:5080", ours: false, contact: "10.0.0.2").detour { _ in true } != nil)
        #expect(try course("udp/10.0.0.1:5080", ours: false, contact: "10.0.0.2", proxied: true).detour { _ in true } == nil)
        #expect(try course("udp/203.0.113.9:5080", ours: false, contact: "10.0.0.2", proxied: true).detour { _ in true } == Self.away)
    }

    @Test("called over a connection: over it while it stands, unless the Contact is elsewhere")
    func connection() throws {
        for contact in ["203.0.113.9", "10.0.0.1", "x.invalid"] {
            let course = try course("tcp/203.0.113.9:5080", ours: false, contact: contact)
            #expect(course.detour { _ in true } == "sip:203.0.113.9:5080;transport=tcp")
            #expect(course.detour { _ in false } == nil)
        }
        #expect(try course("tcp/203.0.113.9:5080", ours: false, contact: "203.0.113.10").detour { _ in true } == nil)
    }

    @Test("a route set is followed, whatever else is known", arguments: ["udp/203.0.113.9:5080", "tcp/203.0.113.9:5080", "203.0.113.9"])
    func routes(way: String) throws {
        let route = "sip:192.0.2.1;lr"
        #expect(try course(way, ours: false, contact: "10.0.0.1", route: route).detour { _ in true } == nil)
        #expect(try course(way, ours: true, contact: "10.0.0.1", route: route).detour { _ in true } == route)
    }

    @Test("calling an address: to the Contact, or back to the address where it cannot be reached", arguments: [
        ("203.0.113.9", "203.0.113.10", false), ("203.0.113.9", "10.0.0.1", true), ("203.0.113.9", "phone.example", true),
        ("203.0.113.9", nil, true), ("10.0.0.1", "10.0.0.2", false), ("10.0.0.1", "203.0.113.9", false),
    ] as [(String, String?, Bool)])
    func hop(address: String, contact: String?, isDetour: Bool) throws {
        let course = try course(address, ours: true, contact: contact)
        #expect(course.detour { _ in true } == (isDetour ? "sip:\(address):5080;transport=udp" : nil))
    }

    @Test("calling over a flow: over it, whatever the Contact; once a connection is gone to the Contact")
    func flow() throws {
        for contact in ["203.0.113.10", "10.0.0.1", nil] {
            #expect(try course("udp/203.0.113.9:5080", ours: true, contact: contact).detour { _ in false } == Self.away)
            let connection = try course("tcp/203.0.113.9:5080", ours: true, contact: contact)
            #expect(connection.detour { _ in true } == "sip:203.0.113.9:5080;transport=tcp")
            #expect(connection.detour { _ in false } == nil)
        }
    }

    @Test("nothing is known: Sofia decides")
    func nothing() { #expect(LegCourse().detour { _ in true } == nil) }

    @Test("a q value in thousandths", arguments: [
        ("1", 1_000), ("0", 0), ("0.5", 500), ("0.05", 50), ("0.999", 999), ("1.000", 1_000), ("1.5", 1_000), ("0.", 0),
        ("0.1234", 1_000), ("-1", 1_000), ("x", 1_000), ("", 1_000), ("0.+1", 1_000),
    ])
    func thousandths(text: String, expected: Int) {
        #expect(SIPIncomingRegister.Contact.thousandths(text) == expected)
    }
}
