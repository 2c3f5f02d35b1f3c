import TestRandom

@testable import ProxyCore

/// One transfer with its legs and calls, which do only what they can do: a phone answers an offer that it has, a call that is answered has a called party.
struct TransferCourse {
    /// An offer that a leg has and has not answered.
    private enum Offered { case new, former, foreign }
    private enum Place { case former, new }

    private struct Leg {
        let kind: Transfer.Kind
        var isAsked = false
        var isWaiting = false
        var offered: Offered?
        /// The session that it has accepted last; nil where that is not known.
        var session: Place? = .former
        var follows = Place.former
        var hasFormer = true
        var hasOffered = false
        var last: String?
    }

    private(set) var transfer: Transfer
    private(set) var faults: [String] = []
    private(set) var log: [String] = []
    private(set) var met: Set<String> = []
    private var legs: [SessionSide: Leg]
    private var finals = 0
    private var hasEnded = false
    /// The new call: whether it has been made, started, accepted by its called party, answered, ended.
    private var isMade: Bool
    private var isStarted = false
    private var isAccepted = false
    private var isAnswered = false
    private var callEnds = false
    private var wantsOffer = false
    /// Whether the called transferee has been invited.
    private var isInvited = false
    private var pending: [Transfer.Event] = []

    init(_ kinds: [SessionSide: Transfer.Kind]) {
        transfer = Transfer(kinds)
        legs = kinds.mapValues { Leg(kind: $0) }
        isMade = kinds[.caller] == nil
    }

    var isOver: Bool { transfer.isOver }

    static func isLast(_ action: Transfer.Action) -> Bool {
        switch action {
        case .settle, .stayInFormer, .hangUp, .forget: true
        default: false
        }
    }

    // MARK: What may happen

    mutating func step(_ generator: inout SeededRandom) {
        if log.isEmpty { return take(.start, &generator) }
        var events = possible(&generator)
        if Int.random(in: 0..<12, using: &generator) == 0 {
            for (side, leg) in legs.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where leg.last == nil {
                events.append(.left(side, .noAnswer))
                if leg.hasFormer { events += [.transferorLeft(side, .noAnswer), .transferorLeft(side, .noAnswer), .formerEnded(side, .noAnswer)] }
            }
            if isMade, !callEnds { events.append(.callEnded(.noAnswer)) }
        }
        guard let event = events.randomElement(using: &generator) else { return }
        take(event, &generator)
    }

    /// What has been asked of the legs and of the new call.
    private func possible(_ generator: inout SeededRandom) -> [Transfer.Event] {
        var events: [Transfer.Event] = []
        for (side, leg) in legs.sorted(by: { $0.key.rawValue < $1.key.rawValue }) where leg.last == nil {
            if leg.isAsked { events += [.offered(side, "O"), .offered(side, "O"), .rejected(side, .noAnswer)] }
            if leg.isWaiting { events += [.waited(side)] }
            if leg.offered != nil {
                events += [.accepted(side, "A"), .accepted(side, "A"), .rejected(side, .noAnswer)]
                if leg.kind == .phone { events.append(.accepted(side, nil)) }
            }
        }
        guard isStarted, !callEnds else { return events }
        events.append(.ringing)
        if let callee = legs[.callee] {
            if !isInvited { events.append(legs[.caller] == nil && Bool.random(using: &generator) ? .offerWanted(.callee) : .described(.callee, "P")) }
            guard isAccepted, callee.last == nil else { return events }
        }
        if !isAnswered { events.append(legs[.caller] == nil ? .callAnswered : .described(.caller, "B")) }
        if isAnswered, wantsOffer, legs[.callee]?.session == .former, legs[.callee]?.offered == nil, legs[.callee]?.isWaiting == false {
            events.append(.described(.callee, "B"))
        }
        return events
    }

    private mutating func take(_ event: Transfer.Event, _ generator: inout SeededRandom) {
        log.append("\(event)")
        switch event {
        case .offered(let side, _):
            legs[side]?.isAsked = false
            legs[side]?.hasOffered = true
        case .accepted(let side, _):
            switch legs[side]?.offered {
            case .new: legs[side]?.session = .new
            case .former: legs[side]?.session = .former
            case .foreign, nil: break
            }
            legs[side]?.offered = nil
        case .rejected(let side, _):
            if legs[side]?.offered == .former { legs[side]?.session = nil }
            legs[side]?.isAsked = false
            legs[side]?.offered = nil
        case .waited(let side): legs[side]?.isWaiting = false
        case .described(.callee, _): isInvited = true
        case .offerWanted:
            isInvited = true
            wantsOffer = true
        case .described(.caller, _), .callAnswered: isAnswered = true
        case .formerEnded(let side, _): legs[side]?.hasFormer = false
        case .callEnded: callEnds = true
        default: break
        }
        for action in transfer.handle(event) { perform(action, &generator) }
        while !pending.isEmpty { take(pending.removeFirst(), &generator) }
    }

