@testable import Calls
import EventLoop
@testable import SIP

// What phones do, in and out of order.
extension RandomCalls {
    func phoneCalls() {
        let agent = bench.agent
        let trunk = [nil, 10, 10, 20, 20].pick(&generator) ?? nil
        let dialled = ["alice", "bob", "bob", "carol", "dora", "desk", "echo", "801", "902", "nobody"].pick(&generator) ?? ""
        let replaced = generator.happens(15) ? agent.legs.filter(\.isEstablished).pick(&generator) : nil
        note("a phone of \(trunk.map { "trunk \($0)" } ?? "a stranger's") calls \(dialled)\(replaced.map { " in place of \($0.id)" } ?? "")")
        let before = replaced.flatMap { bench.switchboard.sipLegs[$0.id]?.call }
        let wasEstablished = before?.isEstablished
        let leg = bench.phone(
            calls: dialled, trunk: trunk, offer: generator.happens(85) ? text("a phone's offer") : nil, replaces: replaced?.id)
        guard trunk == nil, replaced != nil else { return }
        if leg.finalResponses != 1 || before?.isEstablished != wasEstablished {
            agent.violations.append("a stranger took the place of \(replaced?.id.description ?? "")")
        }
    }

    func phoneActs() {
        guard let leg = bench.agent.legs.pick(&generator) else { return }
        if generator.happens(8) { return actUnlawfully(leg) }
        switch leg.state {
        case .offered, .ringing, .answering: if generator.happens(25) { act(leg, .cancelled(nil)) }
        case .answered(let answer): act(leg, generator.happens(85) ? .acknowledged(sdp: answer.answerDue ? maybeAnswer() : nil) : .bye(nil))
        case .leavingOnceAcknowledged: act(leg, .acknowledged(sdp: maybeAnswer()))
        case .calling: actCalled(leg)
        case .cancelling: act(leg, generator.happens(70) ? .failure(status: 487, phrase: "", reason: nil) : .success(sdp: text("an answer")))
        case .established(_, let exchange): act(leg, in: exchange)
        case .ending: act(leg, .byeAnswered)
        case .acknowledging: if generator.happens(20) { act(leg, .bye(nil)) }
        case .gone: break
        }
    }

    private func act(_ leg: StandInLeg, _ input: LegInput) {
        note("phone \(leg.id) (\(leg.peer)): \(input)")
        leg.receive(input)
    }

    private func maybeAnswer() -> String? { generator.happens(90) ? text("a phone's answer") : nil }

    /// A phone whose registration was lost registers anew.
    func phoneRegisters() {
        guard let phone = CallBench.phones.pick(&generator) else { return }
        note("\(phone.user)'s phone \(phone.number) registers")
        CallBench.register(phone, at: registrar)
    }

    /// A phone that is called.
    private func actCalled(_ leg: StandInLeg) {
        // A target of a trunk that takes no calls has the next one tried, and a phone whose connection is closed is not registered any more.
        if generator.happens(10), case .calling = leg.state {
            let isTrunk = leg.peer.contains("192.0.2."), isPhone = leg.peer.contains("198.51.100.") && !leg.peer.contains("sip:x@")
            if isTrunk { return act(leg, .failure(status: 503, phrase: "", reason: nil)) }
            if isPhone {
                lostFlows += 1
                return act(leg, .failure(status: 430, phrase: "Flow Failed", reason: nil))
            }
        }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<20: act(leg, .provisional(status: 180, phrase: "Ringing", sdp: nil))
        case 20..<32: act(leg, .provisional(status: 183, phrase: "", sdp: text("early media"), isReliable: generator.happens(50)))
        case 32..<70: act(leg, .success(sdp: maybeAnswer()))
        case 70..<76: act(leg, .offered(.update, sdp: text("an early offer")))
        case 76..<82:
            let contacts = ["sip:alice@tern.example.org", "sip:dora@tern.example.org", "sip:x@198.51.100.99"].shuffled(using: &generator)
            act(leg, .redirected(status: 302, phrase: "", contacts: Array(contacts.prefix(2))))
        default:
            let status = [404, 408, 480, 486, 487, 488, 500, 503, 603].pick(&generator) ?? 480
            act(leg, .failure(status: status, phrase: "", reason: nil))
        }
    }

