@testable import Configuration
@testable import Routing
import Testing

/// A trunk machine and its clock: events are told at the time that `now` has.
struct MachineBench {
    var machine: TrunkMachine
    var now = ContinuousClock.now
    /// What the machine asked to be woken for.
    var due: ContinuousClock.Instant?

    init(
        targets: Int = 1, expires: Duration? = nil, keepalive: Duration? = nil, failures: Int = 2, maximumCalls: Int? = nil, seed: UInt64 = 1
    ) {
        var trunk = Trunk(name: "t", targets: (0..<targets).map { TrunkTarget(host: "h\($0)") })
        if let expires {
            trunk.registration = TrunkRegistration(contact: "t")
            trunk.registration?.expires = expires
        }
        trunk.keepalive.interval = keepalive
        trunk.keepalive.failures = failures
        trunk.maximumCalls = maximumCalls
        machine = TrunkMachine(trunk, seed: seed)
    }

    /// The target that was asked to register us last.
    private(set) var asked = 0

    mutating func registered(_ seconds: Double) -> [TrunkMachine.Action] { tell(.registered(target: asked, expires: .seconds(seconds))) }

    mutating func registerFailed(_ status: Int, retryAfter: Duration? = nil, minimum: Duration? = nil) -> [TrunkMachine.Action] {
        tell(.registerFailed(target: asked, status: status, retryAfter: retryAfter, minimumExpires: minimum))
    }

    /// What is to be done, without timers, which the bench keeps itself.
    mutating func tell(_ event: TrunkMachine.Event) -> [TrunkMachine.Action] {
        machine.handle(event, now: now).filter { action in
            switch action {
            case .sendRegister(let target, _): asked = target
            case .schedule(let after): due = now + after
            case .cancelTimer: due = nil
            default: return true
            }
            if case .sendRegister = action { return true }
            return false
        }
    }

    /// Goes on to the next timer, and tells how long that was.
    mutating func wait() -> (after: Duration, [TrunkMachine.Action]) {
        guard let due else { return (.zero, []) }
        let after = now.duration(to: due)
        now = due
        self.due = nil
        return (after, tell(.timer))
    }
}

@Suite struct TrunkRegistrationTests {
    @Test("a registration is asked for at once, and refreshed at half of what was granted, or a little before", arguments: 1...20)
    func refresh(seed: Int) {
        var bench = MachineBench(expires: .seconds(3_600), seed: UInt64(seed))
        #expect(bench.tell(.started) == [.sendRegister(target: 0, expires: .seconds(3_600)), .report(.registering)])
        #expect(bench.registered(600) == [.report(.up)])
        let (after, actions) = bench.wait()
        #expect(after >= .seconds(270) && after <= .seconds(300))
        #expect(actions == [.sendRegister(target: 0, expires: .seconds(3_600))])
        #expect(bench.registered(600) == [])
    }

    @Test("the moments of refreshes differ")
    func jitter() {
        let moments = (1...20).map { seed in
            var bench = MachineBench(expires: .seconds(3_600), seed: UInt64(seed))
            _ = bench.tell(.started)
            _ = bench.registered(600)
            return bench.wait().after
        }
        #expect(Set(moments).count == 20)
    }

    @Test("a registrar that does not answer is asked at longer and longer intervals, up to 5 minutes")
    func backOff() {
        var bench = MachineBench(expires: .seconds(3_600))
        _ = bench.tell(.started)
        #expect(bench.registerFailed(408) == [.report(.down("REGISTER is not answered"))])
        for upper in [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300] as [Double] {
            let (after, actions) = bench.wait()
            #expect(after >= .seconds(upper / 2) && after <= .seconds(upper), "\(upper)")
            #expect(actions == [.sendRegister(target: 0, expires: .seconds(3_600))])
            #expect(bench.registerFailed(408) == [])
        }
        _ = bench.wait()
        #expect(bench.registered(600) == [.report(.up)])
        _ = bench.wait()
        _ = bench.registerFailed(503)
        #expect(bench.wait().after <= .seconds(2))
    }

