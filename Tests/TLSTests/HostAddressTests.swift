import Foundation
@testable import TLS
import Testing

@Suite("Addresses of host names", .timeLimit(.minutes(1)))
struct HostAddressTests {
    /// A resolver that answers as a test says, and hangs where it says so.
    private final class Names: @unchecked Sendable {
        let lock = NSCondition()
        private var hangs = false
        private(set) var asked: [String] = []
        var error: BlockingStreamError?

        func hang(_ isOn: Bool) {
            lock.withLock { hangs = isOn }
            lock.broadcast()
        }

        func answer(_ host: String) throws(BlockingStreamError) -> [HostAddress] {
            lock.lock()
            defer { lock.unlock() }
            asked.append(host)
            while hangs { lock.wait() }
            if let error { throw error }
            return try HostLookup.system.find("127.0.0.9", until: .now)
        }
    }

    private func port(_ address: HostAddress) -> [UInt8] { Array(address.bytes[2..<4]) }

    @Test("an address is one, and gets its port; a name of this machine has some; what is none is said")
    func found() throws {
        let v4 = try HostLookup.system.find("192.0.2.1", until: .now), v6 = try HostLookup.system.find("2001:db8::1", until: .now)
        #expect(v4.count == 1 && v4[0].family == AF_INET && v6.count == 1 && v6[0].family == AF_INET6)
        #expect(port(v4[0].with(port: 6_379)) == [0x18, 0xEB] && port(v6[0].with(port: 6_379)) == [0x18, 0xEB])
        #expect(try !HostLookup.system.find("localhost", until: .now + .seconds(5)).isEmpty)
        #expect(throws: BlockingStreamError.self) { try HostLookup.system.find("no such name", until: .now + .seconds(10)) }
    }

    @Test("a name server that hangs holds nobody up: the addresses of before count, and one question is asked, not many")
    func hangs() throws {
        let names = Names(), addresses = HostLookup { host throws(BlockingStreamError) in try names.answer(host) }
        let known = try addresses.find("redis", until: .now + .seconds(5))
        names.hang(true)
        defer { names.hang(false) }
        let start = ContinuousClock.now
        #expect(try addresses.find("redis", until: .now + .milliseconds(50)) == known)
        do throws(BlockingStreamError) {
            _ = try addresses.find("other", until: .now + .milliseconds(50))
            Issue.record("an address was found")
        } catch {
            #expect(error.isTimeout && "\(error)".contains("other is not found in time: the name server does not answer"))
        }
        for number in 0..<40 { _ = try? addresses.find(number % 2 == 0 ? "redis" : "name \(number)", until: .now + .milliseconds(1)) }
        #expect(start.duration(to: .now) < .seconds(5))
        // Each at most once, and no more than there is room for.
        #expect(names.lock.withLock { names.asked.count } <= 17)
        names.hang(false)
        #expect(try addresses.find("other", until: .now + .seconds(5)) == known)
    }

    @Test("a name server that fails for a moment leaves the addresses of before; one that says that there is no such name does not")
    func fails() throws {
        let names = Names(), addresses = HostLookup { host throws(BlockingStreamError) in try names.answer(host) }
        let known = try addresses.find("redis", until: .now + .seconds(5))
        names.error = BlockingStreamError("later", isTimeout: true)
        #expect(try addresses.find("redis", until: .now + .seconds(5)) == known)
        #expect(throws: BlockingStreamError.self) { try addresses.find("other", until: .now + .seconds(5)) }
        names.error = BlockingStreamError("there is none")
        #expect(throws: BlockingStreamError.self) { try addresses.find("redis", until: .now + .seconds(5)) }
    }
}