    /// A phone in an established dialog.
    private func act(_ leg: StandInLeg, in exchange: LegState.Exchange) {
        switch exchange {
        case .offeredByUs(let sdp), .offeredToUs(_, let sdp) where generator.happens(8) && sdp != nil: act(leg, .bye(nil))
        case .offeredByUs:
            let failure = [408, 488, 491, 500].pick(&generator) ?? 488
            act(leg, generator.happens(75) ? .success(sdp: maybeAnswer()) : .failure(status: failure, phrase: "", reason: nil))
        case .offeredToUs(let method, _): if method == .invite, generator.happens(25) { act(leg, .cancelled(nil)) }
        case .accepted(let answerDue): act(leg, .acknowledged(sdp: answerDue ? maybeAnswer() : nil))
        case .idle, .refreshing, .acknowledging: actIdle(leg)
        }
    }

    private func actIdle(_ leg: StandInLeg) {
        if leg.openInfos > 0, generator.happens(50) { return act(leg, .infoAnswered(status: generator.happens(80) ? 200 : 415)) }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<12: act(leg, .bye(nil))
        case 12..<30: act(leg, .offered(generator.happens(70) ? .invite : .update, sdp: text("a phone's offer")))
        case 30..<38: act(leg, .offered(.invite, sdp: nil))
        case 38..<46: act(leg, .info(generator.happens(60) ? .digit(SIPDigit("7", duration: 100), .relay) : .pictureFastUpdate))
        case 46..<50: act(leg, .refreshDue)
        default: refer(leg)
        }
    }

    private func refer(_ leg: StandInLeg) {
        let user = ["alice", "bob", "carol", "dora", "801", "902", "echo", "nobody"].pick(&generator) ?? ""
        var request = SIPTransferRequest(
            target: "sip:\(user)@tern.example.org", scheme: "sip", user: user, host: "tern.example.org", isSilent: generator.happens(10))
        if generator.happens(50), let other = bench.agent.legs.filter({ $0.isEstablished && $0 !== leg }).pick(&generator) {
            request.replaces = SIPReplaces(callID: other.id.description, toTag: "1", fromTag: "2")
        }
        act(leg, .transferRequested(request))
    }

    /// What a phone must not do now, or what crosses something on the wire.
    private func actUnlawfully(_ leg: StandInLeg) {
        let inputs: [LegInput] = [
            .cancelled(nil), .bye(nil), .acknowledged(sdp: nil), .acknowledged(sdp: sdp("stray")), .offered(.invite, sdp: text("a stray offer")),
            .offered(.update, sdp: nil), .success(sdp: sdp("stray")), .failure(status: 481, phrase: "", reason: nil),
            .provisional(status: 180, phrase: "", sdp: nil), .pracked(sdp: nil), .byeAnswered, .terminated(status: 0), .overdue,
            .acknowledgementLost, .infoAnswered(status: 200), .refreshFailed(status: 408), .sessionOver,
        ]
        act(leg, inputs.pick(&generator) ?? .bye(nil))
    }
}

extension StandInLeg {
    /// Whether the phone has something to do that it cannot leave undone.
    var owes: Bool {
        if openInfos > 0, isEstablished { return true }
        switch state {
        case .answered, .leavingOnceAcknowledged, .cancelling, .ending: return true
        case .established(_, .offeredByUs), .established(_, .accepted), .established(_, .refreshing): return true
        default: return false
        }
    }

    /// Whether the phone waits for an answer to its offer, or for one in an ACK.
    var waits: Bool {
        switch state {
        case .established(_, .offeredToUs), .established(_, .acknowledging), .acknowledging: true
        default: false
        }
    }

    func doWhatIsOwed(_ answer: String) {
        switch state {
        case .answered(let description): receive(.acknowledged(sdp: description.answerDue ? answer : nil))
        case .leavingOnceAcknowledged: receive(.acknowledged(sdp: nil))
        case .cancelling: receive(.failure(status: 487, phrase: "", reason: nil))
        case .ending: receive(.byeAnswered)
        case .established(_, .offeredByUs), .established(_, .refreshing): receive(.success(sdp: answer))
        case .established(_, .accepted(let answerDue)): receive(.acknowledged(sdp: answerDue ? answer : nil))
        case .established: if openInfos > 0 { receive(.infoAnswered(status: 200)) }
        default: break
        }
    }

    /// The phone ends its call.
    func hangUp() {
        switch state {
        case .offered, .ringing, .answering: receive(.cancelled(nil))
        case .calling: receive(.failure(status: 480, phrase: "", reason: nil))
        default: receive(.bye(nil))
        }
    }
}
