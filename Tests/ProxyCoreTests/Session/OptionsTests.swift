import Testing

@testable import ProxyCore

@Suite("Options of a session, and what its legs are told")
struct OptionsTests {
    private static let mixed = SessionKind.proxy(caller: .rtp, callee: .webrtc)
    private static let browsers = SessionKind.proxy(caller: .webrtc, callee: .webrtc)
    static let kinds: [SessionKind] = [
        .echo(.rtp), .echo(.webrtc), mixed, .proxy(caller: .webrtc, callee: .rtp), browsers, .proxy(caller: .rtp, callee: .rtp),
    ]
    private let ended = SessionFailure.state("the session has ended")
    private let failure = SessionFailure.unavailable("Janus did not answer in time")

    @Test("updates act one after the other, and each says what is in force then")
    func updates() {
        var driven = DrivenSession.talking(Self.browsers)
        driven.takesSettings = false
        #expect(driven.send(.update(number: 1, SessionOptionsChange(useAudio: false))) == [])
        #expect(driven.waiting.count == 2)
        #expect(driven.send(.update(number: 2, SessionOptionsChange(bitrate: 256))) == [])
        #expect(driven.waiting.count == 2, "one at a time")
        #expect(driven.resume() == [
            .updated(number: 1, SessionOptions(useAudio: false)), .updated(number: 2, SessionOptions(useAudio: false, bitrate: 256)),
        ])
        #expect(driven.audio == ["--", "--"] && driven.settings.values.allSatisfy { $0.bitrate == 256_000 })
    }

    @Test("an update that fails in one leg is taken back in all of them, and the next one is done", arguments: kinds)
    func failedUpdate(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        let before = driven.settings
        driven.takesSettings = false
        driven.send(.update(number: 1, SessionOptionsChange(useAudio: false)))
        let count = driven.told.count
        #expect(driven.failSettings(failure).first == .updateFailed(number: 1, failure))
        #expect(driven.told.dropFirst(count).map(\.side) == kind.sides, "some of them may have taken it")
        #expect(driven.settings == before && driven.session.options == SessionOptions())
        #expect(driven.send(.update(number: 2, SessionOptionsChange(useAudio: false))) == [.updated(number: 2, SessionOptions(useAudio: false))])
        #expect(driven.audio.allSatisfy { $0 == "--" })
    }

    @Test("a session whose legs do not do what was agreed on ends, also what was agreed on later", arguments: kinds)
    func failedAgreement(kind: SessionKind) {
        var first = DrivenSession(kind)
        first.takesSettings = false
        first.send(.offered(.caller, .said(Fixture.offer(kind.callerType))))
        if let type = kind.calleeType { first.answer(Fixture.answer(type)) }
        #expect(first.failSettings(failure) == [.end(SessionEnd(code: 503, reason: failure.reason))])

        var later = DrivenSession.talking(kind)
        later.takesSettings = false
        later.send(.offered(.caller, .said(Fixture.version(2, of: Fixture.offer(kind.callerType)).replacing("sendrecv", with: "sendonly"))))
        if let type = kind.calleeType { later.answer(Fixture.answer(type)) }
        #expect(later.failSettings(failure) == [.end(SessionEnd(code: 503, reason: failure.reason))])
    }

    @Test("an update that is taken back, and then cannot be, ends the session")
    func neitherWay() {
        var driven = DrivenSession.talking(.echo(.webrtc))
        _ = driven.session.handle(.update(number: 1, SessionOptionsChange(useAudio: false)))
        guard case .apply? = driven.session.handle(.settingsFailed(failure)).last else {
            Issue.record("not applied again")
            return
        }
        #expect(driven.session.handle(.settingsFailed(failure)) == [.end(SessionEnd(code: 503, reason: failure.reason))])
    }

    @Test("an update waits until an offer has been answered")
    func updateDuringExchange() {
        var driven = DrivenSession.talking(Self.mixed)
        driven.send(.offered(.caller, .said(Fixture.phoneMoved)))
        #expect(driven.send(.update(number: 1, SessionOptionsChange(useAudio: false))) == [] && driven.audio == ["++", "++"])
        #expect(driven.answer(Fixture.browserAnswer).last == .updated(number: 1, SessionOptions(useAudio: false)))
        #expect(driven.audio == ["--", "--"] && driven.medium(.caller)?.phone?.port == 4100)
    }

    @Test("what was agreed on does not wait for the next offer to be answered")
    func agreementDuringExchange() {
        var driven = DrivenSession.talking(Self.mixed)
        driven.takesSettings = false
        driven.send(.update(number: 1, SessionOptionsChange(useVideo: false)))
        driven.send(.offered(.caller, .said(Fixture.phoneMoved)))
        driven.answer(Fixture.browserAnswer)
        driven.send(.offered(.callee, .said(Fixture.browserOffer.replacing("a=sendrecv", with: "a=sendonly"))))
        #expect(driven.session.answerer == .caller)
        driven.resume()
        #expect(driven.session.answerer == .caller && driven.medium(.caller)?.phone?.port == 4100)
    }

    // MARK: Mute

    @Test("muted media is not passed on, in either direction, until it is unmuted; nobody is offered anything", arguments: kinds)
    func muted(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        let before = driven.settings, steps = driven.steps.count
        #expect(driven.send(.update(number: 1, SessionOptionsChange(useAudio: false))) == [.updated(number: 1, SessionOptions(useAudio: false))])
        #expect(driven.audio == kind.sides.map { _ in "--" })
        #expect(driven.steps.count == steps)
        #expect(driven.send(.update(number: 2, SessionOptionsChange(useAudio: true))) == [.updated(number: 2, SessionOptions())])
        #expect(driven.settings == before && driven.steps.count == steps)
    }

    @Test("a mute outlives offers of either side, a declined one, and a hold", arguments: [mixed, browsers, .proxy(caller: .rtp, callee: .rtp)])
    func mutedThroughout(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        driven.send(.update(number: 1, SessionOptionsChange(useAudio: false)))
        for (number, side) in SessionSide.allCases.enumerated() {
            let type = kind.type(of: side) ?? .rtp, other = kind.type(of: side.other) ?? .rtp
            let held = Fixture.version(2 + number, of: Fixture.offer(type)).replacing("sendrecv", with: "sendonly")
            driven.send(.offered(side, .said(held)))
            driven.decline(.refused("no"))
            #expect(driven.audio == ["--", "--"])
            driven.send(.offered(side, .said(held)))
            driven.answer(Fixture.answer(other))
            #expect(driven.audio == ["--", "--"])
            driven.send(.offered(side, .said(Fixture.version(5 + number, of: Fixture.offer(type)))))
            driven.answer(Fixture.answer(other))
            for (order, isOn) in [true, false].enumerated() {
                let said = driven.send(.hold(number: 10 + 2 * number + order, side, isOn))
                if !said.offers(to: side.other).isEmpty { driven.answer(Fixture.phoneAnswer) }
            }
            #expect(driven.session.holders.isEmpty && driven.audio == ["--", "--"])
        }
        driven.send(.update(number: 2, SessionOptionsChange(useAudio: true)))
        #expect(driven.audio == ["++", "++"])
    }

    @Test("muting one medium leaves the other")
    func mutedVideo() {
        let video = "m=video 4200 RTP/AVP 96\r\na=rtpmap:96 VP8/90000\r\na=sendrecv\r\n"
        var driven = DrivenSession.talking(Self.mixed, caller: Fixture.phoneOffer + video, callee: Fixture.browserAnswer + Fixture.browserVideo)
        driven.send(.update(number: 1, SessionOptionsChange(useVideo: false)))
        #expect(driven.audio == ["++", "++"])
        for side in SessionSide.allCases { #expect(driven.medium(side, .video).map { !$0.receives && !$0.sends } == true) }
    }

    // MARK: The bitrate

    @Test("a browser's leg is told the bitrate, a phone's is not", arguments: kinds)
    func bitrate(kind: SessionKind) {
        var driven = DrivenSession.talking(kind, SessionOptions(bitrate: 300))
        for side in kind.sides { #expect(driven.settings[side]?.bitrate == (kind.type(of: side) == .webrtc ? 300_000 : 0)) }
        guard kind.hasBrowser else { return }
        #expect(driven.send(.update(number: 1, SessionOptionsChange(bitrate: 0))) == [.updated(number: 1, SessionOptions())])
        for side in kind.sides { #expect(driven.settings[side]?.bitrate == 0) }
    }

    @Test("a bitrate out of any range is one that the engine can take", arguments: [Int.max, 4_294_968, -1])
    func absurdBitrate(_ bitrate: Int) throws {
        let driven = DrivenSession.talking(.echo(.webrtc), SessionOptions(bitrate: bitrate))
        let told = try #require(driven.settings[.caller]?.bitrate)
        #expect(0...Int(UInt32.max) ~= told && (bitrate < 0) == (told == 0))
    }

    // MARK: The end

    @Test("what is still to be answered is answered when the session ends")
    func endWithUpdates() {
        var driven = DrivenSession.talking(.echo(.webrtc))
        driven.takesSettings = false
        driven.send(.update(number: 1, SessionOptionsChange(useVideo: false)))
        driven.send(.update(number: 2, SessionOptionsChange(useVideo: true)))
        #expect(driven.send(.mediaLost(.mediaServerLost)) == [
            .updateFailed(number: 1, ended), .updateFailed(number: 2, ended), .end(.mediaServerLost),
        ])
        #expect(driven.resume() == [])
        #expect(driven.send(.stop(code: 200, reason: "again")) == [])
        #expect(driven.send(.update(number: 3, SessionOptionsChange(record: true))) == [.updateFailed(number: 3, ended)])
    }

    @Test("so many updates wait, and no more")
    func manyUpdates() {
        var driven = DrivenSession.talking(.echo(.webrtc))
        driven.takesSettings = false
        for number in 0...OptionChanges.maximumWaiting { #expect(driven.send(.update(number: number, SessionOptionsChange(useVideo: false))) == []) }
        #expect(driven.send(.update(number: 99, SessionOptionsChange(useVideo: false))) == [
            .updateFailed(number: 99, .state("too many updates are waiting"))
        ])
    }
}
