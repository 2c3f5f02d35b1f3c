@testable import Diagnosis
import EventLoop
import Events
import Foundation
import Glibc
import JSON
import Logging
import SIPNames
import Testing

@LoopActor
@Suite struct HEPTests {
    /// The chunks of a packet by their type, as the specification has them; nil where a length is wrong.
    private static func chunks(_ bytes: [UInt8]) -> [Int: [UInt8]]? {
        guard bytes.starts(with: Array("HEP3".utf8)), bytes.count > 6, Int(bytes[4]) << 8 | Int(bytes[5]) == bytes.count else { return nil }
        var chunks: [Int: [UInt8]] = [:]
        var position = 6
        while position < bytes.count {
            guard position + 6 <= bytes.count, bytes[position] == 0, bytes[position + 1] == 0 else { return nil }
            let length = Int(bytes[position + 4]) << 8 | Int(bytes[position + 5])
            guard length >= 6, position + length <= bytes.count else { return nil }
            chunks[Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])] = Array(bytes[position + 6..<position + length])
            position += length
        }
        return chunks
    }

    @Test("a packet has the specification's chunks")
    func packet() throws {
        var packet = HEPPacket(kind: .sip, time: EventTime(microseconds: 1_700_000_000_000_123), payload: "INVITE sip:x SIP/2.0\r\n\r\n")
        (packet.source, packet.destination) = (SocketAddress("192.0.2.7:5070"), SocketAddress("[::ffff:192.0.2.1]:5060"))
        packet.correlation = "one@192.0.2.7"
        let chunks = try #require(HEPTests.chunks(packet.bytes(of: HEPPacket.Agent(id: 2_001, password: "secret"))))
        #expect(chunks == [
            1: [2], 2: [17], 3: [192, 0, 2, 7], 4: [192, 0, 2, 1], 7: [0x13, 0xCE], 8: [0x13, 0xC4], 9: [0x65, 0x53, 0xF1, 0x00], 10: [0, 0, 0, 123], 11: [1],
            12: [0, 0, 7, 0xD1], 14: Array("secret".utf8), 15: Array("INVITE sip:x SIP/2.0\r\n\r\n".utf8), 17: Array("one@192.0.2.7".utf8),
        ])
    }

    @Test("IPv6 has chunks of its own; what is too long for a datagram is cut")
    func wide() throws {
        var packet = HEPPacket(kind: .log, time: .now, payload: String(repeating: "x", count: 70_000))
        (packet.source, packet.isTCP) = (SocketAddress("[2001:db8::1]:5060"), true)
        let bytes = packet.bytes(of: HEPPacket.Agent(id: 0, password: ""))
        let chunks = try #require(HEPTests.chunks(bytes))
        #expect(bytes.count == HEPPacket.longest && chunks[1] == [10] && chunks[2] == [6] && chunks[5]?.first == 0x20 && chunks[6] == [UInt8](repeating: 0, count: 16))
        #expect(chunks[3] == nil && chunks[11] == [100] && chunks[14] == nil)
    }

    private func report(_ play: (EventStream, Sent) async -> Void) async -> [HEPPacket] {
        let stream = EventStream()
        let sent = Sent()
        let reporter = HEPReporter(mediaAddress: "192.0.2.1", stream: stream) { sent.packets.append($0) }
        await play(stream, sent)
        reporter.stop()
        return sent.packets
    }

    private final class Sent { var packets: [HEPPacket] = [] }

    private func sip(_ dialog: String, _ text: String, isSent: Bool, method: String = "INVITE", status: Int? = nil) -> Event {
        Event(.dialog(dialog), .sip(SIPMessage(
            isSent: isSent, transport: "udp", peer: SocketAddress("192.0.2.7:5070"), local: SocketAddress("192.0.2.1:5060"), method: method, status: status,
            text: text)))
    }

    private func begin(_ stream: EventStream, _ call: String, session: String) {
        stream.tell(call, .began(CallStart(callerKind: "phone", caller: "1", dialled: "2", source: "")))
        stream.tell(call, .hasSession(id: session))
    }

    private let count = MediaCount(
        side: "caller", kind: "audio", received: .init(packets: 90, bytes: 14_400, lost: 10, jitter: 3, ssrc: 7), sent: .init(packets: 100, bytes: 16_000, lost: 0, jitter: 1, ssrc: 8),
        roundTrip: 20, source: SocketAddress("192.0.2.7:4000"), codec: "PCMU/8000", score: 3.5, isFinal: true)

    @Test("both legs of a call, its log and its reports have the Call-ID of the caller in common; secrets are removed")
    func correlation() async throws {
        let packets = await report { stream, _ in
            stream.tell(sip("a", "INVITE sip:x SIP/2.0\r\nAuthorization: Digest response=\"feed\"\r\n\r\n", isSent: false))
            stream.tell(Event(.call("c"), .log(LogLine(level: "info", label: "tern", message: "call from a phone", fields: [("call", "c")]))))
            begin(stream, "c", session: "s")
            stream.tell("c", .hasDialog(callID: "a", isCaller: true))
            stream.tell(sip("b", "INVITE sip:y SIP/2.0\r\n\r\n", isSent: true))
            stream.tell(sip("b", "SIP/2.0 100 Trying\r\n\r\n", isSent: false, status: 100))
            stream.tell("c", .hasDialog(callID: "b", isCaller: false))
            stream.tell("c", .ended(CallOutcome(status: 200, reason: "", by: "caller")))
            stream.tell(session: "s", .counted(count))
            stream.tell(sip("r", "REGISTER sip:x SIP/2.0\r\n\r\n", isSent: false, method: "REGISTER"))
            let start = CallStart(callerKind: "phone", caller: "1", dialled: "2", source: "")
            stream.tell("e", .notAdmitted(start, callID: "n", client: nil, CallOutcome(status: 403, reason: "", by: "gateway")))
            stream.tell(Event(.call("e"), .log(LogLine(level: "info", label: "tern", message: "call ended", fields: []))))
        }
        #expect(packets.map(\.kind) == [.sip, .log, .sip, .sip, .rtcp, .quality, .sip, .log])
        #expect(packets.map(\.correlation) == ["a", "a", "a", "a", "a", "a", "r", "n"])
        #expect(packets.first?.payload.contains("feed") == false && packets.first?.source == SocketAddress("192.0.2.7:5070"))
        #expect(packets[2].source == SocketAddress("192.0.2.1:5060"))
        let rtcp = try JSONValue(parsing: packets[4].payload), quality = try JSONValue(parsing: packets[5].payload)
        #expect(rtcp["sender_information"]?["packets"] == 100 && rtcp["report_blocks"]?[0]?["packets_lost"] == 10)
        #expect(rtcp["report_blocks"]?[0]?["fraction_lost"] == 25 && rtcp["report_blocks"]?[0]?["ia_jitter"] == 24)
        #expect(quality["CORRELATION_ID"] == "a" && quality["MOS"] == 3.5 && quality["TYPE"] == "HANGUP" && quality["EXPECTED_PK"] == 100)
    }

    @Test("a browser's call has the Call-ID of the phone that it calls; what waits for a dialog waits for a second at most")
    func browser() async throws {
        let packets = await report { stream, sent in
            begin(stream, "c", session: "s")
            stream.tell(Event(.call("c"), .log(LogLine(level: "info", label: "tern", message: "one", fields: []))))
            stream.tell("c", .hasDialog(callID: "b", isCaller: false))
            begin(stream, "d", session: "t")
            stream.tell(Event(.call("d"), .log(LogLine(level: "info", label: "tern", message: "two", fields: []))))
            let limit = ContinuousClock.now + .seconds(20)
            while sent.packets.count < 2, .now < limit { try? await Task.sleep(for: .milliseconds(20)) }
            stream.tell(sip("r", "OPTIONS sip:x SIP/2.0\r\n\r\n", isSent: true, method: "OPTIONS"))
        }
        #expect(packets.map(\.correlation) == ["b", "d", "r"])
    }

    @Test("a gateway that starts before its network is up sends to Homer as soon as there is a way", arguments: ["127.0.0.1", "homer.invalid"])
    func early(host: String) async throws {
        final class Network { var attempts = 0 }
        let homer = try Homer()
        let network = Network()
        let settings = HEPSender.Settings(host: host, port: homer.port, id: 1, password: "")
        let sender = HEPSender(settings, HEPSender.Times(retry: .milliseconds(10)), log: Logger(label: "test")) { _ in ["127.0.0.1"] } join: { descriptor, to, length in
            network.attempts += 1
            guard network.attempts > 3 else {
                errno = ENETUNREACH
                return -1
            }
            return connect(descriptor, to, length)
        }
        sender.start()
        let packet = HEPPacket(kind: .log, time: .now, payload: "x")
        let limit = ContinuousClock.now + .seconds(20)
        while !homer.hasReceived, .now < limit {
            sender.send(packet)
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(homer.hasReceived && network.attempts == 4)
        sender.stop()
    }

    /// A socket on this machine that takes packets; closed at the end.
    private final class Homer {
        private let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
        private(set) var port = 0

        /// - Parameter port: 0 for any.
        init(port: Int = 0) throws {
            let wanted = try #require(SocketAddress(address: "127.0.0.1", port: port))
            try #require(wanted.withPointer { bind(descriptor, $0, $1) } == 0)
            var address = sockaddr_in(), length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let (socket, isNamed) = (descriptor, withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) == 0 }
            })
            try #require(isNamed && socket >= 0)
            self.port = Int(UInt16(bigEndian: address.sin_port))
        }

        deinit { close(descriptor) }

        private var buffer = [UInt8](repeating: 0, count: 2_048)

        var hasReceived: Bool { recv(descriptor, &buffer, buffer.count, Int32(MSG_PEEK)) > 4 && buffer.starts(with: Array("HEP3".utf8)) }
    }

    @Test("a Homer where nobody listens is told of once; when it has been there and goes again, once more")
    func told() async throws {
        let null = open("/dev/null", O_WRONLY)
        defer { close(null) }
        let stream = EventStream()
        let output = LogOutput(descriptor: null, isShown: true, stream: stream)
        var warnings = 0
        let listening = stream.listen(to: .log) { event in
            if case .log(let line) = event.content, line.message == "Homer gets nothing" { warnings += 1 }
        }
        var homer: Homer? = try Homer()
        let port = try #require(homer?.port)
        let settings = HEPSender.Settings(host: "127.0.0.1", port: port, id: 1, password: "")
        let log = Logger(label: "test") { TernLogHandler(label: $0, output: output) }
        let sender = HEPSender(settings, HEPSender.Times(recovery: .milliseconds(50)), log: log) { _ in [] }
        sender.start()
        let packet = HEPPacket(kind: .log, time: .now, payload: "x")
        homer = nil
        for _ in 0..<100 { sender.send(packet) }
        #expect(warnings == 1)
        homer = try Homer(port: port)
        let limit = ContinuousClock.now + .seconds(20)
        let well = ContinuousClock.now + .milliseconds(100)
        while .now < well || homer?.hasReceived != true, .now < limit {
            sender.send(packet)
            try await Task.sleep(for: .milliseconds(5))
        }
        homer = nil
        for _ in 0..<100 { sender.send(packet) }
        #expect(warnings == 2)
        sender.stop()
        withExtendedLifetime(listening) {}
    }

    @Test("a Homer that is not found, or where nobody listens, gets nothing, and nothing waits", arguments: ["nowhere.invalid", "127.0.0.1"])
    func absent(host: String) async throws {
        let settings = HEPSender.Settings(host: host, port: 9, id: 1, password: "")
        let sender = HEPSender(settings, log: Logger(label: "test")) { _ in [] }
        sender.start()
        let packet = HEPPacket(kind: .log, time: .now, payload: "x")
        let begun = ContinuousClock.now
        for _ in 0..<1_000 { sender.send(packet) }
        #expect(begun.duration(to: .now) < .seconds(2))
        sender.stop()
        sender.send(packet)
    }
}