    @Test("what the trunk does not want is asked for seldom, however long it goes on", arguments: [401, 403, 404, 407, 501, 302, 603])
    func refused(status: Int) {
        var bench = MachineBench(targets: 3, expires: .seconds(3_600))
        let start = bench.now
        _ = bench.tell(.started)
        let reports = bench.registerFailed(status)
        guard reports.count == 1, case .report(.refused(let reason)) = reports[0] else { return #expect(Bool(false), "\(reports)") }
        #expect(reason.contains("REGISTER was answered \(status)"))
        #expect(reason.hasPrefix("credentials refused: check username and password") == [401, 407].contains(status))
        var requests = 1
        while start.duration(to: bench.now) < .seconds(86_400) {
            let (after, actions) = bench.wait()
            #expect(after >= .seconds(150) && after <= .seconds(300))
            #expect(actions == [.sendRegister(target: 0, expires: .seconds(3_600))])
            #expect(bench.registerFailed(status) == [])
            requests += 1
        }
        #expect(requests < 600)
        _ = bench.wait()
        #expect(bench.registered(60) == [.report(.up)])
    }

    @Test("a target that does not answer, or fails, is followed by the next; when all have failed it waits", arguments: [408, 500, 503, 480])
    func nextTarget(status: Int) {
        var bench = MachineBench(targets: 3, expires: .seconds(3_600))
        _ = bench.tell(.started)
        #expect(bench.registerFailed(status) == [.sendRegister(target: 1, expires: .seconds(3_600))])
        #expect(bench.registerFailed(status) == [.sendRegister(target: 2, expires: .seconds(3_600))])
        let actions = bench.registerFailed(status)
        #expect(actions.count == 1)
        #expect(bench.wait().1 == [.sendRegister(target: 0, expires: .seconds(3_600))])
    }

    @Test("what kept the REGISTER from being answered is the state's reason, and no status of our own making", arguments: [408, 503])
    func trouble(status: Int) {
        var bench = MachineBench(expires: .seconds(3_600))
        _ = bench.tell(.started)
        let event = TrunkMachine.Event.registerFailed(target: 0, status: status, trouble: "host not found: h0")
        #expect(bench.tell(event) == [.report(.down("host not found: h0"))])
    }

    @Test("the target that took the registration has its refreshes")
    func staysWithTarget() {
        var bench = MachineBench(targets: 2, expires: .seconds(3_600))
        _ = bench.tell(.started)
        _ = bench.registerFailed(408)
        #expect(bench.registered(100) == [.report(.up)])
        #expect(bench.wait().1 == [.sendRegister(target: 1, expires: .seconds(3_600))])
    }

    @Test("423 is followed by one more attempt with the interval that is wanted, which stays")
    func intervalTooBrief() {
        var bench = MachineBench(expires: .seconds(60))
        _ = bench.tell(.started)
        #expect(bench.registerFailed(423, minimum: .seconds(1_800)) == [.sendRegister(target: 0, expires: .seconds(1_800))])
        #expect(bench.registered(1_800) == [.report(.up)])
        #expect(bench.wait().1 == [.sendRegister(target: 0, expires: .seconds(1_800))])
    }

    @Test(
        "423 that asks for more each time, for nothing more, or for too much is a refusal",
        arguments: [[120, 180], [60], [30], [86_401], [nil]] as [[Int?]])
    func absurdIntervals(minimums: [Int?]) {
        var bench = MachineBench(expires: .seconds(60))
        _ = bench.tell(.started)
        var last: [TrunkMachine.Action] = []
        for minimum in minimums { last = bench.registerFailed(423, minimum: minimum.map { .seconds($0) }) }
        #expect(last == [.report(.refused("REGISTER was answered 423"))])
        #expect(bench.wait().after >= .seconds(150))
    }

    @Test("Retry-After is heeded, up to an hour", arguments: [(30, 30), (3_000, 3_000), (1_000_000, 3_600)])
    func retryAfter(asked: Int, waited: Int) {
        var bench = MachineBench(expires: .seconds(3_600))
        _ = bench.tell(.started)
        _ = bench.registerFailed(503, retryAfter: .seconds(asked))
        #expect(bench.wait().after == .seconds(waited))
    }

    @Test("a refresh that fails leaves the registration until it ends")
    func failedRefresh() {
        var bench = MachineBench(expires: .seconds(3_600))
        _ = bench.tell(.started)
        _ = bench.registered(100)
        let (after, _) = bench.wait()
        var total = after
        #expect(bench.registerFailed(503) == [])
        var reported: [TrunkMachine.Action] = []
        while reported.isEmpty, total < .seconds(200) {
            let (after, actions) = bench.wait()
            total += after
            reported = actions.filter { if case .report = $0 { true } else { false } }
            if actions.contains(.sendRegister(target: 0, expires: .seconds(3_600))) { _ = bench.registerFailed(503) }
        }
        #expect(reported == [.report(.down("REGISTER was answered 503"))])
        #expect(total == .seconds(100))
    }

    @Test("an interval of nothing is a failure, a tiny one makes no flood, and an endless one is a day", arguments: [(0, 1.0, 2.0), (-5, 1, 2), (1, 1, 1), (1_000_000, 38_880, 43_200)])
    func oddIntervals(granted: Int, least: Double, most: Double) {
        var bench = MachineBench(expires: .seconds(3_600))
        _ = bench.tell(.started)
        _ = bench.registered(Double(granted))
        let (after, _) = bench.wait()
        #expect(after >= .seconds(least) && after <= .seconds(most))
        var requests = 0
        let start = bench.now
        while start.duration(to: bench.now) < .seconds(60), bench.due != nil {
            let (_, actions) = bench.wait()
            guard actions.contains(.sendRegister(target: 0, expires: .seconds(3_600))) else { continue }
            requests += 1
            _ = bench.registered(Double(granted))
        }
        #expect(requests <= 13)
    }

    @Test("a REGISTER that nothing is heard of counts as lost after 3 minutes")
    func silence() {
        var bench = MachineBench(targets: 2, expires: .seconds(3_600))
        _ = bench.tell(.started)
        let (after, actions) = bench.wait()
        #expect(after == .seconds(180))
        #expect(actions == [.sendRegister(target: 1, expires: .seconds(3_600))])
    }

    @Test("the answer of a target that was given up counts for nothing")
    func lateAnswer() {
        var bench = MachineBench(targets: 2, expires: .seconds(3_600))
        _ = bench.tell(.started)
        #expect(bench.wait().1 == [.sendRegister(target: 1, expires: .seconds(3_600))])
        #expect(bench.tell(.registered(target: 0, expires: .seconds(60))) == [])
        #expect(bench.tell(.registerFailed(target: 0, status: 403)) == [])
        #expect(bench.machine.state == .registering)
        #expect(bench.tell(.registered(target: 1, expires: .seconds(60))) == [.report(.up)])
    }

    @Test("answers to what was not asked change nothing")
    func unasked() {
        var bench = MachineBench(expires: .seconds(3_600))
        #expect(bench.registered(60) == [])
        #expect(bench.tell(.timer) == [])
        _ = bench.tell(.started)
        #expect(bench.tell(.started) == [])
        _ = bench.registered(60)
        #expect(bench.registerFailed(403) == [])
        #expect(bench.registered(0) == [])
        #expect(bench.machine.state == .up)
    }

    @Test("the end takes the registration back where there may be one, and leaves no timer")
    func stop() {
        var bench = MachineBench(expires: .seconds(3_600), keepalive: .seconds(30))
        _ = bench.tell(.started)
        _ = bench.registered(60)
        #expect(bench.tell(.stopped) == [.sendUnregister(target: 0), .report(.stopped)])
        #expect(bench.due == nil)
        #expect(bench.tell(.timer) == [])
        #expect(bench.tell(.stopped) == [])
        var refused = MachineBench(expires: .seconds(3_600))
        _ = refused.tell(.started)
        _ = refused.registerFailed(403)
        #expect(refused.tell(.stopped) == [.report(.stopped)])
    }
}
