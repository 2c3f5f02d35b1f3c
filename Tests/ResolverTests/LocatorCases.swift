@testable import Resolver

extension LocatorCase {
    private static let ipv4 = Hop.Path.all(transports: [.udp, .tcp, .tls])

    static let all = numeric + direct + services + pointers

    private static let numeric: [LocatorCase] = [
        .init("an address is UDP to 5060", .init(host: "192.0.2.1"), gives: ["udp:192.0.2.1:5060"]),
        .init("an address with a port", .init(host: "192.0.2.1", port: 5_080), gives: ["udp:192.0.2.1:5080"]),
        .init("an address over TCP", .init(host: "192.0.2.1", transport: .tcp), gives: ["tcp:192.0.2.1:5060"]),
        .init("an address over TLS is to 5061", .init(host: "192.0.2.1", transport: .tls), gives: ["tls:192.0.2.1:5061"]),
        .init("sips: is TLS", .init(scheme: .sips, host: "192.0.2.1"), gives: ["tls:192.0.2.1:5061"]),
        .init("sips: over TCP is TLS", .init(scheme: .sips, host: "192.0.2.1", port: 5_060, transport: .tcp),
            gives: ["tls:192.0.2.1:5060"]),
        .init("IPv6 in brackets", .init(host: "[2001:DB8:0::1]"), gives: ["udp:[2001:db8::1]:5060"]),
        .init("IPv6 without", .init(host: "2001:db8::1", port: 5_070), gives: ["udp:[2001:db8::1]:5070"]),
        .init("without UDP it is TCP", .init(host: "192.0.2.1"), gives: ["tcp:192.0.2.1:5060"],
            paths: Hop.Path.all(transports: [.tls, .tcp])),
    ]

    private static let direct: [LocatorCase] = [
        .init("localhost needs no name server", .init(host: "localhost"),
            "localhost A 192.0.2.1\n_sip._udp.localhost SRV 0 0 5060 evil.test\nevil.test A 192.0.2.1",
            gives: ["udp:127.0.0.1:5060", "udp:[::1]:5060"]),
        .init("nor does what is below it", .init(host: "Phone.LocalHost", port: 5_062, transport: .tcp),
            gives: ["tcp:127.0.0.1:5062", "tcp:[::1]:5062"]),
        .init("with a port SRV and NAPTR do not count", .init(host: "a.test", port: 5_070),
            """
            a.test NAPTR 10 10 s SIP+D2T _sip._tcp.a.test
            _sip._udp.a.test SRV 0 0 5060 b.test
            a.test A 192.0.2.1
            a.test AAAA 2001:db8::1
            """,
            gives: ["udp:192.0.2.1:5070", "udp:[2001:db8::1]:5070"]),
        .init("families in our order", .init(host: "a.test"), "a.test A 192.0.2.1\na.test AAAA 2001:db8::1",
            gives: ["udp:[2001:db8::1]:5060", "udp:192.0.2.1:5060"],
            paths: Hop.Path.all(transports: [.udp], families: [.ipv6, .ipv4])),
        .init("a family of which the lookup fails is left out", .init(host: "a.test"), "a.test A 192.0.2.1\na.test AAAA fails",
            gives: ["udp:192.0.2.1:5060"]),
        .init("a family that the transport does not have is left out", .init(host: "a.test", transport: .tcp),
            "a.test A 192.0.2.1\na.test AAAA 2001:db8::1", gives: ["tcp:192.0.2.1:5060"],
            paths: [.init(.udp, .ipv6), .init(.udp, .ipv4), .init(.tcp, .ipv4)]),
        .init("neither NAPTR nor SRV: the host itself, over UDP", .init(host: "A.Test."), "a.test A 192.0.2.1",
            gives: ["udp:192.0.2.1:5060"]),
        .init("the same for sips: over TLS", .init(scheme: .sips, host: "a.test"), "a.test A 192.0.2.1",
            gives: ["tls:192.0.2.1:5061"]),
        .init("addresses of nobody are left out", .init(host: "a.test", port: 5_060),
            "a.test A 0.0.0.0\na.test A 224.0.0.1\na.test A 255.255.255.255\na.test A 192.0.2.1", gives: ["udp:192.0.2.1:5060"]),
    ]

