import Registrar
import Testing

/// What RFC 3261 10.3 and RFC 3327 say, a line each: requests one after another, and what stands afterwards.
struct RegisterRule: Sendable, CustomTestStringConvertible {
    enum End: Sendable, Equatable {
        case status(Int)
        /// Contacts with their remaining seconds.
        case contacts([String: Int])
    }

    let testDescription: String
    let steps: [(after: Int, request: RegisterRequest, end: End)]

    init(_ name: String, _ steps: (after: Int, request: RegisterRequest, end: End)...) {
        testDescription = name
        self.steps = steps
    }

    static let a = "sip:alice@192.0.2.1:5060"
    static let b = "sip:alice@192.0.2.2:5060"

    static let all: [RegisterRule] = [
        .init("a request without contacts asks",
            (0, .sample(), .contacts([:])),
            (0, .sample([.init(a)], expires: 600), .contacts([a: 600])),
            (1, .sample(cSeq: 2), .contacts([a: 599])),
            (1, .sample(expires: 0, cSeq: 3), .contacts([a: 598]))),
        .init("the contact's expires is before the header",
            (0, .sample([.init(a, expires: 120), .init(b)], expires: 600), .contacts([a: 120, b: 600]))),
        .init("without either it is the default",
            (0, .sample([.init(a)]), .contacts([a: 1_800]))),
        .init("more than the maximum is cut to it",
            (0, .sample([.init(a)], expires: 4_294_967_295), .contacts([a: 1_800]))),
        .init("less than the minimum is too brief, and nothing is changed",
            (0, .sample([.init(a)], expires: 600), .contacts([a: 600])),
            (0, .sample([.init(a), .init(b, expires: 59)], expires: 900, cSeq: 2), .status(423)),
            (0, .sample(cSeq: 3), .contacts([a: 600]))),
        .init("the minimum itself is enough",
            (0, .sample([.init(a)], expires: 60), .contacts([a: 60]))),
        .init("0 is no interval that is too brief",
            (0, .sample([.init(a), .init(b)], expires: 600), .contacts([a: 600, b: 600])),
            (0, .sample([.init(a, expires: 0)], cSeq: 2), .contacts([b: 600])),
            (0, .sample([.init(b)], expires: 0, cSeq: 3), .contacts([:]))),
        .init("ending what is not there is no error",
            (0, .sample([.init(a)], expires: 0), .contacts([:]))),
        .init("a binding ends by itself",
            (0, .sample([.init(a)], expires: 600), .contacts([a: 600])),
            (600, .sample(cSeq: 2), .contacts([:]))),
        .init("after its end the CSeq of a binding binds nobody",
            (0, .sample([.init(a)], expires: 600, cSeq: 7), .contacts([a: 600])),
            (600, .sample([.init(a)], expires: 600, cSeq: 1), .contacts([a: 600]))),
        .init("a refresh counts from its own time",
            (0, .sample([.init(a)], expires: 600), .contacts([a: 600])),
            (300, .sample([.init(a)], expires: 600, cSeq: 2), .contacts([a: 600]))),
        .init("the same Call-ID with the same CSeq fails",
            (0, .sample([.init(a)], expires: 600, cSeq: 5), .contacts([a: 600])),
            (1, .sample([.init(a)], expires: 900, cSeq: 5), .status(500)),
            (0, .sample(cSeq: 6), .contacts([a: 599]))),
        .init("the same Call-ID with a lower CSeq fails as a whole",
            (0, .sample([.init(a)], expires: 600, cSeq: 5), .contacts([a: 600])),
            (0, .sample([.init(b), .init(a)], expires: 900, cSeq: 4), .status(500)),
            (0, .sample([.init(a)], expires: 0, cSeq: 4), .status(500)),
            (0, .sample(cSeq: 6), .contacts([a: 600]))),
        .init("a lower CSeq matters to the bindings it touches alone",
            (0, .sample([.init(a)], expires: 600, cSeq: 5), .contacts([a: 600])),
            (0, .sample([.init(b)], expires: 600, cSeq: 4), .contacts([a: 600, b: 600]))),
        .init("another Call-ID has any CSeq",
            (0, .sample([.init(a)], expires: 600, cSeq: 5), .contacts([a: 600])),
            (0, .sample([.init(a)], expires: 900, callID: "call-2", cSeq: 1), .contacts([a: 900])),
            (0, .sample([.init(a)], expires: 700, callID: "call-1", cSeq: 1), .contacts([a: 700]))),
        .init("* with Expires 0 ends all, of any Call-ID",
            (0, .sample([.init(a)], expires: 600), .contacts([a: 600])),
            (0, .sample([.init(b)], expires: 600, callID: "call-2", cSeq: 9), .contacts([a: 600, b: 600])),
            (0, .sample(wildcard: true, expires: 0, callID: "call-3", cSeq: 1), .contacts([:]))),
        .init("* with a CSeq that is not higher for one binding ends none",
            (0, .sample([.init(a)], expires: 600, callID: "call-2"), .contacts([a: 600])),
            (0, .sample([.init(b)], expires: 600, cSeq: 5), .contacts([a: 600, b: 600])),
            (0, .sample(wildcard: true, expires: 0, cSeq: 5), .status(500)),
            (0, .sample(cSeq: 6), .contacts([a: 600, b: 600]))),
        .init("* without Expires is wrong",
            (0, .sample([.init(a)], expires: 600), .contacts([a: 600])),
            (0, .sample(wildcard: true, cSeq: 2), .status(400)),
            (0, .sample(cSeq: 3), .contacts([a: 600]))),
        .init("* with another Expires is wrong",
            (0, .sample(wildcard: true, expires: 600), .status(400))),
        .init("* beside another contact is wrong",
            (0, .sample([.init(a)], expires: 600), .contacts([a: 600])),
            (0, .sample([.init(b)], wildcard: true, expires: 0, cSeq: 2), .status(400)),
            (0, .sample(cSeq: 3), .contacts([a: 600]))),
        .init("* where there is nothing is no error",
            (0, .sample(wildcard: true, expires: 0), .contacts([:]))),
        .init("the same contact in other words is the same binding",
            (0, .sample([.init("sip:alice@Host.example;transport=tcp")], expires: 600), .contacts(["sip:alice@Host.example;transport=tcp": 600])),
            (0, .sample([.init("SIP:%61lice@host.example;Transport=TCP")], expires: 900, cSeq: 2), .contacts(["SIP:%61lice@host.example;Transport=TCP": 900]))),
        .init("a contact named twice is one, as it was named last",
            (0, .sample([.init(a, expires: 600), .init(b), .init(a, expires: 900)], expires: 700), .contacts([a: 900, b: 700]))),
        .init("one contact that is no SIP URI fails the request",
            (0, .sample([.init(a), .init("tel:+4930123")], expires: 600), .status(400)),
            (0, .sample(cSeq: 2), .contacts([:]))),
        .init("two phones of one user do not touch each other",
            (0, .sample([.init(a)], expires: 600, callID: "one", flow: "udp one"), .contacts([a: 600])),
            (10, .sample([.init(b)], expires: 600, callID: "two", flow: "udp two"), .contacts([a: 590, b: 600])),
            (10, .sample([.init(a)], expires: 0, callID: "one", cSeq: 2, flow: "udp one"), .contacts([b: 590]))),
    ]
}

