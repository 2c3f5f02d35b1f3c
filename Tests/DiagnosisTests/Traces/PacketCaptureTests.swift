@testable import Diagnosis
import EventLoop
import Events
import SIPNames
import Testing

@LoopActor
@Suite struct PacketCaptureTests {
    private func number<Number: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, _ type: Number.Type) -> Number {
        bytes.reversed().reduce(0) { $0 << 8 | Number($1) }
    }

    @Test("blocks of pcapng, each with its length at both ends: a section, an interface, a packet for each SIP message")
    func blocks() throws {
        let bytes = PacketCapture(try Sample.document(), application: "tern").bytes
        var types: [UInt32] = []
        var position = 0
        while position + 12 <= bytes.count {
            let length = Int(number(bytes[position + 4..<position + 8], UInt32.self))
            try #require(length % 4 == 0 && length >= 12 && position + length <= bytes.count)
            #expect(number(bytes[position + length - 4..<position + length], UInt32.self) == UInt32(length))
            types.append(number(bytes[position..<position + 4], UInt32.self))
            position += length
        }
        #expect(position == bytes.count)
        #expect(types == [0x0A0D_0D0A, 1, 6, 6, 6, 6])
    }

    @Test("IP and UDP headers have lengths and checksums that add up", arguments: [("192.0.2.1", "198.51.100.7"), ("2001:db8::1", "2001:db8::2")])
    func datagram(from: String, to: String) throws {
        let source = try #require(SocketAddress(address: from, port: 5_060)), destination = try #require(SocketAddress(address: to, port: 40_000))
        let packet = PacketCapture.datagram(source, destination, Array("odd".utf8))
        let isIPv6 = from.contains(":")
        #expect(packet.count == (isIPv6 ? 40 : 20) + 8 + 3 && packet.first.map { $0 >> 4 } == (isIPv6 ? 6 : 4))
        func sum(_ bytes: [UInt8]) -> Int {
            var sum = stride(from: 0, to: bytes.count, by: 2).reduce(0) { $0 + Int(bytes[$1]) << 8 + (($1 + 1 < bytes.count) ? Int(bytes[$1 + 1]) : 0) }
            while sum > 0xFFFF { sum = sum >> 16 + sum & 0xFFFF }
            return sum
        }
        if !isIPv6 { #expect(sum(Array(packet[..<20])) == 0xFFFF) }
        #expect(sum(source.ip.bytes + destination.ip.bytes + [0, 17, 0, 11] + Array(packet.suffix(11))) == 0xFFFF)
    }

    @Test("a message that is longer than a packet is cut, one without addresses has those that stand for none")
    func odd() throws {
        let bench = TraceBench()
        bench.begin("c", caller: "d")
        bench.tell(.dialog("d"), .sip(SIPMessage(
            isSent: true, transport: "tls", peer: SocketAddress("[2001:db8::1]:5061"), local: nil, method: "INFO", status: nil, text: String(repeating: "x", count: 65_536))))
        let bytes = PacketCapture(try bench.store.trace(of: "c"), application: "tern").bytes
        #expect(bytes.count > 65_500 && bytes.count < 66_500)
    }

    @Test("a long message that is repeated often makes neither a large document nor a large file")
    func repeated() throws {
        let bench = TraceBench()
        bench.begin("c", caller: "d")
        let long = "INFO sip:a@192.0.2.1 SIP/2.0\r\nSubject: \(String(repeating: "x", count: 60_000))\r\n\r\n"
        for _ in 0..<1_000 { bench.sip("d", long, method: "INFO") }
        let document = try bench.store.trace(of: "c")
        #expect(document.entries.count > 1_000 && document.json.text.utf8.count < 1 << 20)
        let bytes = PacketCapture(document, application: "tern").bytes
        #expect((4 << 20..<5 << 20).contains(bytes.count))
        // Of the last packet there is the beginning, and its whole length: behind block type, length, interface and time.
        let block = bytes.count - Int(number(bytes.suffix(4), UInt32.self))
        let kept = Int(number(bytes[block + 20..<block + 24], UInt32.self)), whole = Int(number(bytes[block + 24..<block + 28], UInt32.self))
        #expect(kept == 28 + 128 && whole == 28 + long.utf8.count)
        #expect(String(decoding: bytes[block + 28 + 28..<block + 28 + 28 + 28], as: UTF8.self) == "INFO sip:a@192.0.2.1 SIP/2.0")
    }
}
