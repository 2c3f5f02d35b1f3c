import EventLoop
import SIP
import TestRandom
import Testing

extension SIPTests {
    @Suite("REGISTER")
    struct RegisterTests {}
}

/// An endpoint that takes REGISTERs, a phone, and what the phone said.
@LoopActor
private final class Registrar {
    let endpoint: SIPEndpoint
    private(set) var registers: [(register: SIPIncomingRegister, reply: SIPRegisterReply)] = []
    private var next = 0

    private final class Box {
        weak var owner: Registrar?
    }

    init(_ adjust: (inout SIPEndpointConfiguration) -> Void = { _ in }) throws {
        var configuration = SIPEndpointConfiguration(
            listen: [.init(transport: .udp, address: "127.0.0.1", port: 0), .init(transport: .tcp, address: "127.0.0.1", port: 0)],
            domain: "tern.test", userAgent: "Tern-Test")
        adjust(&configuration)
        endpoint = SIPEndpoint(configuration: configuration) { _ in }
        let box = Box()
        endpoint.onRegister = { register, reply in box.owner?.registers.append((register, reply)) }
        box.owner = self
        try endpoint.start()
    }

    var port: Int { endpoint.listening.first?.port ?? 0 }

    func register() async throws -> (register: SIPIncomingRegister, reply: SIPRegisterReply) {
        try await eventually(within: .seconds(20), "a REGISTER") { self.next < self.registers.count }
        defer { next += 1 }
        return registers[next]
    }

    /// Answers what waits, with the contacts that came.
    func answerAll() {
        while next < registers.count {
            let (register, reply) = registers[next]
            next += 1
            reply.respond(SIPResponse(status: 200), contacts: register.contacts.map { "<\($0.uri)>;expires=60" })
        }
    }

    /// Has all that was sent before dealt with.
    func catchUp(_ raw: RawPeer) async throws {
        let options = RawRequest("OPTIONS", to: port, from: raw.port)
        raw.send(options.text)
        try await eventually(within: .seconds(20), "an answer") {
            self.answerAll()
            while let answer = raw.take() {
                if answer.header("Call-ID") == options.callID { return true }
            }
            return false
        }
    }

    func request(_ raw: RawPeer, contacts: [String] = [], headers: [String] = []) -> String {
        var request = RawRequest("REGISTER", to: port, from: raw.port)
        request.headers = headers
        return text(request, contacts: contacts)
    }

    func text(_ request: RawRequest, contacts: [String]) -> String {
        let lines = request.text.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
        return lines.flatMap { line in line.hasPrefix("Contact:") ? contacts.map { "Contact: \($0)" } : [line] }
            .joined(separator: "\r\n")
    }
}

