import Configuration
import EventLoop
@testable import Resolver
@testable import Routing
import SIP
import Testing

@Suite struct TrunkHealthTests {
    @Test("without registration and keepalives a trunk is up, and does nothing")
    func quiet() {
        var bench = MachineBench()
        #expect(bench.tell(.started) == [.report(.up)])
        #expect(bench.due == nil)
    }

    @Test("operators see which targets answer")
    func standings() {
        var bench = MachineBench(targets: 3, keepalive: .seconds(30), failures: 1)
        _ = bench.tell(.started)
        _ = bench.tell(.optionsAnswered(target: 0, status: 200))
        _ = bench.tell(.optionsFailed(target: 1))
        #expect(bench.machine.standings == [.up, .down, .unknown])
    }

    @Test("each target gets OPTIONS at once, and again after the interval")
    func keepalive() {
        var bench = MachineBench(targets: 2, keepalive: .seconds(30))
        #expect(bench.tell(.started) == [.sendOptions(target: 0), .sendOptions(target: 1), .report(.up)])
        _ = bench.tell(.optionsAnswered(target: 0, status: 200))
        let (after, actions) = bench.wait()
        #expect(after >= .seconds(27) && after <= .seconds(30))
        #expect(actions == [.sendOptions(target: 0)])
    }

    @Test("any answer but 408 and 503 is one of a target that is alive", arguments: [200, 302, 401, 404, 405, 481, 486, 500, 501, 502, 503, 504, 505, 408, 603])
    func answers(status: Int) {
        var bench = MachineBench(keepalive: .seconds(30), failures: 1)
        _ = bench.tell(.started)
        let isAlive = status != 408 && status != 503
        #expect(bench.tell(.optionsAnswered(target: 0, status: status)) == (isAlive ? [] : [.report(.down("no target answers: OPTIONS was answered \(status)"))]))
    }

    @Test("a target is down after so many failures in a row, and up with the first answer")
    func downAndUp() {
        var bench = MachineBench(keepalive: .seconds(30), failures: 3)
        _ = bench.tell(.started)
        for _ in 1...2 {
            #expect(bench.tell(.optionsFailed(target: 0)) == [])
            let (after, actions) = bench.wait()
            #expect(after <= .seconds(5))
            #expect(actions == [.sendOptions(target: 0)])
        }
        #expect(bench.tell(.optionsFailed(target: 0)) == [.report(.down("no target answers"))])
        let (after, _) = bench.wait()
        #expect(after >= .seconds(27))
        #expect(bench.tell(.optionsAnswered(target: 0, status: 200)) == [.report(.up)])
    }

    @Test("a trunk that is down says of each target why")
    func troubles() {
        var bench = MachineBench(targets: 2, keepalive: .seconds(30), failures: 1)
        _ = bench.tell(.started)
        _ = bench.tell(.optionsFailed(target: 0, trouble: "host not found: h0"))
        let reports = bench.tell(.optionsFailed(target: 1, trouble: "nobody answered at h1 (192.0.2.1:5060)"))
        #expect(reports == [.report(.down("no target answers: host not found: h0; nobody answered at h1 (192.0.2.1:5060)"))])
        _ = bench.wait()
        #expect(bench.tell(.optionsAnswered(target: 0, status: 200)) == [.report(.up)])
    }

    @Test("what became of a request that no peer answered is told in words", arguments: [
        (408, "Request Timeout", "192.0.2.1", "nobody answered at 192.0.2.1:5060"),
        (408, "Request Timeout", "carrier.example", "nobody answered at carrier.example (192.0.2.1:5060)"),
        (503, "Service Unavailable", "192.0.2.1", "connection refused, or no way to the host: 192.0.2.1:5060"),
        (503, "No transport", "192.0.2.1", "192.0.2.1:5060: No transport"),
    ])
    @LoopActor func words(status: Int, phrase: String, host: String, words: String) {
        let hop = SIPHop(transport: .udp, address: "192.0.2.1", port: 5_060)
        let outcome = SIPClientOutcome(status: status, phrase: phrase, isFromPeer: false)
        #expect(TrunkService.trouble(outcome, at: hop, of: TrunkTarget(host: host)) == words)
        #expect(TrunkService.trouble(SIPClientOutcome(status: status, phrase: phrase, isFromPeer: true), at: hop, of: TrunkTarget(host: host)) == nil)
        #expect(NextHops.Failure(.notFound("x"), host: host).description == "host not found: \(host)")
        #expect(NextHops.Failure(.timedOut, host: host).description == "\(host) could not be looked up: no name server answered in time")
    }

