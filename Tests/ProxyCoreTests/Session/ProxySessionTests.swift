import Testing

@testable import ProxyCore

@Suite("A session")
struct ProxySessionTests {
    private func session(_ kind: SessionKind, _ options: SessionOptions = SessionOptions()) -> ProxySession {
        ProxySession(id: "s", kind: kind, options: options, address: "192.0.2.1", number: 7)
    }

    /// The step in `actions`, where there is one and only one.
    private func step(_ actions: [ProxySession.Action]) -> MediaStep? {
        let steps = actions.compactMap { if case .perform(let step) = $0 { step } else { nil } }
        return steps.count == 1 ? steps.first : nil
    }

    /// Starts a session and brings it to the first step after the handles are attached.
    private func attached(_ kind: SessionKind, offer: String, trickle: Bool = false) -> (ProxySession, MediaStep?) {
        var session = session(kind)
        #expect(session.handle(.offered(.caller, sdp: offer, trickle: trickle)) == [.perform(.attach(kind.handles))])
        let first = step(session.handle(.stepDone("")))
        return (session, first)
    }

    private func established() -> ProxySession {
        var (session, _) = attached(.echo(.webrtc), offer: Fixture.browserOffer)
        _ = session.handle(.stepDone(Fixture.browserAnswer))
        return session
    }

    @Test("a browser's echo goes through EchoTest once")
    func browserEcho() {
        var (session, first) = attached(.echo(.webrtc), offer: Fixture.browserOffer, trickle: true)
        guard case .echo(.caller, let description, MediaSettings()) = first else {
            Issue.record("not an echo step: \(String(describing: first))")
            return
        }
        #expect(description.role == .offer && description.trickle)
        guard case .deliverAnswer(.caller, let answer) = session.handle(.stepDone(Fixture.browserAnswer)).first else {
            Issue.record("no answer was delivered")
            return
        }
        #expect(answer.contains("a=fingerprint:"))
        #expect(session.isEstablished)
    }

    @Test("a phone's echo is tied to EchoTest without the candidates that would delay its media")
    func phoneEcho() {
        var (session, first) = attached(.echo(.rtp), offer: Fixture.phoneOffer)
        guard case .process(.caller, _, .offer) = first else {
            Issue.record("not a process step: \(String(describing: first))")
            return
        }
        guard case .echo(.echo, let offer, _) = step(session.handle(.stepDone(Fixture.browserOffer))) else {
            Issue.record("the offer did not go on to the echo")
            return
        }
        #expect(!offer.sdp.contains("a=candidate:") && offer.trickle && offer.role == .offer)
        guard case .generate(.caller, let answer, _) = step(session.handle(.stepDone(Fixture.browserAnswer))) else {
            Issue.record("the echo's answer did not come back to the phone's handle")
            return
        }
        #expect(answer.role == .answer)
        guard case .deliverAnswer(.caller, let sdp) = session.handle(.stepDone(Fixture.phoneAnswer)).first else {
            Issue.record("no answer was delivered")
            return
        }
        #expect(sdp.contains("m=audio") && !sdp.contains("a=mid:"))
    }

    @Test("a phone's offer becomes a browser's, and the browser's answer the phone's")
    func phoneToBrowser() {
        var (session, first) = attached(.proxy(caller: .rtp, callee: .webrtc), offer: Fixture.phoneOffer)
        guard case .process(.caller, _, .offer) = first,
            case .deliverOffer = session.handle(.stepDone(Fixture.browserOffer)).first
        else {
            Issue.record("no offer was delivered")
            return
        }
        #expect(session.answerer == .callee && session.pendingOffer != nil)
        let next = step(session.handle(.answered(sdp: Fixture.browserAnswer, trickle: true)))
        guard case .generate(.caller, let answer, _) = next else {
            Issue.record("not a generate step: \(String(describing: next))")
            return
        }
        #expect(answer.trickle && answer.role == .answer)
        guard case .deliverAnswer(.caller, let sdp) = session.handle(.stepDone(Fixture.phoneAnswer)).first else {
            Issue.record("no answer was delivered")
            return
        }
        #expect(sdp.contains("RTP/AVP") && session.isEstablished)
    }

