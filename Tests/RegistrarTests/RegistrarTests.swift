import Registrar
import Testing

@Suite("The registrar")
struct RegistrarTests {
    let now = ContinuousClock.now
    let phone = "sip:alice@192.168.1.5:5060"

    private func kinds(_ outcome: RegisterOutcome) -> [BindingChange.Kind] {
        guard case .accepted(_, let changes) = outcome else { return [] }
        return changes.map(\.kind)
    }

    // MARK: Phones that move

    @Test("a phone that registers another contact over another flow, with its Call-ID, has moved")
    func moved() throws {
        var registrar = Registrar()
        let first = try registrar.accept(.sample([.init("sip:alice@198.51.100.1:1024")], flow: "udp 198.51.100.1:1024"), now: now)
        let outcome = registrar.handle(
            .sample([.init("sip:alice@198.51.100.1:2048")], cSeq: 2, flow: "udp 198.51.100.1:2048"), now: now)
        #expect(kinds(outcome) == [.refreshed])
        #expect(Array(registrar.contacts(now: now).keys) == ["sip:alice@198.51.100.1:2048"])
        #expect(registrar.bindings(of: "alice", now: now).map(\.id) == first.map(\.id))
        #expect(registrar.remove(flow: "udp 198.51.100.1:1024").isEmpty)
        #expect(registrar.handle(.sample([.init("sip:alice@198.51.100.1:4096")], cSeq: 2, flow: "udp 3"), now: now) == .outOfOrder)
    }

    @Test("two contacts that come over one flow with one Call-ID are two")
    func sameFlow() throws {
        var registrar = Registrar()
        try registrar.accept(.sample([.init("sip:alice@pc1.example")]), now: now)
        try registrar.accept(.sample([.init("sip:alice@pc2.example")], cSeq: 2), now: now)
        #expect(registrar.contacts(now: now).count == 2)
    }

    @Test("another user of a URI is another line of a phone, whatever flow it comes by")
    func lines() throws {
        var registrar = Registrar()
        try registrar.accept(.sample([.init("sip:line1@192.0.2.1")], flow: "udp 1"), now: now)
        try registrar.accept(.sample([.init("sip:line2@192.0.2.1")], cSeq: 2, flow: "udp 2"), now: now)
        #expect(registrar.contacts(now: now).count == 2)
    }

    @Test("the same instance replaces its old contact, whatever Call-ID it has")
    func instance() throws {
        var registrar = Registrar()
        try registrar.accept(.sample([.init("sip:a@192.0.2.1:1", instance: "<urn:uuid:1>")]), now: now)
        try registrar.accept(.sample([.init("sip:a@192.0.2.2:1", instance: "<urn:uuid:2>")], callID: "two", flow: "udp 2"), now: now)
        let outcome = registrar.handle(
            .sample([.init("sip:a@192.0.2.1:9", instance: "<urn:uuid:1>")], callID: "three", flow: "udp 3"), now: now)
        #expect(kinds(outcome) == [.refreshed])
        #expect(Set(registrar.contacts(now: now).keys) == ["sip:a@192.0.2.1:9", "sip:a@192.0.2.2:1"])
    }

    @Test("an instance with two flows has two bindings and is called once, over the one that was refreshed last")
    func flows() throws {
        var registrar = Registrar()
        try registrar.accept(.sample([.init("sip:a@192.0.2.1:1", instance: "<urn:uuid:1>", registrationID: 1)]), now: now)
        try registrar.accept(
            .sample([.init("sip:a@192.0.2.1:2", instance: "<urn:uuid:1>", registrationID: 2)], callID: "two"), now: now + .seconds(1))
        try registrar.accept(.sample([.init("sip:other@192.0.2.9")], callID: "three"), now: now + .seconds(2))
        let later = now + .seconds(3)
        #expect(registrar.bindings(of: "alice", now: later).count == 3)
        #expect(registrar.targets(of: "alice", now: later).map(\.contact.text) == ["sip:other@192.0.2.9", "sip:a@192.0.2.1:2"])
    }

    @Test("a phone may say in one request that its old contact ends and that its new one begins, in either order", arguments: [false, true])
    func swap(reversed: Bool) throws {
        var registrar = Registrar()
        try registrar.accept(.sample([.init("sip:a@old.example", instance: "<urn:uuid:1>")]), now: now)
        let contacts = [
            RegisterRequest.Contact("sip:a@old.example", expires: 0, instance: "<urn:uuid:1>"),
            RegisterRequest.Contact("sip:a@new.example", expires: 600, instance: "<urn:uuid:1>"),
        ]
        for cSeq in [UInt32(2), 3] {
            try registrar.accept(.sample(reversed ? contacts.reversed() : contacts, cSeq: cSeq, flow: "udp 2"), now: now)
            #expect(registrar.contacts(now: now) == ["sip:a@new.example": 600])
        }
    }