    private static let services: [LocatorCase] = [
        .init("a transport parameter asks its SRV records only", .init(host: "a.test", transport: .tcp),
            """
            a.test NAPTR 10 10 s SIP+D2U _sip._udp.a.test
            _sip._udp.a.test SRV 0 0 5060 u.test
            _sip._tcp.a.test SRV 0 0 5080 t.test
            u.test A 192.0.2.1
            t.test A 192.0.2.2
            """,
            gives: ["tcp:192.0.2.2:5080"]),
        .init("without such records it is the host", .init(host: "a.test", transport: .tcp), "a.test A 192.0.2.1",
            gives: ["tcp:192.0.2.1:5060"]),
        .init("by priority; a target that fails is left out", .init(host: "a.test"),
            """
            _sip._udp.a.test SRV 20 0 5062 c.test
            _sip._udp.a.test SRV 10 0 5061 b.test
            _sip._udp.a.test SRV 15 0 5065 gone.test
            b.test A 192.0.2.2
            c.test A 192.0.2.3
            gone.test A fails
            """,
            gives: ["udp:192.0.2.2:5061", "udp:192.0.2.3:5062"]),
        .init("without NAPTR each transport of ours, in our order", .init(host: "a.test"),
            """
            _sip._udp.a.test SRV 0 0 5060 b.test
            _sip._tcp.a.test SRV 0 0 5060 b.test
            _sips._tcp.a.test SRV 0 0 5061 b.test
            b.test A 192.0.2.2
            """,
            gives: ["tls:192.0.2.2:5061", "tcp:192.0.2.2:5060", "udp:192.0.2.2:5060"],
            paths: Hop.Path.all(transports: [.tls, .tcp, .udp])),
        .init("sips: asks for TLS only", .init(scheme: .sips, host: "a.test"),
            """
            _sip._udp.a.test SRV 0 0 5060 b.test
            _sips._tcp.a.test SRV 0 0 5061 b.test
            b.test A 192.0.2.2
            """,
            gives: ["tls:192.0.2.2:5061"]),
        .init("a failure of one transport is none where another has targets", .init(host: "a.test"),
            "_sip._udp.a.test SRV fails\n_sip._tcp.a.test SRV 0 0 5060 b.test\nb.test A 192.0.2.2", gives: ["tcp:192.0.2.2:5060"]),
        .init("a transport that is declined is left out", .init(host: "a.test"),
            "_sip._udp.a.test SRV 0 0 0 .\n_sip._tcp.a.test SRV 0 0 5060 b.test\nb.test A 192.0.2.2", gives: ["tcp:192.0.2.2:5060"]),
        .init("port 0 is none, and the same hop comes once", .init(host: "a.test", transport: .udp),
            """
            _sip._udp.a.test SRV 0 0 0 b.test
            _sip._udp.a.test SRV 1 0 5060 b.test
            _sip._udp.a.test SRV 2 0 5060 c.test
            b.test A 192.0.2.2
            c.test A 192.0.2.2
            """,
            gives: ["udp:192.0.2.2:5060"]),
    ]

    private static let pointers: [LocatorCase] = [
        .init("NAPTR decides the transport", .init(host: "a.test"),
            """
            a.test NAPTR 10 10 s SIP+D2T _sip._tcp.a.test
            _sip._udp.a.test SRV 0 0 5060 b.test
            _sip._tcp.a.test SRV 0 0 5070 b.test
            b.test A 192.0.2.2
            """,
            gives: ["tcp:192.0.2.2:5070"]),
        .init("by preference within the lowest order", .init(host: "a.test"),
            """
            a.test NAPTR 20 1 s SIPS+D2T _sips._tcp.a.test
            a.test NAPTR 10 60 s SIP+D2U _sip._udp.a.test
            a.test NAPTR 10 50 S sip+d2t _sip._tcp.a.test
            _sip._udp.a.test SRV 0 0 5060 b.test
            _sip._tcp.a.test SRV 0 0 5070 b.test
            _sips._tcp.a.test SRV 0 0 5061 b.test
            b.test A 192.0.2.2
            """,
            gives: ["tcp:192.0.2.2:5070", "udp:192.0.2.2:5060"]),
        .init("what we do not speak does not count for the order", .init(host: "a.test"),
            """
            a.test NAPTR 5 1 s SIP+D2S _sip._sctp.a.test
            a.test NAPTR 6 1 s SIPS+D2T _sips._tcp.a.test
            a.test NAPTR 10 60 s SIP+D2U _sip._udp.other.example
            _sip._udp.other.example SRV 0 0 5060 b.test
            b.test A 192.0.2.2
            """,
            gives: ["udp:192.0.2.2:5060"], paths: Hop.Path.all(transports: [.udp, .tcp])),
        .init("sips: takes SIPS+D2T only", .init(scheme: .sips, host: "a.test"),
            """
            a.test NAPTR 10 10 s SIP+D2T _sip._tcp.a.test
            a.test NAPTR 20 10 s SIPS+D2T _sips._tcp.a.test
            _sip._tcp.a.test SRV 0 0 5060 b.test
            _sips._tcp.a.test SRV 0 0 5061 b.test
            b.test A 192.0.2.2
            """,
            gives: ["tls:192.0.2.2:5061"]),
        .init("implausible NAPTR records do not count", .init(host: "a.test"),
            """
            a.test NAPTR 1 1 u SIP+D2T _sip._tcp.a.test
            a.test NAPTR 2 1 s SIP+D2T b.test
            a.test NAPTR 3 1 s SIP+D2T .
            a.test NAPTR 4 1 s SIP+D2T _sip._tcp.a.test expression
            a.test NAPTR 5 1 s E2U+sip _sip._tcp.a.test
            _sip._udp.a.test SRV 0 0 5060 b.test
            _sip._tcp.a.test SRV fails
            b.test A 192.0.2.2
            """,
            gives: ["udp:192.0.2.2:5060"]),
        .init("NAPTR to a name without SRV records leads to our own SRV", .init(host: "a.test"),
            """
            a.test NAPTR 10 10 s SIP+D2T _sip._tcp.gone.test
            _sip._udp.a.test SRV 0 0 5060 b.test
            b.test A 192.0.2.2
            """,
            gives: ["udp:192.0.2.2:5060"]),
        .init("a name server that fails on NAPTR is asked for SRV", .init(host: "a.test"),
            "a.test NAPTR fails\n_sip._udp.a.test SRV 0 0 5060 b.test\nb.test A 192.0.2.2", gives: ["udp:192.0.2.2:5060"]),
    ]
}
