@testable import Diagnosis
import EventLoop
import Events
import Glibc
import Logging
import SIPNames
import Testing

@LoopActor
@Suite struct HEPStreamTests {
    /// A port of this machine where a Homer listens, or does not.
    private final class Listener {
        private var descriptor: Int32 = -1
        private var connection: Int32 = -1
        private(set) var port = 0
        /// Payloads of all whole packets so far.
        private(set) var payloads: [String] = []
        private var bytes: [UInt8] = []

        init() throws { try open() }

        func open() throws {
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            var on: Int32 = 1
            setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout.size(ofValue: on)))
            let wanted = try #require(SocketAddress(address: "127.0.0.1", port: port))
            let descriptor = descriptor
            try #require(wanted.withPointer { bind(descriptor, $0, $1) } == 0 && listen(descriptor, 4) == 0)
            var address = sockaddr_in(), length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isNamed = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
            }
            try #require(isNamed)
            port = Int(UInt16(bigEndian: address.sin_port))
        }

        func close() {
            for one in [descriptor, connection] where one >= 0 { Glibc.close(one) }
            (descriptor, connection) = (-1, -1)
            bytes = []
        }

        deinit { close() }

        /// Accepts a connection, where one waits.
        var isConnected: Bool {
            if connection < 0 { connection = accept(descriptor, nil, nil) }
            return connection >= 0
        }

        /// Reads what has come.
        func read() {
            guard isConnected else { return }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = recv(connection, &buffer, buffer.count, Int32(MSG_DONTWAIT)), count > 0 { bytes += buffer.prefix(count) }
            while bytes.count >= 6, case let length = Int(bytes[4]) << 8 | Int(bytes[5]), length >= 6, bytes.count >= length {
                payloads.append(String(decoding: bytes[..<length].suffix(5), as: UTF8.self))
                bytes.removeFirst(length)
            }
        }
    }

    private static let times = HEPStream.Times(firstRetry: .milliseconds(20), longestRetry: .milliseconds(40), pause: .milliseconds(2), check: .milliseconds(10))

    private func stream(to port: Int) -> HEPStream {
        let settings = HEPSender.Settings(host: "127.0.0.1", port: port, id: 1, password: "", isTCP: true)
        return HEPStream(settings, HEPStreamTests.times, log: Logger(label: "test")) { _ in [] }
    }

    /// A packet whose payload ends with the number in five digits.
    private func packet(_ number: Int, length: Int = 5) -> HEPPacket {
        let digits = String(100_000 + number).dropFirst()
        return HEPPacket(kind: .log, time: .now, payload: String(repeating: "x", count: max(0, length - 5)) + digits)
    }

    private func until(_ condition: () -> Bool) async throws {
        let limit = ContinuousClock.now + .seconds(20)
        while !condition(), .now < limit { try await Task.sleep(for: .milliseconds(2)) }
        #expect(condition())
    }

    @Test("packets come whole and in order; those of the time before there was a Homer, and while it was away, as well")
    func order() async throws {
        let homer = try Listener()
        homer.close()
        let stream = stream(to: homer.port)
        stream.start()
        for number in 0..<100 { stream.send(packet(number)) }
        try homer.open()
        try await until {
            homer.read()
            return homer.payloads.count == 100
        }
        homer.close()
        // The stream has learned of it when packets wait.
        var number = 100
        try await until {
            stream.send(packet(number))
            number += 1
            return stream.waiting > 0
        }
        let lost = number - 1
        for number in number..<number + 50 { stream.send(packet(number)) }
        try homer.open()
        try await until {
            homer.read()
            return homer.payloads.last.map { $0 == String(100_000 + number + 49).dropFirst() } ?? false
        }
        let numbers = homer.payloads.compactMap { Int($0) }
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count && Array(0..<100) == Array(numbers.prefix(100)))
        #expect(Set(lost..<number + 50).isSubset(of: numbers))
        stream.stop()
    }

    @Test("a Homer that does not read holds no more than the queue; when it reads again, it gets whole packets")
    func bounded() async throws {
        let homer = try Listener()
        let stream = stream(to: homer.port)
        stream.start()
        try await until { homer.isConnected }
        var most = 0
        for number in 0..<2_000 {
            stream.send(packet(number, length: 10_000))
            most = max(most, stream.waiting)
        }
        #expect(most <= HEPStream.mostWaiting && most > HEPStream.mostWaiting / 2)
        try await until {
            homer.read()
            return stream.waiting == 0
        }
        stream.send(packet(9_999, length: 10_000))
        try await until {
            homer.read()
            return homer.payloads.last == "09999"
        }
        let numbers = homer.payloads.compactMap { Int($0) }
        #expect(numbers.count == homer.payloads.count && numbers == numbers.sorted() && numbers.count < 2_000)
        stream.stop()
    }
}