@Suite("The rules of a REGISTER")
struct RegisterRuleTests {
    @Test("what RFC 3261 10.3 says", arguments: RegisterRule.all)
    func rule(_ rule: RegisterRule) {
        var limits = RegistrarLimits()
        limits.maximumExpires = 1_800
        var registrar = Registrar(limits: limits)
        var now = ContinuousClock.now
        for (index, step) in rule.steps.enumerated() {
            now += .seconds(step.after)
            let before = registrar.bindings(of: "alice", now: now)
            let outcome = registrar.handle(step.request, now: now)
            switch step.end {
            case .status(let status):
                #expect(outcome.status == status, "step \(index)")
                #expect(registrar.bindings(of: "alice", now: now) == before, "step \(index) changed something")
            case .contacts(let contacts):
                #expect(outcome.status == 200, "step \(index)")
                #expect(registrar.contacts(now: now) == contacts, "step \(index)")
                if case .accepted(let bindings, _) = outcome { #expect(bindings == registrar.bindings(of: "alice", now: now)) }
            }
        }
    }

    @Test("the minimum is what 423 says")
    func minimum() {
        var registrar = Registrar()
        #expect(registrar.handle(.sample([.init(RegisterRule.a)], expires: 1), now: .now) == .intervalTooBrief(minimum: 60))
    }

    @Test("an hour is never too brief, whatever the minimum is")
    func hour() throws {
        var limits = RegistrarLimits()
        (limits.minimumExpires, limits.maximumExpires) = (7_200, 7_200)
        var registrar = Registrar(limits: limits)
        try registrar.accept(.sample([.init(RegisterRule.a)], expires: 3_600), now: .now)
        #expect(registrar.handle(.sample([.init(RegisterRule.b)], expires: 3_599), now: .now).status == 423)
    }

    @Test("q, Path and the rest are kept with the binding, and are those of the last request (RFC 3327 5.3)")
    func kept() throws {
        var registrar = Registrar()
        let now = ContinuousClock.now
        let path = ["<sip:edge1.example;lr>", "<sip:edge2.example;lr>"]
        let first = try registrar.accept(
            .sample([.init(RegisterRule.a, q: 250, instance: "<urn:uuid:1>", registrationID: 1)], expires: 600, path: path), now: now)
        #expect(first.map(\.path) == [path] && first.map(\.q) == [250] && first.map(\.userAgent) == ["Phone/1.0"])
        #expect(first.map(\.flow) == ["udp 192.0.2.1:5060"] && first.map(\.received) == ["192.0.2.1:5060"])
        #expect(first.map(\.instance) == ["<urn:uuid:1>"] && first.map(\.registrationID) == [1])
        let second = try registrar.accept(
            .sample([.init(RegisterRule.a)], expires: 600, cSeq: 2, path: ["<sip:edge3.example;lr>"], flow: "tcp 7"), now: now)
        #expect(second.map(\.path) == [["<sip:edge3.example;lr>"]] && second.map(\.q) == [nil] && second.map(\.flow) == ["tcp 7"])
        let third = try registrar.accept(.sample([.init(RegisterRule.a)], expires: 600, cSeq: 3), now: now)
        #expect(third.map(\.path) == [[]] && third.map(\.id) == first.map(\.id))
    }

    @Test("remaining seconds are rounded up, and never negative")
    func remaining() throws {
        var registrar = Registrar()
        let now = ContinuousClock.now
        let binding = try #require(try registrar.accept(.sample([.init(RegisterRule.a)], expires: 60), now: now).first)
        for (passed, left) in [(Duration.milliseconds(1), 60), (.milliseconds(1_000), 59), (.milliseconds(59_001), 1), (.seconds(60), 0), (.seconds(99), 0)] {
            #expect(binding.remainingSeconds(at: now + passed) == left)
        }
    }
}
