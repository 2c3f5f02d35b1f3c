import Glibc
import SIPNames
import Testing

@Suite("IP addresses, sockets and listeners")
struct AddressTests {
    @Test("an address is read in any spelling, and written in the shortest", arguments: [
        ("127.0.0.1", "127.0.0.1"), ("2001:DB8:0:0::1", "2001:db8::1"), ("::ffff:192.0.2.1", "::ffff:192.0.2.1"), ("::", "::"),
    ])
    func canonical(text: String, expected: String) throws {
        #expect(try #require(IPAddress(text)).description == expected)
    }

    @Test("what is no address in full is none", arguments: [
        "", "localhost", "1.2.3", "1.2.3.4.5", "256.0.0.1", "1.2.3.4 ", "[::1]", "fe80::1%eth0", ":::", "1:2", "::1\0", String(repeating: "0", count: 60),
    ])
    func none(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test("as the host of a URI, IPv6 may have its brackets and IPv4 none", arguments: [
        ("[::1]", "::1"), ("::1", "::1"), ("192.0.2.1", "192.0.2.1"), ("[192.0.2.1]", nil), ("[::1", nil), ("[]", nil), ("[", nil),
    ] as [(String, String?)])
    func host(text: String, expected: String?) {
        #expect(IPAddress(host: text)?.description == expected)
    }

    @Test("addresses that reach no further than their own network are private", arguments: [
        ("10.1.2.3", true), ("172.31.0.1", true), ("172.32.0.1", false), ("192.168.0.1", true), ("100.64.0.1", true), ("100.128.0.1", false),
        ("169.254.1.1", true), ("127.0.0.1", true), ("0.0.0.0", true), ("192.0.2.1", false), ("fd00::1", true), ("fe80::1", true), ("::1", true),
        ("::", true), ("2001:db8::1", false), ("::ffff:10.0.0.1", true), ("::ffff:192.0.2.1", false),
    ])
    func isPrivate(text: String, expected: Bool) throws {
        #expect(try #require(IPAddress(text)).isPrivate == expected)
    }

    @Test("one host has an address that is neither all, nor many, nor reserved", arguments: [
        ("192.0.2.1", true), ("0.0.0.0", false), ("::", false), ("224.0.0.1", false), ("255.255.255.255", false), ("240.0.0.1", false), ("ff02::1", false),
        ("2001:db8::1", true),
    ])
    func isOfOneHost(text: String, expected: Bool) throws {
        #expect(try #require(IPAddress(text)).isOfOneHost == expected)
    }

    @Test("a socket address is read and written", arguments: ["192.0.2.1:5060", "[2001:db8::1]:5060", "0.0.0.0:0", "[::]:65535"])
    func sockets(text: String) throws {
        #expect(try #require(SocketAddress(text)).description == text)
    }

    @Test("what is no socket address is refused", arguments: [
        "", ":", "x:1", "1.2.3.4", "1.2.3.4:x", "1.2.3.4:65536", "1.2.3.4:+1", "1.2.3.4:", "::1", "::1:5060", "[1.2.3.4]:5", "1.2.3.4:99999999999999999999",
    ])
    func noSockets(text: String) {
        #expect(SocketAddress(text) == nil)
    }

    @Test("an IPv4 address that is mapped into IPv6 is the IPv4 address")
    func mapped() throws {
        let (mapped, plain) = (try #require(SocketAddress("[::ffff:192.0.2.1]:5060")), try #require(SocketAddress("192.0.2.1:5060")))
        #expect(mapped == plain && mapped.hashValue == plain.hashValue && mapped.address == "192.0.2.1")
        #expect(mapped != SocketAddress("192.0.2.1:5061"))
    }

    @Test("the system's form of an address holds all of it", arguments: ["192.0.2.1:5060", "[2001:db8::1]:65535"])
    func system(text: String) throws {
        let address = try #require(SocketAddress(text))
        let copy = address.withPointer { SocketAddress($0, length: $1) }
        #expect(copy?.description == text)
        #expect(address.withPointer { pointer, length in SocketAddress(pointer, length: length - 1) } == nil)
    }

    @Test("a socket tells where it is bound, and a closed one nothing")
    func bound() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let wanted = try #require(SocketAddress("127.0.0.1:0"))
        #expect(wanted.withPointer { bind(descriptor, $0, $1) } == 0)
        let own = try #require(SocketAddress(boundTo: descriptor))
        #expect(own.address == "127.0.0.1" && own.port > 0 && SocketAddress(peerOf: descriptor) == nil)
        close(descriptor)
        #expect(SocketAddress(boundTo: descriptor) == nil)
    }

    @Test("listeners overlap by port, kind of socket and address", arguments: [
        ("127.0.0.1", "127.0.0.1", true), ("0.0.0.0", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false), ("::", "192.0.2.1", false), ("::", "::1", true),
    ])
    func overlaps(one: String, other: String, expected: Bool) {
        func listener(_ transport: ListenAddress.Transport, _ address: String, _ port: Int) -> ListenAddress {
            ListenAddress(transport: transport, address: address, port: port)
        }
        #expect(listener(.tcp, one, 5_060).overlaps(listener(.tls, other, 5_060)) == expected)
        #expect(!listener(.udp, one, 5_060).overlaps(listener(.tcp, other, 5_060)))
        #expect(!listener(.tcp, one, 5_060).overlaps(listener(.tcp, other, 5_061)) && !listener(.tcp, one, 0).overlaps(listener(.tcp, other, 0)))
    }

    @Test("a name-addr is written and read back", arguments: ["Alice", "x\"\\y, z", "Ünal <1>", ""])
    func names(name: String) throws {
        let address = NameAddress(user: "a b@c", host: "h", displayName: name)
        let read = Array(NameAddress.list("\(address.text), <sip:other@h>;x, sip:third@h;y"))
        #expect(read.map(\.uri) == ["sip:a%20b%40c@h", "sip:other@h", "sip:third@h"])
        #expect(read.first?.displayName ?? "" == name)
    }
}