extension SIPTests.RegisterTests {
    @Test("a REGISTER is read, and its answer says what the core wants said", arguments: [false, true])
    @LoopActor func registers(tcp: Bool) async throws {
        let registrar = try Registrar()
        let raw = try RawPeer(talkingTo: registrar.port, tcp: tcp)
        var request = RawRequest("REGISTER", to: registrar.port, from: raw.port, user: "alice")
        request.uri = "sip:tern.test"
        request.sequence = 7
        request.transport = tcp ? "TCP" : "UDP"
        request.headers = [
            "Expires: 600", "Supported: path, outbound, gruu", "Path: <sip:edge@192.0.2.9;lr;ob>, <sip:192.0.2.8:5070;lr>",
            "User-Agent: Phone/1.0", #"Authorization: Digest username="alice", realm="tern.test", nonce="a,b",  uri="sip:tern.test","#,
            #" response="00112233445566778899aabbccddeeff", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c""#,
            #"Proxy-Authorization: Digest username="x", realm="y""#,
        ]
        raw.send(registrar.text(request, contacts: [
            #""Alice" <sip:alice@10.0.0.1:5066;transport=TCP;ob>;q=0.25;expires=120;+sip.instance="<urn:uuid:1>";reg-id=1"#,
            "<sips:alice@[2001:db8::1]>;q=1;expires=soon, <sip:second@192.0.2.1>;expires=99999999999",
        ]))
        let (register, reply) = try await registrar.register()
        #expect(register.requestURI == "sip:tern.test")
        #expect(register.requestHost == "tern.test")
        #expect(register.from.user == "raw")
        #expect(register.to.uri == "sip:tern.test")
        #expect(register.contacts == [
            .init(
                uri: "sip:alice@10.0.0.1:5066;transport=TCP;ob", q: 250, expires: 120, transport: "tcp", instance: "<urn:uuid:1>",
                registrationID: 1),
            .init(uri: "sips:alice@[2001:db8::1]", q: 1_000, expires: 3_600),
            .init(uri: "sip:second@192.0.2.1", q: 1_000, expires: .max),
        ])
        #expect(!register.isWildcard)
        #expect(register.expires == 600)
        #expect(register.callID == request.callID)
        #expect(register.cSeq == 7)
        #expect(register.path == ["sip:edge@192.0.2.9;lr;ob", "sip:192.0.2.8:5070;lr"])
        #expect(register.supportsPath)
        #expect(register.userAgent == "Phone/1.0")
        #expect(register.flow.peer == "127.0.0.1:\(raw.port)")
        #expect(register.flow.transport == (tcp ? .tcp : .udp))
        #expect(register.authorizations == [
            #"Digest username="alice", realm="tern.test", nonce="a,b", uri="sip:tern.test", "#
                + #"response="00112233445566778899aabbccddeeff", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="c""#,
            #"Digest username="x", realm="y""#,
        ])
        reply.respond(
            SIPResponse(status: 200, headers: [("Path", "<sip:edge@192.0.2.9;lr;ob>"), ("Date", "Sat, 13 Nov 2010 23:29:00 GMT")]),
            contacts: ["<sip:alice@10.0.0.1:5066;transport=TCP;ob>;q=0.25;expires=120", "<sip:second@192.0.2.1>;expires=600"])
        reply.respond(SIPResponse(status: 500))
        let answer = try #require(await raw.receive("SIP/2.0 200 OK"))
        #expect(answer.headers("Contact").joined(separator: ", ")
            == "<sip:alice@10.0.0.1:5066;transport=TCP;ob>;q=0.25;expires=120, <sip:second@192.0.2.1>;expires=600")
        #expect(answer.header("Path") == "<sip:edge@192.0.2.9;lr;ob>")
        #expect(answer.header("Date") == "Sat, 13 Nov 2010 23:29:00 GMT")
        #expect(answer.header("CSeq") == "7 REGISTER")
        #expect(answer.header("User-Agent") == "Tern-Test")
        #expect(answer.header("Allow")?.contains("REGISTER") == true)
        #expect(answer.tag(of: "To")?.isEmpty == false)
        await registrar.endpoint.stop()
    }

    @Test("no contacts, and the contact *", arguments: [[], ["*"], ["*", "<sip:a@192.0.2.1>"]])
    @LoopActor func wildcard(contacts: [String]) async throws {
        let registrar = try Registrar()
        let raw = try RawPeer(talkingTo: registrar.port)
        raw.send(registrar.request(raw, contacts: contacts, headers: ["Expires: 0"]))
        let (register, reply) = try await registrar.register()
        #expect(register.isWildcard == contacts.contains("*"))
        #expect(register.contacts.count == (contacts.count == 2 ? 1 : 0))
        #expect(register.expires == 0)
        #expect(!register.supportsPath)
        reply.respond(SIPResponse(status: 200))
        #expect(await raw.receive("SIP/2.0 200")?.header("Contact") == nil)
        await registrar.endpoint.stop()
    }

    @Test("a challenge: both algorithms in their order, no other header, and no second one from the phone's retransmission")
    @LoopActor func challenge() async throws {
        let registrar = try Registrar()
        let raw = try RawPeer(talkingTo: registrar.port)
        let text = registrar.request(raw, contacts: ["<sip:a@192.0.2.1>"])
        raw.send(text)
        let reply = try await registrar.register().reply
        raw.send(text)
        let challenges = [
            #"Digest realm="tern.test", nonce="n1", algorithm=SHA-256, qop="auth""#,
            #"Digest realm="tern.test", nonce="n2", algorithm=MD5, qop="auth""#,
        ]
        reply.respond(SIPResponse(status: 401, headers: challenges.map { ("WWW-Authenticate", $0) }
            + [("Via", "SIP/2.0/UDP 192.0.2.66;branch=z9hG4bKx"), ("m", "<sip:evil@192.0.2.66>"), ("X\r\nY", "z"),
                ("X-Note", "a\r\nInjected: b"), ("Content-Length", "7")]))
        let first = try #require(await raw.receive("SIP/2.0 401 Unauthorized"))
        #expect(first.headers("WWW-Authenticate") == challenges)
        #expect(first.headers("Via").count == 1)
        #expect(first.header("X-Note") == "a  Injected: b")
        #expect(first.header("Injected") == nil)
        #expect(first.header("Contact") == nil)
        raw.send(text)
        #expect(await raw.receive("SIP/2.0 401") == first)
        #expect(registrar.registers.count == 1)
        await registrar.endpoint.stop()
    }

    @Test("statuses pass as they are; what is none becomes 500", arguments: [(202, 202), (403, 403), (423, 423), (503, 503), (100, 500), (9, 500), (700, 500)])
    @LoopActor func statuses(given: Int, sent: Int) async throws {
        let registrar = try Registrar()
        let raw = try RawPeer(talkingTo: registrar.port)
        raw.send(registrar.request(raw))
        try await registrar.register().reply.respond(SIPResponse(status: given, headers: [("Min-Expires", "60")]))
        let answer = try #require(await raw.receive("SIP/2.0 \(sent) "))
        #expect(answer.header("Min-Expires") == "60")
        await registrar.endpoint.stop()
    }

    @Test("what is too much, or no contact to call, gets 400 with a Warning", arguments: [
        ["<sip:\(String(repeating: "a", count: 10_240))@192.0.2.1>"],
        ["<sip:a@192.0.2.1>;x=\(String(repeating: "a", count: 10_240))"],
        (0..<65).map { "<sip:a\($0)@192.0.2.1>" }, ["<mailto:alice@tern.test>"], ["<tel:+15550100>"], ["<sip:a\u{E5}@192.0.2.1>"],
    ])
    @LoopActor func tooMuch(contacts: [String]) async throws {
        let registrar = try Registrar()
        let raw = try RawPeer(talkingTo: registrar.port, tcp: true)
        raw.send(registrar.request(raw, contacts: contacts).replacing("SIP/2.0/UDP", with: "SIP/2.0/TCP"))
        let answer = try #require(await raw.receive("SIP/2.0 "))
        #expect(answer.hasPrefix("SIP/2.0 400 "), "\(answer)")
        #expect(answer.header("Warning")?.hasPrefix("399 tern.test ") == true, "\(answer)")
        #expect(registrar.registers.isEmpty)
        await registrar.endpoint.stop()
    }

    @Test("long headers of other kinds get 400 with a Warning", arguments: [
        ["Path: " + (0..<17).map { "<sip:192.0.2.\($0);lr>" }.joined(separator: ",")],
        ["Path: <sip:\(String(repeating: "p", count: 2_000))@192.0.2.1;lr>"],
    ])
    @LoopActor func longHeaders(headers: [String]) async throws {
        let registrar = try Registrar()
        let raw = try RawPeer(talkingTo: registrar.port)
        raw.send(registrar.request(raw, headers: headers))
        let answer = try #require(await raw.receive("SIP/2.0 400"))
        #expect(answer.header("Warning")?.contains("Path") == true)
        await registrar.endpoint.stop()
    }

    @Test("1,000 contacts in one REGISTER are refused in bounded time, and the endpoint lives on")
    @LoopActor func thousand() async throws {
        let registrar = try Registrar()
        let raw = try RawPeer(talkingTo: registrar.port)
        raw.send(registrar.request(raw, contacts: (0..<1_000).map { "<sip:a\($0)@192.0.2.1>" }))
        #expect(await raw.receive("SIP/2.0 400") != nil)
        raw.send(registrar.request(raw, contacts: ["<sip:a@192.0.2.1>"]))
        try await registrar.register().reply.respond(SIPResponse(status: 200))
        #expect(await raw.receive("SIP/2.0 200") != nil)
        await registrar.endpoint.stop()
    }

    @Test("malformed headers get 400 or are read as RFC 3261 has it, and the next phone registers", arguments: [
        (["Contact: "], 400), (["Contact: <sip:a@192.0.2.1"], 400), (["Contact: \"x <sip:a@192.0.2.1>"], 400),
        (["Contact: **"], 400), (["Contact: <>"], 400), (["Contact: <sip:>"], 400), (["Contact: <:a@b>"], 400),
        (["Contact: <sip:a@192.0.2.1>;expires=;q="], 400), (["Contact: <sip:a@192.0.2.1>;expires=-1;q=7"], nil),
        (["Contact: <sip:a@192.0.2.1:99999>"], 400), (["Contact: <sip:a@192.0.2.1>,,<sip:b@192.0.2.1>"], nil),
        (["Expires: -5"], 400), (["Expires: many"], 400), (["Expires: 99999999999999999999"], nil), (["Expires: 4294967296"], nil),
        (["Path: <sip:"], 400), (["Authorization: "], nil), (["Authorization: Digest"], nil), (["Authorization: ,=\"\\"], nil),
        (["CSeq: 4294967295 REGISTER"], 400), (["Supported: ,,,;"], nil),
    ] as [([String], Int?)])
    @LoopActor func malformed(headers: [String], status: Int?) async throws {
        let registrar = try Registrar()
        let raw = try RawPeer(talkingTo: registrar.port)
        raw.send(registrar.request(raw, contacts: ["*"]).replacing("Contact: *", with: headers.joined(separator: "\r\n")))
        let good = registrar.request(raw, contacts: ["<sip:good@192.0.2.1>"])
        raw.send(good)
        var answers: [String] = []
        while !answers.contains(where: { $0.header("Call-ID") == good.header("Call-ID") }) {
            try await eventually(within: .seconds(20), "an answer or a REGISTER") {
                registrar.answerAll()
                return raw.take().map { answers.append($0) } != nil
            }
        }
        #expect(answers.count == 2)
        #expect(answers.first?.hasPrefix("SIP/2.0 \(status ?? 200) ") == true, "\(answers.first ?? "nothing")")
        for contact in registrar.registers.flatMap(\.register.contacts) { #expect((0...1_000).contains(contact.q)) }
        await registrar.endpoint.stop()
    }

    @Test("2,000 mutilated REGISTERs: no harm, nothing waits, and the next phone registers")
    @LoopActor func mutilated() async throws {
        let registrar = try Registrar()
        let raw = try RawPeer(talkingTo: registrar.port)
        var random = SeededRandom("mutilated REGISTERs")
        for round in 0..<2_000 {
            if round % 10 == 0 { try await registrar.catchUp(raw) }
            let text = registrar.request(raw, contacts: [
                #""A" <sip:a@10.0.0.1:5066;transport=tcp>;q=0.5;expires=60;+sip.instance="<urn:uuid:1>""#, "<sip:b@192.0.2.1>",
            ], headers: [
                "Expires: 60", "Path: <sip:192.0.2.9;lr>", "Supported: path", #"Authorization: Digest username="a", nonce="b""#,
            ])
            var bytes = Array(text.utf8)
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...3, using: &random) {
                case 0: bytes[place] = .random(in: 0 ... .max, using: &random)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
                case 2: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 40)], at: Int.random(in: 0..<bytes.count, using: &random))
                default: bytes.insert(Array("\r\n,;<>\"\\*: ".utf8).randomElement(using: &random) ?? 0, at: place)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            raw.send(bytes)
        }
        try await registrar.catchUp(raw)
        raw.send(registrar.request(raw, contacts: ["<sip:good@192.0.2.1>"]))
        try await registrar.register().reply.respond(SIPResponse(status: 200))
        #expect(await raw.receive("SIP/2.0 200") != nil)
        await registrar.endpoint.stop()
    }

    @Test("an extension that is not spoken gets 420; Path may be required")
    @LoopActor func required() async throws {
        let registrar = try Registrar()
        let raw = try RawPeer(talkingTo: registrar.port)
        raw.send(registrar.request(raw, headers: ["Require: path, gruu"]))
        #expect(await raw.receive("SIP/2.0 420")?.header("Unsupported") == "gruu")
        #expect(registrar.registers.isEmpty)
        raw.send(registrar.request(raw, headers: ["Require: path"]))
        let (register, reply) = try await registrar.register()
        #expect(register.supportsPath)
        reply.respond(SIPResponse(status: 200))
        #expect(await raw.receive("SIP/2.0 200") != nil)
        await registrar.endpoint.stop()
    }

    @Test("a REGISTER that the core forgets gets 503, one that waits while the endpoint stops as well")
    @LoopActor func forgotten() async throws {
        let registrar = try Registrar { $0.decisionLimit = .milliseconds(100) }
        let raw = try RawPeer(talkingTo: registrar.port)
        raw.send(registrar.request(raw))
        let reply = try await registrar.register().reply
        #expect(await raw.receive("SIP/2.0 503") != nil)
        reply.respond(SIPResponse(status: 200))
        await registrar.endpoint.stop()

        let stopped = try Registrar()
        let other = try RawPeer(talkingTo: stopped.port)
        other.send(stopped.request(other))
        let late = try await stopped.register().reply
        await stopped.endpoint.stop()
        #expect(await other.receive("SIP/2.0 503") != nil)
        late.respond(SIPResponse(status: 200))
    }

    @Test("more REGISTERs at once than there may be legs get 503 with Retry-After")
    @LoopActor func overload() async throws {
        let registrar = try Registrar { $0.maximumLegs = 2; $0.overloadRetryAfter = 9 }
        let raw = try RawPeer(talkingTo: registrar.port)
        for _ in 0..<3 { raw.send(registrar.request(raw)) }
        #expect(await raw.receive("SIP/2.0 503")?.header("Retry-After") == "9")
        for _ in 0..<2 { try await registrar.register().reply.respond(SIPResponse(status: 200)) }
        #expect(await raw.receive("SIP/2.0 200") != nil)
        #expect(await raw.receive("SIP/2.0 200") != nil)
        await registrar.endpoint.stop()
    }
}
