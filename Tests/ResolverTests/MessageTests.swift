import SIPNames
import TestRandom
import Testing
@testable import Resolver

@Suite("DNS messages")
struct MessageTests {
    private func question(_ name: String, _ type: DNSRecordType) throws -> DNSQuestion {
        DNSQuestion(try #require(DNSName(name)), type)
    }

    @Test("each kind of record is read, with the shortest lifetime")
    func records() throws {
        let addresses = try question("a.test", .a)
        var message = WireMessage(addresses)
        message.add(type: 1, lifetime: 300, [192, 0, 2, 1])
        message.add(WireMessage.name("A.TEST"), type: 1, lifetime: 20, [192, 0, 2, 2])
        message.add(type: 28, lifetime: 1, [UInt8](repeating: 1, count: 16))
        message.add(WireMessage.name("b.test"), type: 1, lifetime: 1, [192, 0, 2, 3])
        let answer = try DNSMessage.answer(in: message.bytes, to: addresses)
        #expect(answer.addresses.map(\.description) == ["192.0.2.1", "192.0.2.2"])
        #expect(answer.lifetime == .seconds(20))

        let services = try question("_sip._udp.a.test", .srv)
        message = WireMessage(services)
        message.add(type: 33, WireMessage.service(1, 2, 5_060, "B.test"))
        message.add(type: 33, WireMessage.service(65_535, 0, 0, "."))
        #expect(try DNSMessage.answer(in: message.bytes, to: services).services == [
            ServiceRecord(priority: 1, weight: 2, port: 5_060, target: try #require(DNSName("b.test"))),
            ServiceRecord(priority: 65_535, weight: 0, port: 0, target: .root),
        ])

        let pointers = try question("a.test", .naptr)
        message = WireMessage(pointers)
        message.add(type: 35, WireMessage.pointer(10, 20, "s", "SIP+D2U", "_sip._udp.a.test"))
        #expect(try DNSMessage.answer(in: message.bytes, to: pointers).pointers == [
            PointerRecord(
                order: 10, preference: 20, flags: "s", service: "SIP+D2U", hasExpression: false,
                replacement: try #require(DNSName("_sip._udp.a.test")))
        ])
    }

    @Test("aliases are followed, in whatever order they stand")
    func aliases() throws {
        let asked = try question("a.test", .aaaa)
        var message = WireMessage(asked)
        message.add(WireMessage.name("c.test"), type: 28, lifetime: 100, [UInt8](repeating: 0, count: 15) + [9])
        message.add(WireMessage.name("b.test"), type: 5, lifetime: 7, WireMessage.name("c.test"))
        message.add(type: 5, lifetime: 50, [1, UInt8(ascii: "b"), 0xC0, 14])
        let answer = try DNSMessage.answer(in: message.bytes, to: asked)
        #expect(answer == DNSAnswer(records: [.address(try #require(IPAddress("::9")))], lifetime: .seconds(7)))
    }

    @Test("an alias that leads nowhere is no records; a circle, and a chain without end, are malformed")
    func circles() throws {
        let asked = try question("a.test", .a)
        var message = WireMessage(asked)
        message.add(type: 5, WireMessage.name("b.test"))
        #expect(try DNSMessage.answer(in: message.bytes, to: asked) == .none)
        message.add(WireMessage.name("b.test"), type: 5, [0xC0, 12])
        #expect(throws: ResolverError.malformedAnswer) { try DNSMessage.answer(in: message.bytes, to: asked) }
        message = WireMessage(asked)
        message.add(type: 5, WireMessage.name("n0.test"))
        for number in 0..<200 {
            message.add(WireMessage.name("n\(number).test"), type: 5, WireMessage.name("n\(number + 1).test"))
        }
        #expect(throws: ResolverError.malformedAnswer) { try DNSMessage.answer(in: message.bytes, to: asked) }
    }

    @Test("what is no answer to the question is malformed")
    func strangers() throws {
        let asked = try question("a.test", .a), other = try question("a.test", .srv)
        for message in [
            WireMessage(asked, flags: 0x0100), WireMessage(asked, flags: 0x9180), WireMessage(try question("b.test", .a)),
            WireMessage(other),
        ] {
            #expect(throws: ResolverError.malformedAnswer) { try DNSMessage.answer(in: message.bytes, to: asked) }
        }
        var message = WireMessage(asked)
        message.add(type: 1, [192, 0, 2, 1])
        for length in 0..<message.bytes.count {
            #expect(throws: ResolverError.malformedAnswer) {
                try DNSMessage.answer(in: Array(message.bytes.prefix(length)), to: asked)
            }
        }
    }

    @Test("a record of the wrong length, or of an impossible name, is left out; the others stay")
    func brokenRecords() throws {
        let asked = try question("a.test", .srv)
        var message = WireMessage(asked)
        message.add(type: 33, WireMessage.service(1, 0, 1, "b.test") + [0])
        message.add(type: 33, Array(WireMessage.service(1, 0, 2, "b.test").dropLast()))
        message.add(type: 33, WireMessage.service(1, 0, 3, "b c.test"))
        message.add(type: 33, [])
        message.add(type: 33, WireMessage.number(1) + WireMessage.number(0) + WireMessage.number(4) + [0xFF, 0xFF])
        message.add(type: 33, WireMessage.service(1, 0, 5, "b.test"))
        #expect(try DNSMessage.answer(in: message.bytes, to: asked).services.map(\.port) == [5])

        let pointers = try question("a.test", .naptr), whole = WireMessage.pointer(1, 2, "s", "SIP+D2U", "b.test")
        message = WireMessage(pointers)
        // A string that is said to be longer than the record, at each of their places; less than a string; more than a name.
        for place in [4, 6, 14] {
            var content = whole
            content[place] = 0xFF
            message.add(type: 35, content)
        }
        for length in 0..<whole.count { message.add(type: 35, Array(whole.prefix(length))) }
        message.add(type: 35, whole + [0])
        message.add(type: 35, whole)
        #expect(try DNSMessage.answer(in: message.bytes, to: pointers).pointers.map(\.service) == ["SIP+D2U"])
    }

    @Test("counts that lie, pointers in circles and names without end are malformed")
    func lies() throws {
        let asked = try question("a.test", .a)
        var counts = WireMessage(asked)
        counts.add(type: 1, [192, 0, 2, 1])
        counts.bytes[6] = 0xFF
        var circle = WireMessage(asked)
        circle.add([0xC0, UInt8(circle.bytes.count)], type: 1, [192, 0, 2, 1])
        // The type is read as a name: it is the root's.
        var forward = WireMessage(asked)
        forward.add([0xC0, UInt8(forward.bytes.count + 2)], type: 1, [192, 0, 2, 1])
        #expect(try DNSMessage.answer(in: forward.bytes, to: asked) == .none)
        var long = WireMessage(asked)
        long.add((0..<5).flatMap { _ in [63] + [UInt8](repeating: 97, count: 63) } + [0], type: 1, [192, 0, 2, 1])
        var reserved = WireMessage(asked)
        reserved.add([0x80, 12], type: 1, [192, 0, 2, 1])
        for message in [counts, circle, long, reserved] {
            #expect(throws: ResolverError.malformedAnswer) { try DNSMessage.answer(in: message.bytes, to: asked) }
        }
    }

    @Test("of hundreds of records 32 are kept, and the highest lifetime counts as none")
    func bounds() throws {
        let asked = try question("a.test", .a)
        var message = WireMessage(asked)
        for number in 0..<300 { message.add(type: 1, lifetime: 0xFFFF_FFFF, [10, 0] + WireMessage.number(number)) }
        let answer = try DNSMessage.answer(in: message.bytes, to: asked)
        #expect(answer.records.count == DNSAnswer.maximumRecords)
        #expect(answer.lifetime == .zero)
    }

    @Test("no change of bytes makes reading trap or run on")
    func mutations() throws {
        var generator = SeededRandom("mutilated DNS messages")
        var most = 0
        for type in DNSRecordType.allCases {
            let asked = try question("_sip._udp.a.test", type)
            var message = WireMessage(asked)
            message.add(type: 5, WireMessage.name("b.test"))
            message.add(WireMessage.name("b.test"), type: 1, [192, 0, 2, 1])
            message.add(WireMessage.name("b.test"), type: 33, WireMessage.service(1, 2, 3, "c.test"))
            message.add(WireMessage.name("b.test"), type: 35, WireMessage.pointer(1, 2, "s", "SIP+D2U", "_sip._udp.a.test"))
            for _ in 0..<5_000 {
                var bytes = message.bytes
                for _ in 0..<Int.random(in: 1...6, using: &generator) {
                    // Behind the question mostly, or nothing behind it would be reached.
                    let first = Bool.random(using: &generator) ? 34 : 0
                    bytes[Int.random(in: first..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                }
                if Int.random(in: 0..<8, using: &generator) == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
                most = max(most, (try? DNSMessage.answer(in: bytes, to: asked))?.records.count ?? 0)
            }
        }
        #expect((1...DNSAnswer.maximumRecords).contains(most))
    }

    @Test("names are letters, digits, hyphens and underscores, in labels of up to 63", arguments: [
        ("A.Example.ORG", "a.example.org"), ("a.example.org.", "a.example.org"), ("_sip._udp.a", "_sip._udp.a"), (".", "."),
        ("", nil), ("..", nil), ("a..b", nil), (".a", nil), ("a b", nil), ("a\\.b", nil), ("a\0b", nil), ("ä.test", nil),
        (String(repeating: "a", count: 64), nil),
        (Array(repeating: "abcdefghi", count: 26).joined(separator: "."), nil),
    ] as [(String, String?)])
    func names(text: String, name: String?) { #expect(DNSName(text)?.description == name) }
}
