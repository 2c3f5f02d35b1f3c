import Testing

@testable import ProxyCore

@Suite("The recordings of a session")
struct RecordingTests {
    private static let mixed = SessionKind.proxy(caller: .rtp, callee: .webrtc)
    private let full = SessionFailure.recording("the disk is full")
    private let on = SessionOptions(record: true)

    private func recordings(_ driven: DrivenSession) -> [String?] { driven.session.kind.sides.map { driven.settings[$0]?.recording } }

    @Test("each recording has a name of its own, and each leg is told it", arguments: OptionsTests.kinds)
    func names(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        func set(_ number: Int, _ record: Bool) -> [ProxySession.Action] { driven.send(.update(number: number, SessionOptionsChange(record: record))) }
        #expect(set(1, true) == [.recording(.started(file: "s")), .updated(number: 1, on)])
        #expect(recordings(driven) == kind.sides.map { _ in "s" })
        #expect(set(2, false) == [.recording(.stopped(file: "s")), .updated(number: 2, SessionOptions())])
        #expect(recordings(driven) == kind.sides.map { _ in nil })
        #expect(set(3, true) == [.recording(.started(file: "s-2")), .updated(number: 3, on)])
        #expect(recordings(driven) == kind.sides.map { _ in "s-2" })
        #expect(driven.send(.stop(code: 200, reason: "stopped")) == [.recording(.stopped(file: "s-2")), .end(.stopped)])
    }

    @Test("a recording from the start begins with the answer")
    func fromTheStart() {
        var driven = DrivenSession(.proxy(caller: .webrtc, callee: .webrtc), on)
        #expect(!driven.send(.offered(.caller, .said(Fixture.browserOffer))).contains(.recording(.started(file: "s"))))
        #expect(driven.answer(Fixture.browserAnswer).last == .recording(.started(file: "s")))
        #expect(recordings(driven) == ["s", "s"])
    }

    @Test("a recording that starts while a phone moves ends with both: the legs have the new address and record")
    func whileMoving() {
        var driven = DrivenSession.talking(Self.mixed)
        driven.send(.offered(.caller, .said(Fixture.phoneMoved)))
        driven.takesSettings = false
        driven.send(.update(number: 1, SessionOptionsChange(record: true)))
        driven.answer(Fixture.browserAnswer)
        #expect(driven.waiting.count == 2, "one of the two is told at a time")
        let said = driven.resume()
        #expect(said == [.recording(.started(file: "s")), .updated(number: 1, on)])
        #expect(driven.medium(.caller)?.phone?.port == 4100 && recordings(driven) == ["s", "s"])

        // The other way round: the update is being applied when the phone moves.
        var other = DrivenSession.talking(Self.mixed)
        other.takesSettings = false
        other.send(.update(number: 1, SessionOptionsChange(record: true)))
        other.send(.offered(.caller, .said(Fixture.phoneMoved)))
        other.answer(Fixture.browserAnswer)
        #expect(other.waiting.count == 2)
        #expect(other.resume() == said)
        #expect(other.medium(.caller)?.phone?.port == 4100 && recordings(other) == ["s", "s"])
        #expect(other.settings[.caller]?.part == 1)
    }

    @Test("neither a mute nor a hold begins another part")
    func oneFile() {
        var driven = DrivenSession.talking(Self.mixed, callee: Fixture.browserAnswerToPhone)
        driven.send(.update(number: 1, SessionOptionsChange(record: true)))
        driven.send(.update(number: 2, SessionOptionsChange(useAudio: false)))
        driven.send(.update(number: 3, SessionOptionsChange(useAudio: true)))
        driven.send(.hold(number: 4, .caller, true))
        driven.send(.hold(number: 5, .caller, false))
        driven.send(.offered(.callee, .said(Fixture.browserOffer.replacing("sendrecv", with: "sendonly"))))
        driven.answer(Fixture.phoneAnswer)
        driven.send(.offered(.callee, .said(Fixture.browserOffer)))
        driven.answer(Fixture.phoneAnswer)
        #expect(driven.told.dropFirst(2).allSatisfy { $0.settings.recording == "s" && $0.settings.part == 1 })
    }

    @Test("another codec begins another part: a capture has one")
    func parts() {
        var driven = DrivenSession.talking(Self.mixed)
        driven.send(.update(number: 1, SessionOptionsChange(record: true)))
        let opus = Fixture.phoneMoved.replacing("0 101", with: "96 101").replacing("a=rtpmap:0 PCMU/8000", with: "a=rtpmap:96 opus/48000/2")
        driven.send(.offered(.caller, .said(opus)))
        driven.answer(Fixture.browserAnswer.replacing("111 0", with: "96").replacing(":111", with: ":96"))
        #expect(driven.medium(.caller)?.payloads.first?.codec == "opus")
        #expect(driven.settings.values.map(\.part) == [2, 2] && recordings(driven) == ["s", "s"])
    }

