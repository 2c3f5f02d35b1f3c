@testable import Calls
import EventLoop
import JSON
import Registrar
@testable import SIP
import TestRandom

/// Plays a sequence of things that parties do, each decided by a number, and says what the gateway did wrong.
@LoopActor
final class RandomCalls {
    let bench: CallBench
    /// What a sequence led to.
    struct Outcome {
        /// What the gateway did wrong.
        var faults: [String]
        /// What happened, for people.
        var trace: [String]
        /// Calls that were answered, and transfers that were carried out.
        var answered = 0
        var transferred = 0
        /// INVITEs to the second target of a trunk, and registrations that ended with their connection (RFC 5626 section 5.3).
        var failovers = 0
        var lostFlows = 0
    }

    var generator = SeededRandom(seed: 0)
    /// What happened, for people.
    private(set) var trace: [String] = []
    let registrar: RegistrarService
    var lostFlows = 0
    private var texts = 0

    private init(registrar: RegistrarService) {
        self.registrar = registrar
        bench = CallBench(registrar: registrar)
        bench.media.fails = { [weak self] in self?.generator.happens(8) ?? false }
    }

    /// Opens the pages that the first number says, plays the others as steps, and then has every party leave.
    static func play(_ steps: [UInt64]) async throws -> Outcome {
        let registrar = try await CallBench.registrar()
        let outcome = await RandomCalls(registrar: registrar).play(steps)
        await registrar.stop()
        return outcome
    }

    private func play(_ steps: [UInt64]) async -> Outcome {
        defer { bench.retire() }
        enter(steps.first ?? 0)
        for seed in steps.dropFirst() {
            generator = SeededRandom(seed: seed)
            await step()
            let faults = bench.violations()
            if !faults.isEmpty { return Outcome(faults: faults, trace: trace) }
        }
        generator = SeededRandom(seed: 1)
        var faults = await rest()
        faults += await leave()
        return Outcome(
            faults: bench.violations() + faults + bench.leftovers(), trace: trace,
            answered: bench.agent.all.count { $0.sent.contains($0.isOurs ? "ACK" : "200") },
            transferred: bench.agent.all.count { $0.sent.contains("NOTIFY 200") }
                + bench.browsers.reduce(0) { $0 + $1.events.count { $0.type == "transfer" && $0.body["status"] == 200 } },
            failovers: bench.agent.all.count { $0.isOurs && ($0.peer.contains("192.0.2.11") || $0.peer.contains("192.0.2.21")) },
            lostFlows: lostFlows)
    }

    /// A description that no other has.
    func text(_ what: String) -> String {
        texts += 1
        return sdp("\(what) \(texts)")
    }

    func note(_ what: String) { trace.append(what) }

    // MARK: Steps

    /// The pages that are open from the beginning: alice's and one of mallory's always.
    private func enter(_ seed: UInt64) {
        generator = SeededRandom(seed: seed)
        bench.browser("alice")
        bench.browser("mallory").subscribe()
        for user in ["alice", "bob", "bob", "carol"] where generator.happens(50) { bench.browser(user) }
    }

