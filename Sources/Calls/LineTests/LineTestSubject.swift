internal import EventLoop
internal import LineTest
internal import Media
internal import ProxyCore

/// Whose line is tested: a call to the echo that was answered, or an echo that a browser has started without a call.
@LoopActor
struct LineTestSubject {
    /// The call's id, or the session's.
    let id: String
    let session: String
    /// The user or number.
    let caller: String
    let dialled: String?
    let isBrowser: Bool
    /// Call-ID of the caller's dialog.
    let callID: String?
    let setUp: LineTestResult.SetUp
    let notes: LineTestNotes

    /// Nil before the answer.
    init?(_ call: CallController) {
        guard let answered = call.times.answered else { return nil }
        let times = call.times, sip = call.lineTest.setUp
        func since(_ time: ContinuousClock.Instant?) -> Int? { time.map { Int(times.began.duration(to: $0) / .milliseconds(1)) } }
        var setUp = LineTestResult.SetUp(answered: since(sip?.answered ?? answered))
        setUp.ringing = since(sip?.provisional ?? times.rang)
        setUp.pracked = since(sip?.pracked)
        setUp.acknowledged = since(sip?.acknowledged)
        id = call.id
        session = call.session.id
        caller = call.origin.user
        dialled = call.context?.dialled
        isBrowser = call.session.kind.hasBrowser
        callID = call.callIDs[.caller]
        self.setUp = setUp
        notes = call.lineTest
    }

    /// Nil for a session that is no echo.
    ///
    /// - Parameter answered: From `start_session` to its answer.
    init?(_ session: any MediaSession, user: String, answered: Duration?, _ notes: LineTestNotes) {
        guard session.kind.calleeType == nil else { return nil }
        id = session.id
        self.session = session.id
        caller = user
        dialled = nil
        isBrowser = session.kind.hasBrowser
        callID = nil
        setUp = LineTestResult.SetUp(answered: answered.map { Int($0 / .milliseconds(1)) })
        self.notes = notes
    }
}

extension CallController {
    /// Whether its caller talks with the echo.
    var isEcho: Bool { session.kind.calleeType == nil }
}