    // MARK: Limits

    @Test("1,000 contacts for one user are refused, and nothing is changed")
    func thousand() throws {
        var registrar = Registrar()
        try registrar.accept(.sample([.init(phone)], expires: 600), now: now)
        let many = (1...1_000).map { RegisterRequest.Contact("sip:alice@192.0.2.1:\($0)") }
        #expect(registrar.handle(.sample(many, cSeq: 2), now: now) == .tooManyContacts(limit: 10))
        for (index, contact) in many.enumerated() {
            _ = registrar.handle(.sample([contact], callID: "call-\(index)", flow: "udp \(index)"), now: now)
        }
        #expect(registrar.contacts(now: now).count == 10 && registrar.contacts(now: now)[phone] == 600)
        #expect(registrar.count == 10)
    }

    @Test("as many contacts as one may have are taken; one more, whose place another leaves, too")
    func limit() throws {
        var registrar = Registrar()
        let ten = (1...10).map { RegisterRequest.Contact("sip:alice@192.0.2.1:\($0)") }
        try registrar.accept(.sample(ten), now: now)
        #expect(registrar.handle(.sample([.init(phone)], cSeq: 2), now: now) == .tooManyContacts(limit: 10))
        try registrar.accept(.sample([.init(phone), .init(ten[0].uri, expires: 0)], cSeq: 3), now: now)
        #expect(registrar.contacts(now: now).count == 10)
        try registrar.accept(.sample(Array(ten[1...]), cSeq: 4), now: now)
    }

    @Test("contacts that ended do not count")
    func endedDoNotCount() throws {
        var registrar = Registrar()
        try registrar.accept(.sample((1...10).map { .init("sip:alice@192.0.2.1:\($0)") }, expires: 60), now: now)
        let outcome = registrar.handle(.sample([.init(phone)], callID: "two"), now: now + .seconds(60))
        #expect(kinds(outcome).filter { $0 == .unregistered(.expired) }.count == 10)
        #expect(registrar.count == 1)
    }

    @Test("users and bindings in all are bounded")
    func full() throws {
        var limits = RegistrarLimits()
        (limits.users, limits.bindings) = (2, 3)
        var registrar = Registrar(limits: limits)
        try registrar.accept(.sample([.init(phone)], user: "alice"), now: now)
        try registrar.accept(.sample([.init(phone)], user: "bob"), now: now)
        #expect(registrar.handle(.sample([.init(phone)], user: "carol"), now: now) == .full)
        try registrar.accept(.sample([.init("sip:bob@192.0.2.2")], user: "bob", callID: "two"), now: now)
        #expect(registrar.handle(.sample([.init("sip:bob@192.0.2.3")], user: "bob", callID: "three"), now: now) == .full)
        #expect(registrar.count == 3 && registrar.userCount == 2)
        try registrar.accept(.sample([.init(phone)], user: "bob", cSeq: 2), now: now)
    }

    @Test("what is too long or has control characters is refused", arguments: [
        RegisterRequest.sample([.init("sip:" + String(repeating: "a", count: 10_240) + "@192.0.2.1")]),
        .sample([.init("sip:alice@192.0.2.1")], callID: String(repeating: "c", count: 257)),
        .sample([.init("sip:alice@192.0.2.1")], callID: ""),
        .sample([.init("sip:alice@192.0.2.1", instance: String(repeating: "i", count: 257))]),
        .sample([.init("sip:alice@192.0.2.1", instance: "a\r\nb")]),
        .sample([.init("sip:alice@192.0.2.1", q: 1_001)]),
        .sample([.init("sip:alice@192.0.2.1")], path: ["sip:" + String(repeating: "p", count: 1_024)]),
        .sample([.init("sip:alice@192.0.2.1")], path: Array(repeating: "<sip:p;lr>", count: 17)),
        .sample([.init("sip:alice@192.0.2.1")], path: [""]),
        .sample([.init("")]),
    ])
    func lengths(request: RegisterRequest) {
        var registrar = Registrar()
        #expect(registrar.handle(request, now: now).status == 400)
        #expect(registrar.count == 0)
    }

    // MARK: Ends