    @Test("a browser's offer becomes a phone's, and the phone's answer the browser's")
    func browserToPhone() {
        var (session, first) = attached(.proxy(caller: .webrtc, callee: .rtp), offer: Fixture.browserOffer)
        guard case .generate(.caller, _, _) = first,
            case .deliverOffer(.callee, let offer) = session.handle(.stepDone(Fixture.phoneOffer)).first
        else {
            Issue.record("no offer was delivered")
            return
        }
        #expect(!offer.contains("ice-ufrag"))
        guard case .process(.caller, _, .answer) = step(session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false))),
            case .deliverAnswer = session.handle(.stepDone(Fixture.browserAnswer)).first
        else {
            Issue.record("no answer was delivered")
            return
        }
    }

    @Test("between two browsers VideoCall carries both descriptions")
    func browserToBrowser() {
        var (session, first) = attached(.proxy(caller: .webrtc, callee: .webrtc), offer: Fixture.browserOffer)
        guard case .call = first, case .deliverOffer = session.handle(.stepDone(Fixture.browserOffer)).first,
            case .accept = step(session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))),
            case .deliverAnswer = session.handle(.stepDone(Fixture.browserAnswer)).first
        else {
            Issue.record("the descriptions did not come through")
            return
        }
    }

    @Test("between two phones the two handles are tied in four steps")
    func phoneToPhone() {
        var (session, first) = attached(.proxy(caller: .rtp, callee: .rtp), offer: Fixture.phoneOffer)
        guard case .process(.caller, _, .offer) = first,
            case .generate(.callee, let tied, _) = step(session.handle(.stepDone(Fixture.browserOffer)))
        else {
            Issue.record("the offer did not reach the second handle")
            return
        }
        #expect(tied.trickle && !tied.sdp.contains("a=candidate:"))
        guard case .deliverOffer = session.handle(.stepDone(Fixture.phoneOffer)).first,
            case .process(.callee, _, .answer) = step(session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false))),
            case .generate(.caller, let back, _) = step(session.handle(.stepDone(Fixture.browserAnswer))),
            case .deliverAnswer = session.handle(.stepDone(Fixture.phoneAnswer)).first
        else {
            Issue.record("the answer did not come back")
            return
        }
        #expect(back.role == .answer && back.sdp.contains("a=candidate:"), "one of the two has to know where the other is")
    }

    @Test("a malformed offer is refused with its reason, and the handles are let go")
    func malformedOffer() {
        var session = session(.echo(.rtp))
        _ = session.handle(.offered(.caller, sdp: "v=1", trickle: false))
        let actions = session.handle(.stepDone(""))
        guard case .refuseOffer(.caller, .description(let error)) = actions.first, case .end = actions.last else {
            Issue.record("not refused: \(actions)")
            return
        }
        #expect(error.sipStatus == 400 && !error.reason.isEmpty)
        #expect(session.isEnded)
    }

    @Test("a malformed answer leaves the session waiting for a better one")
    func malformedAnswer() {
        var (session, _) = attached(.proxy(caller: .rtp, callee: .webrtc), offer: Fixture.phoneOffer)
        _ = session.handle(.stepDone(Fixture.browserOffer))
        guard case .refuseAnswer(.description) = session.handle(.answered(sdp: "nonsense", trickle: false)).first else {
            Issue.record("a malformed answer was taken")
            return
        }
        #expect(step(session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))) != nil)
    }

    @Test("an answer is refused when there is nothing to answer")
    func answerOutOfPlace() {
        var echo = established()
        #expect(
            echo.handle(.answered(sdp: Fixture.browserAnswer, trickle: false)) == [
                .refuseAnswer(.state("an echo session takes no answer"))
            ])
        var (proxy, _) = attached(.proxy(caller: .webrtc, callee: .webrtc), offer: Fixture.browserOffer)
        #expect(
            proxy.handle(.answered(sdp: Fixture.browserAnswer, trickle: false)) == [
                .refuseAnswer(.state("the session waits for no answer"))
            ])
        _ = proxy.handle(.stepDone(Fixture.browserOffer))
        _ = proxy.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))
        _ = proxy.handle(.stepDone(Fixture.browserAnswer))
        #expect(
            proxy.handle(.answered(sdp: Fixture.browserAnswer, trickle: false)) == [
                .refuseAnswer(.state("the session has been answered before"))
            ])
    }

    @Test("candidates wait until the handles are there, in order, and only so many")
    func candidates() {
        var session = session(.echo(.webrtc))
        let candidates = (0..<70).map { TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: "candidate:\($0) 1 udp 1 192.0.2.1 9 typ host") }
        _ = session.handle(.offered(.caller, sdp: Fixture.browserOffer, trickle: true))
        for candidate in candidates.prefix(64) { #expect(session.handle(.candidate(.caller, candidate)) == []) }
        guard case .refuseCandidate(.state) = session.handle(.candidate(.caller, candidates[64])).first else {
            Issue.record("more candidates were kept than may be")
            return
        }
        let actions = session.handle(.stepDone(""))
        #expect(actions.dropFirst() == candidates.prefix(64).map { .trickle(.caller, $0) }[...])
        #expect(session.handle(.candidate(.caller, candidates[65])) == [.trickle(.caller, candidates[65])])
        guard case .refuseCandidate(.unsupported) = session.handle(.candidate(.callee, candidates[66])).first else {
            Issue.record("an echo has no called browser")
            return
        }
    }

    @Test("candidates that Janus can use reach it in the form of their RFC", arguments: [
        ("candidate:1 1 UDP 1 192.0.2.1 9 typ host", "candidate:1 1 UDP 1 192.0.2.1 9 typ host"),
        ("1  1 udp 1 2001:db8::1 9  typ srflx raddr 0.0.0.0 rport 0 ", "candidate:1 1 udp 1 2001:db8::1 9 typ srflx raddr 0.0.0.0 rport 0"),
        ("a=candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active", "candidate:1 1 tcp 1 192.0.2.1 9 typ host tcptype active"),
        ("", nil), ("a=end-of-candidates", nil), ("end-of-candidates", nil),
    ] as [(String, String?)])
    func usableCandidate(_ text: String, _ passed: String?) {
        var session = established()
        let actions = session.handle(.candidate(.caller, TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: text)))
        let end = TrickledCandidate(mid: nil, mediaLineIndex: nil, candidate: nil)
        #expect(actions == [.trickle(.caller, passed.map { TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: $0) } ?? end)])
    }

    @Test("candidates that Janus can make no use of are left out", arguments: [
        "8f1b6f0e.local 9 typ host", "host.example 9 typ host", "224.0.0.1 9 typ host", "0.0.0.0 9 typ host", "::1::2 9 typ host", "1.2.3.4 9 typ x",
    ])
    func uselessCandidate(_ end: String) {
        var session = established()
        let candidate = TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: "candidate:1 1 udp 1 \(end)")
        #expect(session.handle(.candidate(.caller, candidate)) == [])
        let overTLS = TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: "candidate:1 1 tls 1 192.0.2.1 9 typ host")
        #expect(session.handle(.candidate(.caller, overTLS)) == [])
    }

    @Test("candidates with a number out of its range, or another line behind them, are refused", arguments: [
        "candidate:1 0 udp 1 192.0.2.1 9 typ host", "candidate:1 4294967297 udp 1 192.0.2.1 9 typ host", "candidate:1 1 udp 0 192.0.2.1 9 typ host",
        "candidate:1 1 udp -1 192.0.2.1 9 typ host", "candidate:1 1 udp 1 192.0.2.1 0 typ host", "candidate:1 1 udp 1 192.0.2.1 65536 typ host",
        "candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=extmap:-1 urn:ietf:params:rtp-hdrext:sdes:mid", "extmap:-1 urn:ietf:params:rtp-hdrext:sdes:mid",
        "candidate:1 1 udp 1 192.0.2.1 9 typ host x " + String(repeating: "y", count: 4_096),
    ])
    func malformedCandidate(_ text: String) {
        var session = established()
        let refusal = [ProxySession.Action.refuseCandidate(.description(.malformedCandidate))]
        #expect(session.handle(.candidate(.caller, TrickledCandidate(mid: "0", mediaLineIndex: 0, candidate: text))) == refusal)
    }

    @Test("a candidate belongs to a media line that can be")
    func candidateLines() {
        var session = established()
        func passed(_ mid: String?, _ index: Int?) -> [ProxySession.Action] {
            session.handle(.candidate(.caller, TrickledCandidate(mid: mid, mediaLineIndex: index, candidate: "1 1 udp 1 192.0.2.1 9 typ host")))
        }
        let refusal = [ProxySession.Action.refuseCandidate(.description(.malformedCandidate))]
        #expect(passed("0", -1) == refusal && passed("0", 32) == refusal && passed(nil, nil) == refusal && passed("a b", nil) == refusal)
        let text = "candidate:1 1 udp 1 192.0.2.1 9 typ host"
        let long = String(repeating: "m", count: 17)
        #expect(passed(long, 0) == [.trickle(.caller, TrickledCandidate(mid: nil, mediaLineIndex: 0, candidate: text))])
        #expect(passed("0", nil) == [.trickle(.caller, TrickledCandidate(mid: "0", mediaLineIndex: nil, candidate: text))])
    }

    @Test("updates act one after the other, and each says what is in force then")
    func updates() {
        var session = established()
        let echo = SessionHandle(.caller, .echoTest)
        #expect(
            session.handle(.update(number: 1, SessionOptionsChange(useAudio: false))) == [
                .apply(echo, MediaSettings(audio: false))
            ])
        #expect(session.handle(.update(number: 2, SessionOptionsChange(bitrate: 256))) == [])
        #expect(
            session.handle(.settingsApplied) == [
                .updated(number: 1, SessionOptions(useAudio: false)),
                .apply(echo, MediaSettings(audio: false, bitrate: 256_000)),
            ])
        let failure = SessionFailure.refused("no")
        #expect(session.handle(.settingsFailed(failure)) == [.updateFailed(number: 2, failure)])
        #expect(session.options == SessionOptions(useAudio: false))
    }

    @Test("each recording has a file of its own")
    func recordings() {
        var session = established()
        let echo = SessionHandle(.caller, .echoTest)
        func set(_ number: Int, _ record: Bool) -> [[ProxySession.Action]] {
            [session.handle(.update(number: number, SessionOptionsChange(record: record))), session.handle(.settingsApplied)]
        }
        let on = SessionOptions(record: true)
        #expect(
            set(1, true) == [
                [.apply(echo, MediaSettings(recording: "s"))],
                [.recording(.started(file: "s")), .updated(number: 1, on)],
            ])
        #expect(
            set(2, false) == [
                [.apply(echo, MediaSettings())],
                [.recording(.stopped(file: "s")), .updated(number: 2, SessionOptions())],
            ])
        #expect(
            set(3, true) == [
                [.apply(echo, MediaSettings(recording: "s-2"))],
                [.recording(.started(file: "s-2")), .updated(number: 3, on)],
            ])
        #expect(
            session.handle(.stop(code: 200, reason: "stopped")) == [
                .recording(.stopped(file: "s-2")), .end(.stopped),
            ])
    }

    @Test("a proxy records both browsers, from the answer on")
    func proxyRecording() {
        var session = session(.proxy(caller: .webrtc, callee: .webrtc), SessionOptions(record: true))
        _ = session.handle(.offered(.caller, sdp: Fixture.browserOffer, trickle: false))
        _ = session.handle(.stepDone(""))
        _ = session.handle(.stepDone(Fixture.browserOffer))
        _ = session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))
        #expect(
            session.handle(.stepDone(Fixture.browserAnswer)).dropFirst() == [
                .apply(SessionHandle(.caller, .videoCall), MediaSettings(recording: "s")),
                .apply(SessionHandle(.callee, .videoCall), MediaSettings(recording: "s")),
            ])
        #expect(session.handle(.settingsApplied) == [])
        #expect(session.handle(.settingsApplied) == [.recording(.started(file: "s"))])
    }

    @Test("a recording that cannot begin is told of, the other options of the same change act, and the next one has another name")
    func refusedRecording() {
        var session = established()
        let echo = SessionHandle(.caller, .echoTest), failure = SessionFailure.recording("the disk is full")
        _ = session.handle(.update(number: 1, SessionOptionsChange(useVideo: false, record: true)))
        #expect(
            session.handle(.settingsFailed(failure)) == [.recording(.failed(file: "s", failure)), .updateFailed(number: 1, failure)])
        #expect(session.options == SessionOptions(useVideo: false))
        #expect(
            session.handle(.update(number: 2, SessionOptionsChange(record: true))) == [
                .apply(echo, MediaSettings(video: false, recording: "s-2"))
            ])
        #expect(
            session.handle(.mediaLost(.mediaServerLost)) == [
                .recording(.failed(file: "s-2", .state("the session has ended"))),
                .updateFailed(number: 2, .state("the session has ended")), .end(.mediaServerLost),
            ])
    }

    @Test("a recording that was to begin with the session and does not is told of once, and the session goes on without")
    func refusedFromTheStart() {
        var session = session(.echo(.webrtc), SessionOptions(record: true))
        _ = session.handle(.offered(.caller, sdp: Fixture.browserOffer, trickle: false))
        _ = session.handle(.stepDone(""))
        let failure = SessionFailure.recording("the disk is full")
        #expect(session.handle(.recordingFailed(file: "s", failure)) == [.recording(.failed(file: "s", failure))])
        #expect(session.handle(.recordingFailed(file: "s", failure)) == [])
        let answered = session.handle(.stepDone(Fixture.browserAnswer))
        #expect(!answered.contains(.recording(.started(file: "s"))) && session.isEstablished)
        #expect(session.handle(.stop(code: 200, reason: "stopped")) == [.end(.stopped)])
    }

    @Test("a recording that Janus does not stop goes on")
    func unstoppable() {
        var session = established()
        _ = session.handle(.update(number: 1, SessionOptionsChange(record: true)))
        _ = session.handle(.settingsApplied)
        _ = session.handle(.update(number: 2, SessionOptionsChange(record: false)))
        let failure = SessionFailure.unavailable("no answer")
        #expect(session.handle(.settingsFailed(failure)) == [.updateFailed(number: 2, failure)])
        #expect(session.options == SessionOptions(record: true))
        #expect(session.handle(.stop(code: 200, reason: "stopped")) == [.recording(.stopped(file: "s")), .end(.stopped)])
    }

    @Test("a recording whose stop is under way when the session ends is finished")
    func stoppedAtTheEnd() {
        var session = established()
        _ = session.handle(.update(number: 1, SessionOptionsChange(record: true)))
        _ = session.handle(.settingsApplied)
        _ = session.handle(.update(number: 2, SessionOptionsChange(record: false)))
        #expect(
            session.handle(.stop(code: 200, reason: "stopped")) == [
                .recording(.stopped(file: "s")), .updateFailed(number: 2, .state("the session has ended")), .end(.stopped),
            ])
    }

    @Test("of two phones the caller's handle records both")
    func phonesRecording() {
        let kind = SessionKind.proxy(caller: .rtp, callee: .rtp)
        #expect(kind.handles.filter { kind.records(through: $0) } == [SessionHandle(.caller, .noSIP)])
    }

    @Test("what is still to be answered is answered when the session ends")
    func endWithUpdates() {
        var session = established()
        _ = session.handle(.update(number: 1, SessionOptionsChange(useVideo: false)))
        _ = session.handle(.update(number: 2, SessionOptionsChange(useVideo: true)))
        let ended = SessionFailure.state("the session has ended")
        #expect(
            session.handle(.mediaLost(.mediaServerLost)) == [
                .updateFailed(number: 1, ended), .updateFailed(number: 2, ended), .end(.mediaServerLost),
            ])
        #expect(session.handle(.settingsApplied) == [])
        #expect(session.handle(.stop(code: 200, reason: "again")) == [])
        #expect(
            session.handle(.update(number: 3, SessionOptionsChange(record: true))) == [
                .updateFailed(number: 3, ended)
            ])
    }

    @Test("a phone's audio is switched off by its own description with another direction, and stays off after a new offer")
    func mutedPhone() {
        var session = callBetweenPhoneAndBrowser()
        func plain(_ actions: [ProxySession.Action]) -> String? {
            actions.lazy.compactMap { if case .apply(_, let settings) = $0 { settings.plain } else { nil } }.first
        }
        #expect(plain(session.handle(.update(number: 1, SessionOptionsChange(useAudio: false))))?.contains("a=inactive") == true)
        #expect(session.handle(.settingsApplied) == [.updated(number: 1, SessionOptions(useAudio: false))])
        _ = session.handle(.offered(.caller, sdp: Fixture.phoneMoved, trickle: false))
        _ = session.handle(.stepDone(Fixture.browserOffer))
        _ = session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))
        #expect(plain(session.handle(.stepDone(Fixture.phoneAnswer)))?.contains("a=inactive") == true)
        #expect(session.handle(.settingsApplied) == [])
        #expect(plain(session.handle(.update(number: 2, SessionOptionsChange(useAudio: true))))?.contains("a=sendrecv") == true)
    }

    @Test("another part of a recording begins where NoSIP captures other media than before, and nowhere else")
    func parts() {
        func parts(_ session: inout ProxySession, _ changes: [SessionOptionsChange]) -> [Int?] {
            changes.map { change in
                let actions = session.handle(.update(number: 1, change))
                _ = session.handle(.settingsApplied)
                return actions.lazy.compactMap { if case .apply(_, let settings) = $0, settings.recording == "s" { settings.part } else { nil } }.first
            }
        }
        let changes = [
            SessionOptionsChange(record: true), .init(useAudio: false), .init(useAudio: false), .init(useAudio: true), .init(useVideo: false),
            .init(record: true), .init(record: false), .init(useVideo: true),
        ]
        var call = callBetweenPhoneAndBrowser(), echo = established()
        #expect(parts(&call, changes) == [1, 2, 2, 3, 4, 4, nil, nil])
        #expect(parts(&echo, changes) == [1, 1, 1, 1, 1, 1, nil, nil])
    }

    @Test("a recording with too many parts ends, and the next one begins")
    func manyParts() {
        var session = callBetweenPhoneAndBrowser()
        var changes: [ProxySession.RecordingChange] = []
        for number in 0..<(RecordingNames.mostParts + 2) {
            _ = session.handle(.update(number: number, SessionOptionsChange(useAudio: number % 2 == 0, record: true)))
            changes += session.handle(.settingsApplied).compactMap { if case .recording(let change) = $0 { change } else { nil } }
        }
        #expect(changes == [.started(file: "s"), .stopped(file: "s"), .started(file: "s-2")])
    }

    @Test("a step that fails ends the session with the reason")
    func failedStep() {
        var (session, _) = attached(.echo(.webrtc), offer: Fixture.browserOffer)
        let failure = SessionFailure.unavailable("Janus did not answer in time")
        #expect(
            session.handle(.stepFailed(failure)) == [
                .refuseOffer(.caller, failure), .end(SessionEnd(code: 503, reason: "Janus did not answer in time")),
            ])
    }

    // MARK: Changes while it lives

    private func callBetweenPhoneAndBrowser() -> ProxySession {
        var (session, _) = attached(.proxy(caller: .rtp, callee: .webrtc), offer: Fixture.phoneOffer)
        _ = session.handle(.stepDone(Fixture.browserOffer))
        _ = session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))
        _ = session.handle(.stepDone(Fixture.phoneAnswer))
        #expect(session.isEstablished && session.state == .stable)
        return session
    }

    @Test("both sides know what they agreed on, and nothing before")
    func agreed() {
        var session = session(.proxy(caller: .rtp, callee: .webrtc))
        #expect(session.agreedMedia(of: .caller).isEmpty && session.agreedMedia(of: .callee).isEmpty)
        session = callBetweenPhoneAndBrowser()
        let phone = session.agreedMedia(of: .caller), browser = session.agreedMedia(of: .callee)
        #expect(phone.map(\.codec) == [.pcmu] && phone.map(\.isEncrypted) == [false])
        #expect(browser.map(\.kind) == [.audio] && browser.map(\.isEncrypted) == [true])
        _ = session.handle(.offered(.callee, sdp: Fixture.browserOffer.replacing("sendrecv", with: "sendonly"), trickle: false))
        _ = session.handle(.stepDone(Fixture.phoneOffer.replacing("sendrecv", with: "sendonly")))
        _ = session.handle(.answered(sdp: Fixture.phoneAnswer.replacing("sendrecv", with: "recvonly"), trickle: false))
        _ = session.handle(.stepDone(Fixture.browserAnswer.replacing("sendrecv", with: "recvonly")))
        // As the gateway sees it: it sends to the phone what the browser sends.
        #expect(session.agreedMedia(of: .caller).map(\.direction) == [.sendonly])
        #expect(session.agreedMedia(of: .callee).map(\.direction) == [.recvonly])
    }

    @Test("a phone's new offer goes to the browser, and the browser's answer back")
    func reofferFromPhone() {
        var session = callBetweenPhoneAndBrowser()
        guard case .process(.caller, _, .offer) = step(session.handle(.offered(.caller, sdp: Fixture.phoneMoved, trickle: false))),
            case .deliverOffer(.callee, _) = session.handle(.stepDone(Fixture.browserOffer)).first,
            case .generate(.caller, _, _) = step(session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))),
            case .deliverAnswer(.caller, _) = session.handle(.stepDone(Fixture.phoneAnswer)).first
        else {
            Issue.record("the new offer was not carried")
            return
        }
        #expect(session.state == .stable)
    }

    @Test("a phone's offer that says what it said last gets our answer as before, and nobody else hears of it", arguments: ["1", "7"])
    func repeatedOffer(version: String) {
        var session = callBetweenPhoneAndBrowser()
        let answers = session.handle(.offered(.caller, sdp: Fixture.phoneMoved, trickle: false))
            + session.handle(.stepDone(Fixture.browserOffer)) + session.handle(.answered(sdp: Fixture.browserAnswer, trickle: false))
            + session.handle(.stepDone(Fixture.phoneAnswer))
        let again = Fixture.phoneMoved.replacing("phone 123 2", with: "phone 123 \(version)")
        let actions = session.handle(.offered(.caller, sdp: again, trickle: false))
        #expect(actions.count == 1 && answers.contains(actions[0]))
        guard case .deliverAnswer(.caller, _)? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(session.state == .stable)
        // The same version with something else in it is carried out.
        let other = again.replacing("sendrecv", with: "sendonly")
        guard case .process(.caller, _, .offer)? = step(session.handle(.offered(.caller, sdp: other, trickle: false))) else {
            Issue.record("another content was not carried out")
            return
        }
    }

    @Test("a browser's new offer goes to the phone, and the phone's answer back")
    func reofferFromBrowser() {
        var session = callBetweenPhoneAndBrowser()
        // Another one than before: what stays the same is none of the phone's business.
        let offer = Fixture.browserOffer.replacing("a=sendrecv", with: "a=sendonly")
        guard case .generate(.caller, let changed, _) = step(session.handle(.offered(.callee, sdp: offer, trickle: false))),
            case .deliverOffer(.caller, _) = session.handle(.stepDone(Fixture.phoneOffer)).first,
            case .process(.caller, _, .answer) = step(session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false))),
            case .deliverAnswer(.callee, _) = session.handle(.stepDone(Fixture.browserAnswer)).first
        else {
            Issue.record("the new offer was not carried")
            return
        }
        // Janus takes a description of a PeerConnection that is up only when it is told so.
        #expect(changed.isUpdate)
    }

    @Test("a new offer that is declined leaves what was agreed: NoSIP is told so, and the next one is taken")
    func declinedReoffer() {
        var session = callBetweenPhoneAndBrowser()
        let moved = Fixture.phoneOffer.replacing("m=audio 4000", with: "m=audio 4100").replacing("sendrecv", with: "sendonly")
        _ = session.handle(.offered(.caller, sdp: moved, trickle: false))
        _ = session.handle(.stepDone(Fixture.browserOffer))
        let failure = SessionFailure.refused("no")
        let actions = session.handle(.declined(failure))
        #expect(actions.first == .refuseOffer(.caller, failure))
        guard case .process(.caller, let agreed, .answer) = step(actions) else {
            Issue.record("NoSIP keeps what was declined")
            return
        }
        #expect(agreed.contains("m=audio 4000 ") && agreed.contains("a=sendrecv"))
        #expect(
            session.handle(.offered(.callee, sdp: Fixture.browserOffer, trickle: false))
                == [.refuseOffer(.callee, .state("another offer is being answered"))])
        #expect(session.handle(.stepDone(Fixture.browserAnswer)) == [])
        #expect(session.state == .stable && !session.isEnded)
        #expect(step(session.handle(.offered(.callee, sdp: Fixture.browserOffer, trickle: false))) != nil)
    }

    @Test("a malformed new offer, or one that Janus refuses, is refused and changes nothing")
    func badReoffer() {
        var session = callBetweenPhoneAndBrowser()
        guard case .refuseOffer(.caller, .description) = session.handle(.offered(.caller, sdp: "nonsense", trickle: false)).first
        else {
            Issue.record("a malformed offer was taken")
            return
        }
        _ = session.handle(.offered(.caller, sdp: Fixture.phoneMoved, trickle: false))
        let failure = SessionFailure.refused("Janus says no")
        let actions = session.handle(.stepFailed(failure))
        #expect(actions.first == .refuseOffer(.caller, failure))
        guard case .process(.caller, _, .answer) = step(actions) else {
            Issue.record("NoSIP may have taken a part of what it refused")
            return
        }
        // Whatever comes of that: the session goes on.
        #expect(session.handle(.stepFailed(failure)) == [])
        #expect(session.state == .stable)
    }

    @Test("a description after a declined one has a version of its own")
    func versionAfterRollback() throws {
        var sip = SIPNegotiation(sessionID: 1, address: "192.0.2.1")
        _ = try sip.acceptOffer(Fixture.phoneOffer)
        let agreed = try sip.makeAnswer(Fixture.phoneAnswer)
        let declined = try sip.makeOffer(Fixture.phoneAnswer.replacing("sendrecv", with: "sendonly"))
        sip.rollback()
        #expect(declined.contains("o=- 1 2 ") && sip.agreedMedia.map(\.direction) == [.sendrecv])
        let next = try sip.makeOffer(Fixture.phoneAnswer)
        #expect(next == agreed.replacing("o=- 1 1 ", with: "o=- 1 3 "))
    }

    @Test("of two offers at once the later one is refused")
    func glare() {
        var session = callBetweenPhoneAndBrowser()
        _ = session.handle(.offered(.caller, sdp: Fixture.phoneMoved, trickle: false))
        #expect(
            session.handle(.offered(.callee, sdp: Fixture.browserOffer, trickle: false)) == [
                .refuseOffer(.callee, .state("another offer is being answered"))
            ])
    }

    @Test("when the caller makes no offer, the called party's goes the other way")
    func lateOffer() {
        var session = session(.proxy(caller: .rtp, callee: .webrtc))
        _ = session.handle(.offered(.callee, sdp: Fixture.browserOffer, trickle: false))
        guard case .generate(.caller, _, _) = step(session.handle(.stepDone(""))),
            case .deliverOffer(.caller, _) = session.handle(.stepDone(Fixture.phoneOffer)).first,
            case .process(.caller, _, .answer) = step(session.handle(.answered(sdp: Fixture.phoneAnswer, trickle: false))),
            case .deliverAnswer(.callee, _) = session.handle(.stepDone(Fixture.browserAnswer)).first
        else {
            Issue.record("the late offer was not carried")
            return
        }
        #expect(session.isEstablished)
    }

    @Test("an update waits until an offer has been answered")
    func updateDuringExchange() {
        var session = established()
        guard case .echo = step(session.handle(.offered(.caller, sdp: Fixture.browserOffer, trickle: false))) else {
            Issue.record("the echo took no new offer")
            return
        }
        #expect(session.handle(.update(number: 1, SessionOptionsChange(useVideo: false))) == [])
        #expect(
            session.handle(.stepDone(Fixture.browserAnswer)).last
                == .apply(SessionHandle(.caller, .echoTest), MediaSettings(video: false)))
    }

    @Test("whatever comes in whatever order, it ends once and never traps")
    func anyOrder() {
        let events: [ProxySession.Event] = [
            .offered(.caller, sdp: Fixture.phoneOffer, trickle: false), .offered(.callee, sdp: Fixture.browserOffer, trickle: true),
            .answered(sdp: Fixture.browserAnswer, trickle: false), .answered(sdp: "x", trickle: false),
            .declined(.refused("no")), .stepDone(Fixture.browserOffer), .stepDone(Fixture.browserAnswer), .stepDone(""),
            .stepDone(Fixture.phoneAnswer), .stepFailed(.unavailable("gone")), .settingsApplied,
            .settingsFailed(.refused("no")), .settingsFailed(.recording("no")), .recordingFailed(file: "s", .recording("no")), .update(number: 1, SessionOptionsChange(record: true)),
            .update(number: 2, SessionOptionsChange(record: false)), .mediaLost(.mediaServerLost),
            .candidate(.callee, TrickledCandidate(mid: nil, mediaLineIndex: nil, candidate: nil)),
            .stop(code: 200, reason: "stopped"),
        ]
        let kinds: [SessionKind] = [
            .echo(.rtp), .echo(.webrtc), .proxy(caller: .rtp, callee: .webrtc), .proxy(caller: .webrtc, callee: .webrtc),
            .proxy(caller: .rtp, callee: .rtp),
        ]
        var generator = SeededGenerator(seed: 11)
        for round in 0..<4_000 {
            var session = session(kinds[round % kinds.count])
            var ends = 0
            for _ in 0..<25 {
                guard let event = events.randomElement(using: &generator) else { continue }
                for case .end in session.handle(event) { ends += 1 }
            }
            #expect(ends == (session.isEnded ? 1 : 0))
        }
    }
}