    @Test("an answer between failures begins the count again")
    func notInARow() {
        var bench = MachineBench(keepalive: .seconds(30))
        _ = bench.tell(.started)
        for _ in 1...5 {
            #expect(bench.tell(.optionsFailed(target: 0)) == [])
            _ = bench.wait()
            #expect(bench.tell(.optionsAnswered(target: 0, status: 200)) == [])
            _ = bench.wait()
        }
    }

    @Test("a trunk is down only when all its targets are, and calls try what is alive first")
    func candidates() {
        var bench = MachineBench(targets: 3, keepalive: .seconds(30), failures: 1)
        _ = bench.tell(.started)
        #expect(bench.machine.candidates == [0, 1, 2])
        #expect(bench.tell(.optionsFailed(target: 0)) == [])
        #expect(bench.machine.candidates == [1, 2, 0])
        #expect(bench.tell(.optionsFailed(target: 1)) == [])
        #expect(bench.machine.candidates == [2, 0, 1])
        #expect(bench.tell(.optionsFailed(target: 2)) == [.report(.down("no target answers"))])
        #expect(bench.machine.candidates == [0, 1, 2])
    }

    @Test("OPTIONS that nothing is heard of counts as lost, and no second one goes out before")
    func silence() {
        var bench = MachineBench(keepalive: .seconds(5), failures: 1)
        _ = bench.tell(.started)
        let (after, actions) = bench.wait()
        #expect(after == .seconds(120))
        #expect(actions == [.report(.down("no target answers"))])
        #expect(bench.wait().1 == [.sendOptions(target: 0)])
    }

    @Test("a call that failed counts, and has the target asked a second later")
    func callFailed() {
        var bench = MachineBench(keepalive: .seconds(30))
        _ = bench.tell(.started)
        _ = bench.tell(.optionsAnswered(target: 0, status: 200))
        #expect(bench.tell(.callFailed(target: 0)) == [])
        let (after, actions) = bench.wait()
        #expect(after == .seconds(1))
        #expect(actions == [.sendOptions(target: 0)])
        #expect(bench.tell(.callFailed(target: 0)) == [.report(.down("no target answers"))])
        #expect(bench.tell(.optionsAnswered(target: 0, status: 200)) == [.report(.up)])
    }

    @Test("without keepalives a call's failure counts for a minute, or until another call is answered")
    func callFailedWithoutKeepalive() {
        var bench = MachineBench(targets: 2)
        _ = bench.tell(.started)
        #expect(bench.tell(.callFailed(target: 0)) == [])
        #expect(bench.machine.candidates == [1, 0])
        let (after, _) = bench.wait()
        #expect(after == .seconds(60))
        #expect(bench.machine.candidates == [0, 1])
        _ = bench.tell(.callFailed(target: 0))
        _ = bench.tell(.callFailed(target: 1))
        #expect(bench.machine.state == .down("no target answers"))
        #expect(bench.tell(.callAnswered(target: 0)) == [.report(.up)])
        #expect(bench.machine.candidates == [0, 1])
    }

    @Test("a registered trunk whose targets are all down is down, and one that lost its registration too")
    func both() {
        var bench = MachineBench(expires: .seconds(3_600), keepalive: .seconds(30), failures: 1)
        #expect(bench.tell(.started) == [.sendRegister(target: 0, expires: .seconds(3_600)), .sendOptions(target: 0), .report(.registering)])
        _ = bench.registered(600)
        #expect(bench.machine.state == .up)
        #expect(bench.tell(.optionsFailed(target: 0)) == [.report(.down("no target answers"))])
    }

    @Test("targets that are not there, and answers that were not asked for, change nothing")
    func unasked() {
        var bench = MachineBench(keepalive: .seconds(30), failures: 1)
        #expect(bench.tell(.optionsFailed(target: 0)) == [])
        _ = bench.tell(.started)
        #expect(bench.tell(.optionsFailed(target: 7)) == [])
        #expect(bench.tell(.callFailed(target: -1)) == [])
        _ = bench.tell(.optionsAnswered(target: 0, status: 200))
        #expect(bench.tell(.optionsFailed(target: 0)) == [])
        #expect(bench.machine.state == .up)
    }

