internal import BrowserAPI
internal import CoreMetrics
public import EventLoop
internal import Events
public import JSON
internal import Janus
internal import LineTest
internal import Logging
internal import Media
internal import ProxyCore
internal import RTP
internal import SDP

/// The line tests: calls to the echo. Takes the caller's digits, and makes a result of each call that is over.
@LoopActor
public final class LineTests {
    /// A line test ended; the result goes to whoever may see the call.
    typealias Publication = @LoopActor (BrowserEvent) -> Void

    private var store: LineTestStore
    /// Tells a collector of the results; nil where none is configured.
    public var reporter: LineTestReporter?
    private let log: Logger

    /// - Parameter capacity: Results that are kept.
    init(capacity: Int, log: Logger) {
        store = LineTestStore(capacity: capacity)
        self.log = log
    }

    // MARK: While the caller is on the line

    /// What a digit has the caller hear; nil for digits that do nothing.
    private static func signal(for digit: Character) -> EngineSignal? {
        switch digit {
        // The milliwatt: other than 1000 Hz, 1004 Hz meets all codes of G.711.
        case "1": .tone(frequency: 1_004, level: 0)
        case "2": .tone(frequency: 1_004, level: -16)
        case "3": .silence
        case "4": .playback(.seconds(5))
        case "5": .sweep(from: 300, to: 3_400, level: -16, time: .seconds(10))
        case "6": .delay(.milliseconds(500))
        case "0": .echo
        default: nil
        }
    }

    /// The caller of a call has pressed a digit; does nothing where the call is no line test.
    func press(_ digit: Character, in call: CallController) {
        guard call.isEstablished, call.isEcho else { return }
        if digit == "#" {
            return call.handle(.terminate(CallEnd(status: 200, reason: "The caller ended the line test by #", by: .caller)))
        }
        guard digit == "*" || LineTests.signal(for: digit) != nil else { return }
        call.lineTest.take(digit) { [weak self, weak call] digit in
            guard let self, let call else { return }
            await send(digit, call)
        }
    }

    private func send(_ digit: Character, _ call: CallController) async {
        var signal = LineTests.signal(for: digit)
        if signal == nil { signal = await announcement(call) }
        guard let signal else { return }
        if let failure = await call.session.send(signal) {
            log.info("the line test sends no signal", metadata: ["call": "\(call.id)", "digit": "\(digit)", "reason": "\(failure.reason)"])
        }
    }

    /// The worst verdict so far as tones: three that rise are good, two notices, three that fall warnings, a long low one critical.
    private func announcement(_ call: CallController) async -> EngineSignal? {
        guard let severity = await currentResult(call)?.verdicts.first?.severity else { return nil }
        let tones: [(Int, Int)] =
            switch severity {
            case .good: [(523, 200), (659, 200), (784, 400)]
            case .notice: [(659, 250), (0, 150), (659, 250)]
            case .warning: [(784, 250), (659, 250), (523, 500)]
            case .critical: [(300, 1_500)]
            }
        return .melody(tones.map { EngineSignal.Note($0, .milliseconds($1)) })
    }

    // MARK: Results

    /// The call has ended: its result is kept, written into the log and published, as soon as its session has been given back.
    func end(_ call: CallController, _ end: CallEnd, users: Set<String>, publish: @escaping Publication) {
        guard call.isEcho, let subject = LineTestSubject(call) else { return }
        let (session, id) = (call.session, call.id)
        LoopActor.task { [self] in
            guard let result = result(of: subject, await session.summary(), end) else { return }
            keep(result, users: users, testID: subject.notes.testID)
            publish(.call(id, "line_test", result.json))
        }
    }

    /// The same of an echo without a call.
    ///
    /// - Parameter publish: Takes the result.
    func end(_ subject: LineTestSubject, _ session: any MediaSession, publish: @escaping @LoopActor (JSONValue) -> Void) {
        LoopActor.task { [self] in
            guard let result = result(of: subject, await session.summary(), nil) else { return }
            keep(result, users: [subject.caller], testID: nil)
            publish(result.json)
        }
    }

    private func keep(_ result: LineTestResult, users: Set<String>, testID: LineTestID?) {
        store.insert(result, users: users, testID: testID)
        LineTests.count(result)
        write(result)
        reporter?.send(result)
    }

    /// The verdicts on a call that is over; nil where it was no line test.
    func verdicts(on call: CallController, _ summary: SessionSummary, _ end: CallEnd) -> CallRecord.LineTest? {
        guard call.isEcho, let subject = LineTestSubject(call), let result = result(of: subject, summary, end) else { return nil }
        let verdicts = result.verdicts
        return CallRecord.LineTest(verdict: verdicts.first?.severity.rawValue ?? "good", codes: verdicts.map(\.code.rawValue))
    }

    private func result(of subject: LineTestSubject, _ summary: SessionSummary, _ end: CallEnd?) -> LineTestResult? {
        guard let medium = summary.statistics[.caller]?.audio, let test = medium.test else { return nil }
        return result(of: subject, medium, test, summary.agreed[.caller] ?? [], summary.takesEvents, mediaUp: summary.setUp, end)
    }

    /// What a call that lasts has measured so far; nil where it is no line test, or cannot be asked.
    func current(_ call: CallController) async -> JSONValue? { await currentResult(call)?.json }

    /// The same of an echo without a call.
    func current(_ subject: LineTestSubject, _ session: any MediaSession) async -> JSONValue? { await currentResult(subject, session)?.json }

