import SDP
import TestRandom
import Testing

@testable import ProxyCore

@Suite("A session")
struct ProxySessionTests {
    private static let calls: [SessionKind] = [
        .proxy(caller: .rtp, callee: .webrtc), .proxy(caller: .webrtc, callee: .rtp), .proxy(caller: .webrtc, callee: .webrtc),
        .proxy(caller: .rtp, callee: .rtp),
    ]
    private let refused = SessionFailure.refused("no")

    /// The steps without their descriptions.
    private func names(_ steps: [MediaStep]) -> [String] {
        steps.map { step in
            switch step {
            case .attach(let sides): "attach \(sides.map(\.rawValue).joined(separator: " "))"
            case .open(let side, let media, _): "open \(side) \(media.map(\.description).joined(separator: " "))"
            case .take(let side, let description): "take \(side) \(description.role)"
            case .give(let side, let description): "give \(side) \(description.role)"
            }
        }
    }

    // MARK: The first exchange

    @Test("a Janus that finds no address for ICE says what to do about it")
    func noAddress() {
        #expect(SessionEnd.mediaFailed("Gathering error").reason.contains("give its machine a network interface with an address"))
        #expect(SessionEnd.mediaFailed("ICE failed").reason == "the media connection failed: ICE failed")
    }

    @Test("each side's leg does its own part of the exchange, in order", arguments: [
        (SessionKind.echo(.webrtc), ["attach caller", "take caller offer", "give caller answer"]),
        (.echo(.rtp), ["attach caller", "open caller audio"]),
        (.proxy(caller: .rtp, callee: .webrtc), ["attach caller callee", "give callee offer", "take callee answer", "open caller audio"]),
        (.proxy(caller: .webrtc, callee: .rtp), ["attach caller callee", "take caller offer", "open callee audio", "give caller answer"]),
        (.proxy(caller: .webrtc, callee: .webrtc), [
            "attach caller callee", "take caller offer", "give callee offer", "take callee answer", "give caller answer",
        ]),
        (.proxy(caller: .rtp, callee: .rtp), ["attach caller callee", "open callee audio", "open caller audio"]),
    ])
    func steps(kind: SessionKind, steps: [String]) {
        let driven = DrivenSession.talking(kind)
        #expect(names(driven.steps) == steps)
        #expect(driven.session.isEstablished && driven.session.state == .stable)
        #expect(driven.audio == kind.sides.map { _ in "++" })
        for case .take(_, let description) in driven.steps { #expect(!description.isUpdate) }
        for case .give(_, let description) in driven.steps { #expect(!description.isUpdate) }
    }

    @Test("a phone is told a port of its own leg and no ICE, a browser what Janus made of the other side's media", arguments: calls)
    func told(kind: SessionKind) throws {
        let driven = DrivenSession.talking(kind)
        for (side, text) in [(SessionSide.caller, driven.answers[.caller]), (.callee, driven.offers[.callee])] {
            let session = try SessionDescription(parsing: #require(text))
            if kind.type(of: side) == .rtp {
                #expect(session.media.map(\.port) == [StandInEngine.port(side, .audio).port])
                #expect(session.media.map(\.transport) == [.avp] && session.connection == Connection(address: "192.0.2.1"))
                #expect(!session.text.contains("ice-ufrag") && !session.text.contains("a=mid:"))
            } else {
                #expect(session.media.map(\.transport) == [.dtlsSAVPF] && session.text.contains("a=fingerprint:"))
                #expect(!session.text.contains("192.0.2.2"), "where the phone is is none of its business")
            }
        }
    }

    @Test("the legs are told where the phones are, and which payload types there are")
    func legs() throws {
        let driven = DrivenSession.talking(.proxy(caller: .rtp, callee: .webrtc))
        let phone = try #require(driven.medium(.caller)), browser = try #require(driven.medium(.callee))
        #expect(phone.phone == PhoneAddress(host: "192.0.2.20", port: 4000, rtcpPort: 4001, isMultiplexed: false))
        #expect(phone.keys == nil && phone.line == 0 && phone.payloads.map(\.codec).first == "pcmu")
        #expect(browser.phone == nil && browser.keys == nil && browser.payloads.contains { $0.type == 0 && $0.codec == "pcmu" && $0.clockRate == 8_000 })
        #expect(driven.told.map(\.side) == [.caller, .callee], "each is told once")
    }

    @Test("whether candidates follow is said to Janus with the browser's own offer or answer")
    func trickle() {
        for kind in Self.calls where kind.hasBrowser {
            var driven = DrivenSession(kind)
            driven.send(.offered(.caller, .said(Fixture.offer(kind.callerType), trickle: kind.callerType == .webrtc)))
            driven.answer(Fixture.answer(kind.calleeType ?? .rtp), trickle: kind.calleeType == .webrtc)
            for case .take(_, let description) in driven.steps { #expect(description.trickle) }
            for case .give(_, let description) in driven.steps { #expect(!description.trickle) }
        }
    }

    @Test("while the called party has the offer, it is the answerer, and the offer can be asked for", arguments: calls)
    func waiting(kind: SessionKind) {
        var driven = DrivenSession(kind)
        driven.send(.offered(.caller, .said(Fixture.offer(kind.callerType))))
        #expect(driven.session.answerer == .callee && driven.session.pendingOffer?.text == driven.offers[.callee])
        #expect(!driven.session.isEstablished && driven.settings.isEmpty)
        driven.answer(Fixture.answer(kind.calleeType ?? .rtp))
        #expect(driven.session.answerer == nil && driven.session.pendingOffer == nil)
    }

    @Test("a malformed offer is refused with its reason, and the handles are let go")
    func malformedOffer() {
        var driven = DrivenSession(.echo(.rtp))
        let actions = driven.send(.offered(.caller, .said("v=1")))
        guard case .refuseOffer(.caller, .description(let error)) = actions.first, case .end = actions.last else {
            Issue.record("not refused: \(actions)")
            return
        }
        #expect(error.sipStatus == 400 && !error.reason.isEmpty)
        #expect(driven.session.isEnded)
    }

    @Test("an empty offer is a malformed one, whoever makes it", arguments: [SessionKind.echo(.rtp), .echo(.webrtc)])
    func emptyOffer(kind: SessionKind) {
        var driven = DrivenSession(kind)
        #expect(driven.send(.offered(.caller, .said(""))).refuses)
        #expect(driven.session.isEnded)
    }

    @Test("a malformed answer leaves the session waiting for a better one", arguments: calls)
    func malformedAnswer(kind: SessionKind) {
        var driven = DrivenSession(kind)
        driven.send(.offered(.caller, .said(Fixture.offer(kind.callerType))))
        guard case .refuseAnswer(.description) = driven.answer("nonsense").first else {
            Issue.record("a malformed answer was taken")
            return
        }
        let answer = Fixture.answer(kind.calleeType ?? .rtp)
        #expect(driven.answer(answer).answers(to: .caller).count == 1)
    }

    @Test("an answer is refused when there is nothing to answer")
    func answerOutOfPlace() {
        var echo = DrivenSession.talking(.echo(.webrtc))
        #expect(
            echo.answer(Fixture.browserAnswer) == [.refuseAnswer(.state("an echo session takes no answer"))])
        var proxy = DrivenSession(.proxy(caller: .webrtc, callee: .webrtc))
        proxy.answersSteps = false
        proxy.send(.offered(.caller, .said(Fixture.browserOffer)))
        #expect(
            proxy.answer(Fixture.browserAnswer) == [.refuseAnswer(.state("the session waits for no answer"))])
        proxy.resume()
        proxy.answer(Fixture.browserAnswer)
        #expect(
            proxy.answer(Fixture.browserAnswer) == [
                .refuseAnswer(.state("the session has been answered before"))
            ])
    }

    @Test("the first step that fails ends the session with the reason, whichever it is", arguments: calls + [.echo(.rtp), .echo(.webrtc)])
    func failedStep(kind: SessionKind) {
        let failure = SessionFailure.unavailable("Janus did not answer in time")
        for failing in 0..<DrivenSession.talking(kind).steps.count {
            var driven = DrivenSession(kind)
            driven.answersSteps = false
            driven.send(.offered(.caller, .said(Fixture.offer(kind.callerType))))
            for _ in 0..<failing {
                driven.resume(steps: 1)
                if driven.session.answerer != nil { driven.answer(Fixture.answer(kind.calleeType ?? .rtp)) }
            }
            let expected: [ProxySession.Action] = [.refuseOffer(.caller, failure), .end(SessionEnd(code: 503, reason: failure.reason))]
            #expect(driven.failStep(failure) == expected, "step \(failing)")
        }
    }

    @Test("a called party that declines the first offer ends the session with its reason", arguments: calls)
    func declined(kind: SessionKind) {
        var driven = DrivenSession(kind)
        driven.send(.offered(.caller, .said(Fixture.offer(kind.callerType))))
        #expect(driven.decline(refused) == [.refuseOffer(.caller, refused), .end(SessionEnd(code: 488, reason: "no"))])
    }

    @Test("when the caller makes no offer, the called party's goes the other way")
    func lateOffer() throws {
        var driven = DrivenSession(.proxy(caller: .rtp, callee: .webrtc))
        let offered = driven.send(.offered(.callee, .said(Fixture.browserOffer)))
        #expect(offered.offers(to: .caller).first?.contains("m=audio 20000 RTP/AVP 111 0\r\n") == true)
        #expect(driven.session.answerer == .caller)
        #expect(driven.answer(Fixture.phoneAnswer).answers(to: .callee).count == 1)
        #expect(driven.session.isEstablished && driven.audio == ["++", "++"])
    }

    // MARK: Changes while it lives

    @Test("both sides know what they agreed on, and nothing before")
    func agreed() {
        var driven = DrivenSession(.proxy(caller: .rtp, callee: .webrtc))
        #expect(driven.session.agreedMedia(of: .caller).isEmpty && driven.session.agreedMedia(of: .callee).isEmpty)
        driven = .talking(.proxy(caller: .rtp, callee: .webrtc))
        let phone = driven.session.agreedMedia(of: .caller), browser = driven.session.agreedMedia(of: .callee)
        #expect(phone.map(\.codec) == [.pcmu] && phone.map(\.isEncrypted) == [false])
        #expect(browser.map(\.kind) == [.audio] && browser.map(\.isEncrypted) == [true])
        driven.send(.offered(.callee, .said(Fixture.browserOffer.replacing("sendrecv", with: "sendonly"))))
        driven.answer(Fixture.phoneAnswer.replacing("sendrecv", with: "recvonly"))
        // As the gateway sees it: it sends to the phone what the browser sends.
        #expect(driven.session.agreedMedia(of: .caller).map(\.direction) == [.sendonly])
        #expect(driven.session.agreedMedia(of: .callee).map(\.direction) == [.recvonly])
        #expect(driven.audio == ["-+", "+-"])
    }

    @Test("a new offer of either side goes to the other one, its answer back, and the legs do what it says", arguments: calls)
    func reoffer(kind: SessionKind) throws {
        for side in SessionSide.allCases {
            var driven = DrivenSession.talking(kind)
            let type = try #require(kind.type(of: side)), other = try #require(kind.type(of: side.other))
            let before = driven.steps.count
            // Another one than before: what stays the same is not carried to a phone.
            let offer = Fixture.version(2, of: Fixture.offer(type).replacing("a=sendrecv", with: "a=sendonly"))
            #expect(driven.send(.offered(side, .said(offer))).offers(to: side.other).count == 1)
            let said = driven.answer(Fixture.answer(other).replacing("a=sendrecv", with: "a=recvonly"))
            #expect(said.answers(to: side).count == 1 && driven.session.state == .stable)
            #expect(driven.medium(side).map { $0.receives && !$0.sends } == true && driven.medium(side.other).map { !$0.receives && $0.sends } == true)
            // Janus takes a description of a PeerConnection that is up only when it is told so.
            for step in driven.steps.dropFirst(before) {
                switch step {
                case .take(_, let description), .give(_, let description): #expect(description.isUpdate)
                default: Issue.record("ports that are open are opened again: \(step)")
                }
            }
        }
    }

    @Test("a medium that a new offer adds gets ports of its own, the others keep theirs")
    func addedMedium() throws {
        var driven = DrivenSession.talking(.proxy(caller: .rtp, callee: .rtp))
        let video = "m=video 4200 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=sendrecv\r\n"
        driven.send(.offered(.callee, .said(Fixture.version(2, of: Fixture.phoneAnswer) + video)))
        driven.answer(Fixture.phoneOffer + video)
        #expect(names(driven.steps).suffix(2) == ["open caller video", "open callee video"])
        #expect(driven.offers[.caller]?.contains("m=video 20002 ") == true && driven.offers[.caller]?.contains("m=audio 20000 ") == true)
        #expect(driven.answers[.callee]?.contains("m=video 21002 ") == true && driven.answers[.callee]?.contains("m=audio 21000 ") == true)
        #expect(driven.medium(.callee, .video)?.phone?.port == 4200 && driven.medium(.callee, .video)?.line == 1)
    }

    @Test("a phone's offer that says what it said last gets our answer as before, and nobody else hears of it", arguments: ["1", "7"])
    func repeatedOffer(version: String) throws {
        var driven = DrivenSession.talking(.proxy(caller: .rtp, callee: .webrtc))
        driven.send(.offered(.caller, .said(Fixture.phoneMoved)))
        driven.answer(Fixture.browserAnswer)
        let answer = try #require(driven.answers[.caller]), count = driven.steps.count
        let again = Fixture.phoneMoved.replacing("phone 123 2", with: "phone 123 \(version)")
        #expect(driven.send(.offered(.caller, .said(again))) == [.sendAnswer(.caller, .said(answer))])
        #expect(driven.session.state == .stable && driven.steps.count == count)
        // The same version with something else in it is carried out.
        let other = again.replacing("sendrecv", with: "sendonly")
        #expect(driven.send(.offered(.caller, .said(other))).offers(to: .callee).count == 1)
    }

    @Test("a new offer that is declined leaves the legs and Janus as they were, and the next offer is taken", arguments: calls)
    func declinedReoffer(kind: SessionKind) throws {
        for side in SessionSide.allCases {
            for direction in ["sendonly", "recvonly", "inactive"] {
                var driven = DrivenSession.talking(kind)
                let before = driven.settings, count = driven.told.count
                let offer = Fixture.version(2, of: Fixture.offer(try #require(kind.type(of: side)))).replacing("sendrecv", with: direction)
                #expect(driven.send(.offered(side, .said(offer))).offers(to: side.other).count == 1)
                let steps = driven.steps.count
                #expect(driven.decline(refused) == [.refuseOffer(side, refused)])
                #expect(driven.session.state == .stable && driven.settings == before && driven.told.count == count && driven.steps.count == steps)
                for description in driven.peerDescriptions { #expect(description.sdp.media.map(description.sdp.direction(of:)) == [.sendrecv]) }
                #expect(driven.send(.offered(side, .said(offer))).offers(to: side.other).count == 1)
            }
        }
    }

    @Test("an echo's new offer that cannot be carried out leaves the echo as it was")
    func failedEcho() {
        var driven = DrivenSession.talking(.echo(.webrtc))
        driven.answersSteps = false
        driven.send(.offered(.caller, .said(Fixture.browserOffer.replacing("a=sendrecv", with: "a=sendonly"))))
        driven.resume(steps: 1)
        let steps = driven.steps.count
        #expect(driven.failStep() == [.refuseOffer(.caller, .unavailable("Janus did not answer in time"))])
        #expect(driven.audio == ["++"] && driven.session.state == .stable && driven.steps.count == steps)
    }

    @Test("the directions of an offer and answer are the browser's and the engine's business: Janus is told sendrecv")
    func directions() throws {
        for (direction, reversed, flow) in [("sendonly", "recvonly", ["+-", "-+"]), ("recvonly", "sendonly", ["-+", "+-"]), ("inactive", "inactive", ["--", "--"])] {
            var driven = DrivenSession.talking(.proxy(caller: .rtp, callee: .webrtc))
            driven.send(.offered(.caller, .said(Fixture.phoneMoved.replacing("a=sendrecv", with: "a=\(direction)"))))
            let offer = try #require(driven.offers[.callee])
            #expect(offer.contains("a=\(direction)\r\n") && !offer.contains("a=sendrecv"))
            #expect(offer.contains("a=ssrc:7 "), "it is heard again after a hold")
            driven.answer(Fixture.browserAnswer.replacing("a=sendrecv", with: "a=\(reversed)"))
            #expect(driven.audio == flow)
            for description in driven.peerDescriptions { #expect(description.sdp.media.map(description.sdp.direction(of:)) == [.sendrecv]) }
        }
    }

    @Test("a malformed new offer, or one that Janus does not carry out, is refused and changes nothing", arguments: calls)
    func badReoffer(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        let before = driven.settings
        guard case .refuseOffer(.caller, .description) = driven.send(.offered(.caller, .said("nonsense"))).first else {
            Issue.record("a malformed offer was taken")
            return
        }
        let failure = SessionFailure.refused("Janus says no")
        driven.answersSteps = false
        let offer = kind.callerType == .rtp ? Fixture.phoneMoved : Fixture.browserOffer.replacing("a=sendrecv", with: "a=recvonly")
        driven.send(.offered(.caller, .said(offer)))
        let first = kind.hasBrowser ? driven.failStep(failure) : driven.decline(failure)
        #expect((first + driven.resume()).contains(.refuseOffer(.caller, failure)))
        #expect(driven.session.state == .stable && driven.settings == before)
    }

    @Test("a description after a declined one has a version of its own")
    func versionAfterRollback() throws {
        var sip = Sample.sip()
        _ = try sip.acceptOffer(Fixture.phoneOffer)
        let agreed = try sip.makeAnswer(Fixture.phoneAnswer)
        let declined = try sip.makeOffer(Fixture.phoneAnswer.replacing("sendrecv", with: "sendonly"))
        sip.rollback()
        #expect(declined.contains("o=- 4711 2 ") && sip.agreedMedia.map(\.direction) == [.sendrecv])
        let next = try sip.makeOffer(Fixture.phoneAnswer)
        #expect(next == agreed.replacing("o=- 4711 1 ", with: "o=- 4711 3 "))
    }

    @Test("of two offers at once the later one is refused")
    func glare() {
        var driven = DrivenSession.talking(.proxy(caller: .rtp, callee: .webrtc))
        driven.send(.offered(.caller, .said(Fixture.phoneMoved)))
        #expect(
            driven.send(.offered(.callee, .said(Fixture.browserOffer))) == [
                .refuseOffer(.callee, .state("another offer is being answered"))
            ])
    }

    // MARK: Whatever happens

    @Test("whatever comes in whatever order, it ends once and never traps")
    func anyOrder() {
        let events: [ProxySession.Event] = [
            .offered(.caller, .said(Fixture.phoneOffer)), .offered(.callee, .said(Fixture.browserOffer, trickle: true)),
            .answered(.callee, .said(Fixture.browserAnswer)), .answered(.caller, "x"),
            .declined(.callee, .refused("no")), .settingsApplied,
            .settingsFailed(.refused("no")), .settingsFailed(.recording("no")), .update(number: 1, SessionOptionsChange(record: true)),
            .update(number: 2, SessionOptionsChange(record: false)), .mediaLost(.mediaServerLost),
            .candidate(.callee, TrickledCandidate(mid: nil, mediaLineIndex: nil, candidate: nil)),
            .stop(code: 200, reason: "stopped"),
        ]
        let kinds = Self.calls + [.echo(.rtp), .echo(.webrtc)]
        var generator = SeededRandom("events of a session in any order")
        for round in 0..<4_000 {
            var session = DrivenSession(kinds[round % kinds.count]).session
            var ends = 0
            for _ in 0..<25 {
                let number = Int.random(in: 1...4, using: &generator)
                let outcomes = [ProxySession.Event.stepFailed(number: number, .unavailable("gone"))] + [
                    .done, .opened([.audio: StandInEngine.port(.caller, .audio)]), .opened([:]),
                ].map { .stepDone(number: number, $0) }
                guard let event = (events + outcomes).randomElement(using: &generator) else { continue }
                for case .end in session.handle(event) { ends += 1 }
            }
            #expect(ends == (session.isEnded ? 1 : 0))
        }
    }
}