    @Test("bindings that ended are pruned, and said to be")
    func prune() throws {
        var registrar = Registrar()
        try registrar.accept(.sample([.init(phone, expires: 60), .init("sip:alice@192.0.2.2", expires: 120)]), now: now)
        try registrar.accept(.sample([.init(phone)], user: "bob", expires: 60), now: now)
        #expect(registrar.earliestEnd == now + .seconds(60))
        #expect(registrar.prune(now: now + .milliseconds(59_999)).isEmpty)
        let changes = registrar.prune(now: now + .seconds(60))
        #expect(changes.map(\.kind) == [.unregistered(.expired), .unregistered(.expired)])
        #expect(Set(changes.map(\.binding.user)) == ["alice", "bob"])
        #expect(registrar.count == 1 && registrar.userCount == 1 && registrar.earliestEnd == now + .seconds(120))
        #expect(registrar.prune(now: now + .seconds(120)).count == 1)
        #expect(registrar.count == 0 && registrar.earliestEnd == nil)
    }

    @Test("many that end at once are pruned piece by piece")
    func pruneSome() throws {
        var registrar = Registrar()
        for user in 1...5 { try registrar.accept(.sample([.init(phone)], user: "user\(user)", expires: 60), now: now) }
        let later = now + .seconds(60)
        #expect((1...4).map { _ in registrar.prune(now: later, most: 2).count } == [2, 2, 1, 0])
        #expect(registrar.count == 0 && registrar.earliestEnd == nil)
    }

    @Test("a connection that closes takes its bindings with it, but for those with a Path")
    func flowClosed() throws {
        var registrar = Registrar()
        try registrar.accept(.sample([.init("sip:alice@192.0.2.1;transport=tcp")], flow: "tcp 1"), now: now)
        try registrar.accept(.sample([.init("sip:alice@192.0.2.2")], callID: "two", path: ["<sip:edge;lr>"], flow: "tcp 1"), now: now)
        try registrar.accept(.sample([.init("sip:alice@192.0.2.3")], callID: "three", flow: "udp 1"), now: now)
        try registrar.accept(.sample([.init("sip:bob@192.0.2.1;transport=tcp")], user: "bob", flow: "tcp 1"), now: now)
        let changes = registrar.remove(flow: "tcp 1")
        #expect(changes.allSatisfy { $0.kind == .unregistered(.flowClosed) })
        #expect(Set(changes.map(\.binding.contact.text)) == ["sip:alice@192.0.2.1;transport=tcp", "sip:bob@192.0.2.1;transport=tcp"])
        #expect(registrar.count == 2)
        #expect(registrar.remove(flow: "tcp 1").isEmpty && registrar.remove(flow: "tcp 2").isEmpty)
    }

    @Test("changes say what is new, refreshed and gone; a refused request has none")
    func changes() throws {
        var registrar = Registrar()
        #expect(kinds(registrar.handle(.sample([.init(phone)]), now: now)) == [.registered])
        #expect(kinds(registrar.handle(.sample(cSeq: 2), now: now)) == [])
        #expect(kinds(registrar.handle(.sample([.init(phone)], cSeq: 2), now: now)) == [.refreshed])
        #expect(kinds(registrar.handle(.sample([.init(phone)], expires: 0, cSeq: 3), now: now)) == [.unregistered(.unregistered)])
        #expect(registrar.remove(user: "alice").isEmpty)
    }

    @Test("what a former process has stored takes the place of nothing that has registered since, and has numbers of its own")
    func restored() throws {
        var former = Registrar(), registrar = Registrar()
        for index in 1...2 { try former.accept(.sample([.init("sip:alice@192.0.2.\(index)")], callID: "\(index)", cSeq: 9), now: now) }
        try registrar.accept(.sample([.init("sip:alice@192.0.2.2")], callID: "new"), now: now + .seconds(1))
        #expect(registrar.restore(former.all).map(\.contact.host) == ["192.0.2.2"])
        let bindings = registrar.bindings(of: "alice", now: now + .seconds(2))
        #expect(bindings.map(\.contact.host) == ["192.0.2.2", "192.0.2.1"] && bindings.first?.callID == "new")
        #expect(Set(bindings.map(\.id)).count == 2)
    }

    @Test("the most recent binding is first")
    func order() throws {
        var registrar = Registrar()
        for index in 1...3 {
            try registrar.accept(.sample([.init("sip:alice@192.0.2.\(index)")], callID: "\(index)"), now: now + .seconds(index))
        }
        try registrar.accept(.sample([.init("sip:alice@192.0.2.2")], callID: "2", cSeq: 2), now: now + .seconds(4))
        let order = registrar.bindings(of: "alice", now: now + .seconds(5)).map(\.contact.host)
        #expect(order == ["192.0.2.2", "192.0.2.3", "192.0.2.1"])
    }
}
