internal import EventLoop
internal import Events
internal import Janus
internal import Media
internal import ProxyCore
internal import Routing
internal import SDP

/// Gathers the record of a call while it lasts, and tells it.
@LoopActor
final class CallJournal {
    /// How often the record of a call that lasts is told.
    static let interval = Duration.seconds(60)

    private(set) var record: CallRecord
    let clock: CallClock
    private var timer: LoopTimer?
    /// Puts into the record what can be asked for at any time; nil when the call is over.
    private var refresh: (@LoopActor (inout CallRecord) async -> Void)?

    init(_ record: CallRecord, clock: CallClock) {
        self.record = record
        self.clock = clock
    }

    /// Tells the record for the first time, and from now on each minute.
    ///
    /// - Parameter refresh: Puts in what can be asked for at any time.
    func begin(refresh: @escaping @LoopActor (inout CallRecord) async -> Void) {
        self.refresh = refresh
        tell()
        timer = LoopTimer.schedule(after: CallJournal.interval, every: CallJournal.interval) { [weak self] in
            guard let self, EventStream.shared.wants(.call) else { return }
            LoopActor.task { await self.update() }
        }
    }

    private func update() async {
        guard let refresh else { return }
        var newer = record
        await refresh(&newer)
        // The call went on meanwhile: only what was asked for is taken.
        guard self.refresh != nil else { return }
        (record.callerSide, record.calleeSide) = (newer.callerSide, newer.calleeSide)
        tell()
    }

    private func tell() { EventStream.shared.tell(record.id, .recorded(record)) }

    // MARK: What happens

    /// The party with this number is called, or the next target of its trunk.
    func invite(_ leg: CallRecord.Leg) {
        if let open = open(leg.number) {
            // Told twice: by the leg, and by the call.
            guard record.legs[open].target != leg.target || (leg.callID != nil && record.legs[open].callID != nil && record.legs[open].callID != leg.callID) else {
                record.legs[open].callID = record.legs[open].callID ?? leg.callID
                return
            }
            record.legs[open].ended = clock.now
        }
        guard record.legs.count < CallRecord.mostLegs else { return }
        record.legs.append(leg)
    }

    /// The place of a party's last leg, as long as that has not ended.
    private func open(_ number: Call.Leg) -> Int? { record.legs.lastIndex { $0.number == number && $0.ended == nil } }

    /// The caller is told that it rings; the first time counts.
    func rings() { record.times.rang = record.times.rang ?? clock.now }

    /// That party rings.
    func rings(_ leg: Call.Leg) {
        guard let open = open(leg), record.legs[open].rang == nil else { return }
        record.legs[open].rang = clock.now
    }

    /// That party, or the echo for nil, has taken the call.
    ///
    /// - Parameter sides: Which legs it went out by, and the Call-IDs of both sides.
    func answers(_ leg: Call.Leg?, _ party: CallOrigin?, _ sides: @LoopActor (inout CallRecord) -> Void) {
        sides(&record)
        record.times.answered = record.times.answered ?? clock.now
        record.answeredBy = party.map { CallRecord.bounded($0.user) } ?? record.answeredBy
        record.answeredUser = party?.provenUser ?? record.answeredUser
        if let open = leg.flatMap(open) { record.legs[open].answered = clock.now }
        tell()
    }

    /// That party is no longer called, or has left.
    func ends(_ leg: Call.Leg, status: Int, reason: String) {
        guard let open = open(leg) else { return }
        record.legs[open].ended = clock.now
        record.legs[open].status = status
        record.legs[open].reason = CallRecord.bounded(reason)
    }

    func records(_ file: String) {
        guard record.recordings.count < CallRecord.mostRecordings, !record.recordings.contains(file) else { return }
        record.recordings.append(file)
    }

    /// Media can flow.
    func flows() { record.times.media = record.times.media ?? clock.now }

    /// The call is over.
    ///
    /// - Parameter sides: Which legs it went out by, and the Call-IDs of both sides.
    func end(_ end: CallEnd, _ result: CallReport.Result, _ sides: @LoopActor (inout CallRecord) -> Void) {
        timer?.cancel()
        timer = nil
        refresh = nil
        let now = clock.now
        record.times.ended = now
        for index in record.legs.indices where record.legs[index].ended == nil {
            record.legs[index].ended = now
            record.legs[index].status = end.status
            record.legs[index].reason = CallRecord.bounded(end.reason)
        }
        sides(&record)
        if record.target == nil, record.times.answered == nil, end.by == .callee { takeTarget(of: record.legs.last { $0.status == end.status }) }
        record.end = CallRecord.End(
            status: end.status, result: result.rawValue, by: end.by.rawValue, reason: end.reason, why: CallSentence(record, end, result).text,
            cause: end.cause.map { [$0.protocolName, $0.value.map(String.init), $0.text].compactMap { $0 }.joined(separator: " ") })
    }

    /// Nobody took the call: it went to the party whose refusal ended it.
    private func takeTarget(of leg: CallRecord.Leg?) {
        guard let leg else { return }
        record.target = leg.target
        record.trunk = leg.trunk
        record.calleeSide.callID = record.calleeSide.callID ?? leg.callID
    }

    /// The media of the call that is over has been counted: tells the record for the last time.
    ///
    /// - Parameter lineTest: The verdicts, where it was a line test.
    func close(_ summary: SessionSummary, _ lineTest: CallRecord.LineTest?) {
        record.lineTest = lineTest
        for side in SessionSide.allCases {
            record[side].note(summary.statistics[side], codecs: summary.codecs[side] ?? [:])
            record[side].mos = summary.score(of: side).map { ($0 * 100).rounded() / 100 }
        }
        tell()
    }
}

/// The time of day as a call sees it: it goes on evenly from the call's beginning. A system clock that is set meanwhile changes neither the order of the
/// call's times nor its duration.
struct CallClock {
    private let began = EventTime.now.milliseconds
    private let start = ContinuousClock.now

    /// Milliseconds since 1970, UTC.
    var now: Int { began + Int(start.duration(to: .now) / .milliseconds(1)) }
}

extension CallRecord {
    subscript(side: SessionSide) -> Side {
        get { side == .caller ? callerSide : calleeSide }
        set { if side == .caller { callerSide = newValue } else { calleeSide = newValue } }
    }
}

extension CallRecord.Side {
    /// Takes what a session knows of this side.
    mutating func note(_ statistics: EngineStatistics?, codecs: [MediaKind: String]) {
        audio = CallRecord.Medium(statistics?.audio, codec: codecs[.audio]) ?? audio
        video = CallRecord.Medium(statistics?.video, codec: codecs[.video]) ?? video
    }
}

extension CallRecord.Medium {
    /// Nil where there is no such medium.
    fileprivate init?(_ counted: EngineStatistics.Medium?, codec: String?) {
        guard codec != nil || counted.map({ $0.received.packets + $0.sent.packets > 0 }) == true else { return nil }
        self.init()
        self.codec = codec
        guard let counted else { return }
        from = counted.latched.map { "\($0)" }
        received = CallRecord.Flow(counted.received)
        sent = CallRecord.Flow(counted.sent)
    }
}

extension CallRecord.Flow {
    fileprivate init(_ flow: EngineStatistics.Flow) {
        self.init()
        packets = flow.packets
        bytes = flow.bytes
        lost = flow.lost
        jitter = flow.jitter
        roundTrip = flow.roundTrip
    }
}