    // MARK: What comes of it

    private mutating func perform(_ action: Transfer.Action, _ generator: inout SeededRandom) {
        log.append("    \(action)")
        if hasEnded { faults.append("\(action) after the end") }
        switch action {
        case .report(let report):
            if finals > 0 { faults.append("a report after the final one") }
            if report.isFinal { finals += 1 }
            switch report {
            case .ringing: break
            case .succeeded: met.insert("succeeded")
            case .failed: met.insert("failed")
            }
        case .askOffer(let side):
            legs[side]?.isAsked = true
        case .makeCall:
            if isMade { faults.append("a second call") }
            isMade = true
        case .startCall:
            if !isMade || isStarted { faults.append("a start without a call, or another one") }
            isStarted = true
        case .offer(let side, _): offer(side, .new, &generator)
        case .offerFormer(let side): offer(side, .former, &generator)
        case .answer(let side, _):
            if legs[side]?.hasOffered != true || legs[side]?.kind != .browser { faults.append("an answer to no offer") }
            legs[side]?.session = .new
        case .wait(let side): legs[side]?.isWaiting = true
        case .acceptCall:
            if isAccepted { faults.append("a second answer") }
            isAccepted = true
        case .refreshCall(let side, _):
            if legs[side]?.session != .new { faults.append("an answer that is not of the new session") }
        case .arrive(let side):
            if legs[side]?.session != .new { faults.append("\(side) has not arrived") }
            // The other side of the new session offers something.
            if legs[side]?.kind == .phone, Int.random(in: 0..<4, using: &generator) == 0, isAnswered == false { legs[side]?.offered = .foreign }
        case .follow(let side): legs[side]?.follows = .new
        case .followFormer(let side):
            if legs[side]?.hasFormer == false, legs[side]?.last == nil, transfer.isAlone(side) { faults.append("there is no former call") }
            legs[side]?.follows = .former
        case .returned: met.insert("returned")
        case .leaveFormer(let side, _):
            if legs[side]?.hasFormer != true { faults.append("a former call is left twice") }
            legs[side]?.hasFormer = false
        case .endFormer(let side, let end):
            legs[side]?.hasFormer = false
            pending.append(.formerEnded(side, end))
        case .settle(let side):
            last(side, "settle")
            if legs[side]?.session != .new { faults.append("\(side) stays where it is not") }
            if legs[side]?.kind == .phone, legs[side]?.follows != .new { faults.append("nobody hears \(side)") }
        case .stayInFormer(let side):
            last(side, "stay")
            guard let leg = legs[side], leg.kind == .phone else { break }
            if leg.session == .new { faults.append("\(side) has the new session still") }
            if leg.follows != .former || !leg.hasFormer { faults.append("nobody hears \(side)") }
        case .hangUp(let side, _):
            last(side, "hangUp")
            if legs[side]?.hasFormer == true { faults.append("\(side) is hung up, and has a call") }
        case .forget(let side): last(side, "forget")
        case .continueRecordings: break
        case .endCall: callEnds = true
        case .over: hasEnded = true
        }
    }

    private mutating func last(_ side: SessionSide, _ name: String) {
        met.insert(name)
        if let before = legs[side]?.last { faults.append("\(side): \(name) after \(before)") }
        legs[side]?.last = name
        legs[side]?.isWaiting = false
    }

    private mutating func offer(_ side: SessionSide, _ offer: Offered, _ generator: inout SeededRandom) {
        guard let leg = legs[side] else { return faults.append("an offer to nobody") }
        if leg.offered == .new || leg.offered == .former { faults.append("an offer on top of another") }
        // The former call's other side has offered something.
        let isBusy = leg.offered == .foreign || (leg.kind == .phone && offer == .new && Int.random(in: 0..<4, using: &generator) == 0)
        guard !isBusy else {
            met.insert(offer == .new ? "busy" : "turned")
            return pending.append(.busy(side))
        }
        legs[side]?.offered = offer
    }

    /// Everything that was asked is answered, and the new call ends if nothing else did.
    mutating func finish(_ generator: inout SeededRandom) {
        if log.isEmpty { take(.start, &generator) }
        if transfer.isUnderWay { take(.callEnded(.noAnswer), &generator) }
        for _ in 0..<20 where !transfer.isOver {
            guard let event = possible(&generator).randomElement(using: &generator) else { break }
            take(event, &generator)
        }
        if finals != 1 { faults.append("\(finals) final reports") }
        if !transfer.isOver || !hasEnded { faults.append("it is not over") }
        for (side, leg) in legs where leg.last == nil { faults.append("\(side) has no end") }
    }
}