    @Test("a recording with too many parts ends, and the next one begins")
    func manyParts() {
        var recording = SessionRecording(session: "s")
        func codecs(_ round: Int) -> SessionRecording.Codecs { [.caller: [.audio: round % 2 == 0 ? "opus" : "pcmu"]] }
        #expect(recording.update(isWanted: true, codecs: codecs(1)) == [.started(file: "s")])
        #expect(recording.update(isWanted: true, codecs: codecs(1)) == [] && recording.current?.part == 1)
        for part in 2...SessionRecording.mostParts { #expect(recording.update(isWanted: true, codecs: codecs(part)) == [] && recording.current?.part == part) }
        #expect(recording.update(isWanted: true, codecs: codecs(SessionRecording.mostParts + 1)) == [.stopped(file: "s"), .started(file: "s-2")])
        #expect(recording.current?.part == 1)
    }

    @Test("a recording that cannot begin is told of, the other options of the same change act, and the next one has another name")
    func refused() {
        var driven = DrivenSession.talking(.echo(.webrtc))
        driven.takesSettings = false
        driven.send(.update(number: 1, SessionOptionsChange(useAudio: false, record: true)))
        #expect(driven.failSettings(full) == [.recording(.failed(file: "s", full)), .updateFailed(number: 1, full)])
        #expect(driven.session.options == SessionOptions(useAudio: false) && driven.audio == ["--"] && recordings(driven) == [nil])
        driven.takesSettings = false
        driven.send(.update(number: 2, SessionOptionsChange(record: true)))
        #expect(driven.told.last?.settings.recording == "s-2")
        let ended = SessionFailure.state("the session has ended")
        #expect(driven.send(.mediaLost(.mediaServerLost)) == [
            .recording(.failed(file: "s-2", ended)), .updateFailed(number: 2, ended), .end(.mediaServerLost),
        ])
    }

    @Test("a recording that was to begin with the session and does not is told of once, and the session goes on without")
    func refusedFromTheStart() {
        var driven = DrivenSession(.echo(.webrtc), on)
        driven.takesSettings = false
        driven.send(.offered(.caller, .said(Fixture.browserOffer)))
        #expect(driven.failSettings(full) == [.recording(.failed(file: "s", full))])
        #expect(driven.session.isEstablished && driven.audio == ["++"] && recordings(driven) == [nil])
        #expect(driven.send(.stop(code: 200, reason: "stopped")) == [.end(.stopped)])
    }

    @Test("a recording that cannot go on is stopped once, and the legs are told so")
    func cannotGoOn() {
        var driven = DrivenSession.talking(.echo(.webrtc))
        driven.send(.update(number: 1, SessionOptionsChange(record: true)))
        driven.takesSettings = false
        driven.send(.update(number: 2, SessionOptionsChange(useAudio: false)))
        #expect(driven.failSettings(full) == [.recording(.stopped(file: "s")), .updateFailed(number: 2, full)])
        #expect(driven.audio == ["--"] && recordings(driven) == [nil] && !driven.session.options.record)
    }

    @Test("a recording that is not stopped goes on in another part: some leg may have closed its file", arguments: OptionsTests.kinds)
    func unstoppable(kind: SessionKind) {
        var driven = DrivenSession.talking(kind)
        driven.send(.update(number: 1, SessionOptionsChange(record: true)))
        driven.takesSettings = false
        driven.send(.update(number: 2, SessionOptionsChange(record: false)))
        let failure = SessionFailure.unavailable("no answer")
        #expect(driven.failSettings(failure) == [.updateFailed(number: 2, failure)])
        #expect(driven.session.options == on && recordings(driven) == kind.sides.map { _ in "s" })
        #expect(driven.settings.values.allSatisfy { $0.part == 2 })
        driven.send(.update(number: 3, SessionOptionsChange(useAudio: false)))
        #expect(driven.settings.values.allSatisfy { $0.part == 2 }, "once")
        #expect(driven.send(.stop(code: 200, reason: "stopped")) == [.recording(.stopped(file: "s")), .end(.stopped)])
    }

    @Test("a recording whose stop is under way when the session ends is finished")
    func stoppedAtTheEnd() {
        var driven = DrivenSession.talking(.echo(.webrtc))
        driven.send(.update(number: 1, SessionOptionsChange(record: true)))
        driven.takesSettings = false
        driven.send(.update(number: 2, SessionOptionsChange(record: false)))
        #expect(driven.send(.stop(code: 200, reason: "stopped")) == [
            .recording(.stopped(file: "s")), .updateFailed(number: 2, .state("the session has ended")), .end(.stopped),
        ])
    }

    @Test("a recording runs until the end where the legs fail to do what was agreed on")
    func failedAgreement() {
        var driven = DrivenSession.talking(Self.mixed)
        driven.send(.update(number: 1, SessionOptionsChange(record: true)))
        driven.takesSettings = false
        driven.send(.offered(.caller, .said(Fixture.phoneMoved)))
        driven.answer(Fixture.browserAnswer)
        let failure = SessionFailure.unavailable("no answer")
        #expect(driven.failSettings(failure) == [.recording(.stopped(file: "s")), .end(SessionEnd(code: 503, reason: "no answer"))])
    }
}
