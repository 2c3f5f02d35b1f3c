import Glibc
import Testing

@testable import SIP

@Suite("Name servers")
struct NameServerTests {
    @Test("the servers of a resolv.conf are found, in their order")
    func servers() {
        let text = "# nameserver 192.0.2.9\nsearch example.org\nnameserver 192.0.2.1\n\tnameserver\t2001:db8::1 # comment\nnameserver\n"
        #expect(NameServers.addresses(in: text) == ["192.0.2.1", "2001:db8::1"])
    }

    @Test("a server without a route is noticed, wherever it stands", arguments: [
        ("nameserver 127.0.0.1\n", true), ("", true), ("nameserver 127.0.0.1\nnameserver 255.255.255.255\n", false),
    ])
    func routes(text: String, routed: Bool) throws {
        var path = Array("/tmp/tern-resolv-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        try #require(descriptor >= 0)
        let file = String(decoding: path.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
        defer { unlink(file) }
        #expect(write(descriptor, text, text.utf8.count) == text.utf8.count)
        close(descriptor)
        // To the broadcast address no socket is connected that has not asked for it: the same as without a route.
        #expect(NameServers.areRouted(in: file) == routed)
    }

    @Test("a file that is not there means no server of ours")
    func noFile() { #expect(NameServers.areRouted(in: "/nonexistent/resolv.conf")) }
}