    private func step() async {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<7: phoneCalls()
        case 7..<15: browserCalls()
        case 15..<40: phoneActs()
        case 40..<52: browserResponds()
        case 52..<72: browserActs()
        case 72..<75: strangerActs()
        case 75..<78: browserComesOrLeaves()
        case 78..<79: phoneRegisters()
        case 79..<89: mediaSteps()
        case 89..<91: mediaTells()
        case 91..<97: await everybodyAgrees()
        default: timePasses()
        }
        if generator.happens(60) { await bench.settle() } else if generator.happens(60) { await bench.rest() }
    }

    private func mediaSteps() {
        guard let session = bench.media.sessions.filter(\.hasSteps).pick(&generator) else { return }
        note("the media engine does a step")
        session.step()
    }

    private func mediaTells() {
        guard let session = bench.media.sessions.pick(&generator) else { return }
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
            note("a session's media is lost")
            session.stop(.mediaServerLost)
        case 1: session.tell(.digit(generator.happens(50) ? .caller : .callee, "5", .milliseconds(100)))
        case 2: session.tell(.keyframeRequested(generator.happens(50) ? .caller : .callee))
        default: session.tell(.event(.webrtc(up: true)))
        }
    }

    /// All that rings is answered, and whatever was asked for is done: else few transfers would come to their end.
    private func everybodyAgrees() async {
        note("everybody answers what rings, and does what it owes")
        await rounds()
        await answerAll()
    }

    private func timePasses() {
        let time = [Duration.milliseconds(300), .seconds(5), .seconds(11), .seconds(35), .seconds(70), .seconds(13 * 3_600)].pick(&generator) ?? .zero
        note("\(time) pass")
        bench.clock.turn(by: time)
    }

    // MARK: The end

    /// Everybody does what it owes, and nothing new.
    ///
    /// - Returns: Parties that are in no call by then, and requests without an answer.
    private func rest() async -> [String] {
        bench.media.fails = { false }
        let answers = generator.happens(50)
        note("everybody does what it owes\(answers ? ", and answers what rings" : "")")
        for _ in 0..<3 {
            await rounds()
            if answers { await answerAll() }
            bench.clock.turn(by: .seconds(5))
        }
        // Digits go out one after the other, each for its time.
        for _ in 0..<60 where bench.browsers.contains(where: { $0.open.values.contains { $0.command == "send_dtmf" } }) {
            await rounds()
            bench.clock.turn(by: .seconds(5))
        }
        await rounds()
        var faults: [String] = []
        for leg in bench.agent.legs where leg.isAlive {
            if leg.waits { faults.append("\(leg.id) \(leg.state) waits for an answer") }
            guard let call = bench.switchboard.sipLegs[leg.id]?.call else {
                if bench.switchboard.movingPhones[leg.id] == nil { faults.append("\(leg.id) \(leg.state) is in no call") }
                continue
            }
            if bench.switchboard.calls[call.id] == nil { faults.append("\(leg.id) \(leg.state) is in a call that is over") }
        }
        for session in bench.media.sessions where bench.sessions.entries[session.id]?.branches.contains(where: { $0 === session }) != true {
            faults.append("session \(session.id) is nobody's")
        }
        // Options wait until a call is answered, and the answer to a session of a client's own for that client.
        for browser in bench.browsers {
            for request in browser.open.values where !["update_session", "start_session"].contains(request.command) {
                faults.append("\(browser.user) \(browser.id): \(request.command) waits for an answer")
            }
        }
        return faults
    }

    /// Whoever rings answers: the first of several has the call.
    private func answerAll() async {
        for leg in bench.agent.legs { if case .calling = leg.state { leg.receive(.success(sdp: text("a phone's answer"))) } }
        for browser in bench.browsers where browser.isOpen && browser.client != nil {
            for call in browser.known where browser.calls[call]?.isCaller == false && browser.calls[call]?.ends.isEmpty == true {
                browser.request("answer_call", ["call_id": .string(call), "answer": ["sdp": .string(text("a browser's answer"))]])
            }
        }
        await rounds()
    }

    private func rounds() async {
        for _ in 0..<8 {
            await bench.settle()
            let owing = bench.agent.legs.filter(\.owes)
            for leg in owing { leg.doWhatIsOwed(text("a phone's answer")) }
            let asked = bench.browsers.filter { $0.isOpen && !$0.requests.isEmpty }
            for browser in asked { for request in browser.requests { accept(request, browser) } }
            if owing.isEmpty, asked.isEmpty { break }
        }
        await bench.settle()
    }

    /// All calls are ended, most by their parties; and then every page is closed: that has to end all that there is.
    ///
    /// - Returns: Parties without exactly one final outcome.
    private func leave() async -> [String] {
        note("all calls are ended")
        if generator.happens(20) {
            bench.switchboard.endAll()
            bench.sessions.stopAll(.stopping)
        }
        // One party of each call leaves it; the gateway has to tell the others.
        for _ in 0..<12 where !bench.switchboard.calls.isEmpty {
            for browser in bench.browsers where browser.isOpen && browser.client != nil {
                guard let call = browser.known.first(where: { browser.calls[$0]?.ends.isEmpty == true && browser.calls[$0]?.hasLeft == false }) else { continue }
                browser.request("hangup_call", ["call_id": .string(call)])
                break
            }
            await rounds()
            guard let leg = bench.agent.legs.first(where: { $0.isAlive && !$0.isOurs }) ?? bench.agent.legs.first(where: \.isAlive) else { continue }
            leg.hangUp()
            await rounds()
        }
        let faults = outcomes()
        for browser in bench.browsers where browser.isOpen { browser.logOut() }
        for browser in bench.browsers { browser.disconnect() }
        await rounds()
        bench.clock.turn(by: .seconds(200))
        await rounds()
        return faults
    }

    /// Whether each party had exactly one final outcome.
    private func outcomes() -> [String] {
        var faults: [String] = []
        for leg in bench.agent.all where !leg.isOurs {
            let expected = leg.isEndedByPhone && leg.finalResponses == 0 ? 0 : 1
            if leg.finalResponses != expected { faults.append("\(leg.id): \(leg.finalResponses) final responses to its INVITE, \(leg.sent)") }
        }
        for leg in bench.agent.all where leg.sent.count(where: { $0 == "BYE" }) > 1 { faults.append("\(leg.id): hung up twice, \(leg.sent)") }
        for browser in bench.browsers where browser.isOpen && browser.client != nil {
            for (call, part) in browser.calls where part.ends.count != 1 && !(part.hasLeft && part.ends.isEmpty) {
                faults.append("\(browser.user) \(browser.id): \(part.ends.count) ends of call \(call)")
            }
        }
        return faults
    }
}