    private func currentResult(_ call: CallController) async -> LineTestResult? {
        guard call.isEcho, let subject = LineTestSubject(call) else { return nil }
        return await currentResult(subject, call.session)
    }

    private func currentResult(_ subject: LineTestSubject, _ session: any MediaSession) async -> LineTestResult? {
        guard let medium = await session.statistics(of: .caller)?.audio, let test = medium.test else { return nil }
        return result(
            of: subject, medium, test, session.agreedMedia(of: .caller), session.takesTelephoneEvents(.caller) ? [.caller] : [], mediaUp: nil, nil)
    }

    /// The result of a call that is over, where `client` may read it.
    ///
    /// - Throws: `unknownCall` (3002), `notYours` (2005).
    func result(of call: String, for client: BrowserClient) throws(APIError) -> JSONValue {
        guard let entry = store.entry(of: call) else { throw .unknownCall() }
        guard client.user.isAdmin || entry.users.contains(client.user.name) else { throw .notYours(field: "call_id") }
        return entry.result.json
    }

    /// The latest results, the newest first: who called, and the worst verdict.
    public func latest(_ count: Int) -> [JSONValue] { store.latest(count).map(\.summary) }

    /// The result of the test to which its caller gave this id.
    public func result(testID: String) -> JSONValue? { LineTestID(testID).flatMap { store.result($0) }?.json }

    private static func count(_ result: LineTestResult) {
        guard let worst = result.verdicts.first else { return }
        Counter(label: "tern_line_tests_total", dimensions: [("verdict", worst.code.rawValue), ("severity", worst.severity.rawValue)]).increment()
    }

    private func write(_ result: LineTestResult) {
        guard let worst = result.verdicts.first else { return }
        var fields: Logger.Metadata = [
            "call": "\(result.id)", "verdict": "\(worst.text)", "caller": "\(result.caller)", "packets": "\(result.received.packets)",
            "lost": "\(result.received.lost)", "codec": "\(result.codec?.name ?? "none")",
        ]
        if let jitter = result.received.jitterMean { fields["jitter"] = "\(Int(jitter.rounded())) ms" }
        if let source = result.addresses.source { fields["source"] = "\(source)" }
        if let score = result.receivedQuality?.score { fields["mos"] = "\((score * 100).rounded() / 100)" }
        let isBad = worst.severity == .critical || worst.severity == .warning
        log.log(level: isBad ? .notice : .info, "line test", metadata: fields)
    }

    private func result(
        of subject: LineTestSubject, _ medium: EngineStatistics.Medium?, _ test: EngineLineTest, _ agreed: [AgreedMedium],
        _ takesEvents: Set<SessionSide>, mediaUp: Duration?, _ end: CallEnd?
    ) -> LineTestResult {
        let notes = subject.notes
        var result = LineTestResult(
            id: subject.id, session: subject.session, began: notes.began, duration: Int(test.duration / .milliseconds(1)),
            caller: subject.caller, dialled: subject.dialled, isBrowser: subject.isBrowser)
        result.setUp = subject.setUp
        result.setUp.firstPacket = test.firstPacket.map { (subject.setUp.answered ?? 0) + Int($0 / .milliseconds(1)) }
        if subject.isBrowser { result.setUp.mediaUp = mediaUp.map { Int($0 / .milliseconds(1)) } }
        result.browser = notes.browser
        result.failedOffer = notes.failedOffer
        result.addresses = notes.addresses
        result.addresses.signalled = test.signalled?.description
        result.addresses.local = test.local?.description
        result.addresses.source = medium?.latched?.description
        result.addresses.rtcpSource = test.rtcpSource?.description
        if let audio = agreed.first(where: { $0.kind == .audio }) {
            result.codec = LineTestResult.Codec(
                name: audio.codec.rawValue, payloadType: Int(audio.payloadType), packetTime: audio.packetTime, isEncrypted: audio.isEncrypted,
                takesEvents: takesEvents.contains(.caller))
            result.isExpectedToSend = audio.direction.receives
        }
        result.bytes = medium?.received.bytes ?? 0
        result.marking = test.marking
        result.ssrc = medium?.received.ssrc
        result.sent.ssrc = medium?.sent.ssrc
        result.callID = subject.callID
        result.received = test.stream
        result.audio = test.audio
        result.sent.packets = medium?.sent.packets ?? 0
        result.sent.bytes = medium?.sent.bytes ?? 0
        result.sent.lost = medium?.sent.lost
        result.sent.jitter = medium?.sent.jitter
        result.sent.roundTrip = medium?.sent.roundTrip
        result.sent.metrics = test.metrics
        result.rtcpPackets = medium?.rtcpReceived ?? 0
        result.dropped = medium?.dropped ?? 0
        result.rejected = medium?.srtpErrors ?? 0
        result.isUnreachable = test.isUnreachable
        result.noteDigits(test, notes.digits)
        result.endStatus = end?.status ?? 200
        result.endReason = end?.reason ?? ""
        return result
    }
}

extension LineTestResult {
    /// The digits of the media and of INFO together.
    fileprivate mutating func noteDigits(_ test: EngineLineTest, _ infos: DigitLog) {
        var all = DigitLog()
        for entry in (test.digits + infos.entries).sorted(by: { $0.time < $1.time }) { all.add(entry) }
        digits = all.entries
        digitCount = test.digitCount + infos.count
        // Older ones are no longer here, but counted.
        doubledDigits = max(all.doubled, test.doubledDigits)
    }
}