    @Test("there are never more calls than there may be")
    func maximumCalls() {
        var bench = MachineBench(maximumCalls: 2)
        #expect([bench.machine.takeCall(), bench.machine.takeCall(), bench.machine.takeCall()] == [true, true, false])
        bench.machine.releaseCall()
        #expect(bench.machine.calls == 1 && bench.machine.takeCall() && !bench.machine.takeCall())
        for _ in 1...5 { bench.machine.releaseCall() }
        #expect(bench.machine.calls == 0)
        var endless = MachineBench()
        #expect((1...1_000).allSatisfy { _ in endless.machine.takeCall() })
    }

    @Test("whatever happens, in whatever order, no second brings more than a few requests", arguments: 1...10)
    func neverFloods(seed: Int) {
        var bench = MachineBench(targets: 4, expires: .seconds(60), keepalive: .seconds(5), seed: UInt64(seed))
        var random = Jitter(seed: UInt64(seed) &* 977)
        var requests = 0
        let start = bench.now
        var actions = bench.tell(.started)
        while start.duration(to: bench.now) < .seconds(3_600), bench.due != nil {
            while let action = actions.popLast() {
                let status = [200, 401, 408, 423, 503][Int(random.next(in: 0...4.99))]
                switch action {
                case .sendRegister:
                    requests += 1
                    actions += status == 200
                        ? bench.registered(random.next(in: -1...100))
                        : bench.registerFailed(status, minimum: .seconds(random.next(in: 0...100)))
                case .sendOptions(let target):
                    requests += 1
                    actions += bench.tell(.optionsAnswered(target: target, status: status))
                default: break
                }
            }
            actions = bench.wait().1
        }
        #expect(start.duration(to: bench.now) >= .seconds(3_600))
        #expect(requests < 3_600 * 3)
    }
}

@Suite("What a registrar grants")
struct RegistrationGrantTests {
    static let contact = "sip:tern@192.0.2.1:5060;transport=tcp"

    private func seconds(_ contacts: [(String, Int?)], expires: Int? = nil) -> Int {
        var outcome = SIPClientOutcome(status: 200, phrase: "OK", isFromPeer: true)
        outcome.ownContact = Self.contact
        outcome.contacts = contacts.map { .init(uri: $0.0, expires: $0.1) }
        outcome.expires = expires
        return RegistrationGrant.seconds(outcome, asked: 3_600)
    }

    @Test("our own binding counts among others, though parameters were added, or case changed", arguments: [
        contact, contact + ";ob", "sip:tern@192.0.2.1:5060;TRANSPORT=TCP;rinstance=1",
    ])
    func own(uri: String) {
        #expect(seconds([("sip:other@192.0.2.9", 60), (uri, 120), ("sip:tern@192.0.2.77", 30)], expires: 900) == 120)
    }

    @Test("a binding that was rewritten is known by its user", arguments: [
        "sip:tern@198.51.100.7:1024;transport=tcp", "sip:tern@192.0.2.1:5060", "sips:tern@192.0.2.1", "sip:t%65rn@host.example",
    ])
    func rewritten(uri: String) {
        #expect(seconds([("sip:other@192.0.2.9", 60), (uri, 120)], expires: 900) == 120)
    }

    @Test("of several of our user, that which ends first counts")
    func several() {
        #expect(seconds([("sip:tern@192.0.2.7", 300), ("sip:tern@192.0.2.8", 90), ("sip:tern@192.0.2.9", nil)]) == 90)
    }

    @Test("the only binding is ours, whatever it is called")
    func only() {
        #expect(seconds([("sip:b2b-4711@198.51.100.7", 180)], expires: 900) == 180)
    }

    @Test("without a time of its own it is that of Expires, and without that what was asked for")
    func header() {
        #expect(seconds([], expires: 900) == 900)
        #expect(seconds([]) == 3_600)
        #expect(seconds([(Self.contact, nil)]) == 3_600)
        #expect(seconds([("sip:other@192.0.2.9", 60), ("tel:1", 30)], expires: 900) == 900)
        #expect(seconds([("sip:other@192.0.2.9", 60), ("sip:another@192.0.2.9", 30)]) == 3_600)
    }
}
