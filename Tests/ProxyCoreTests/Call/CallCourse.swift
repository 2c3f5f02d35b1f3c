import TestRandom

@testable import ProxyCore

/// One call to which anything happens in any order, with or without sense.
struct CallCourse {
    private(set) var faults: [String] = []
    private(set) var log: [String] = []
    private var call: Call
    /// Answers, refusals and hang-ups that the caller got, and the ends of the call.
    private var answers = 0, refusals = 0, hangUps = 0, ends = 0
    /// Whether the time that an answered call may last is measured.
    private var isTimed = false
    /// Legs that were invited, and those of them that were told to end.
    private var invited: Set<Call.Leg> = [], ended: Set<Call.Leg> = []

    private static let busy = CallEnd(status: 486, reason: "Busy Here", by: .callee), declined = CallEnd(status: 603, reason: "Decline", by: .callee)

    private static let events: [Call.Event] = [
        .start(offer: "O"), .sessionOffers(.callee, "P"), .sessionAnswers(.caller, "Q"), .offerRefused(.caller, .refused("x")), .answerRefused(.refused("y")),
        .sessionEnded(.stopped), .ringing(1), .ringing(9), .accepted(1, "A"), .accepted(2, RemoteDescription("B", trickle: true)), .accepted(1, nil), .progress(1, "E"),
        .callerAnswered("C"), .callerAnswered(nil), .start(offer: nil), .sessionOffers(.caller, "R"), .sessionAnswers(.callee, "S"), .offerRefused(.callee, .refused("z")),
        .offered(.caller, "T"), .offered(.callee, "U"), .answered(.callee, "V"), .declined(.caller, .refused("w")), .calleeEnded(1, busy), .calleeEnded(2, declined),
        .callerEnded(.cancelled), .terminate(.noAnswer), .calleeEnded(3, .notReachable), .accepted(3, "X"), .ringingOver, .sessionOffers(.callee, "P2", branch: 2),
        .sessionAnswers(.caller, "Q2", branch: 2), .offerRefused(.caller, .refused("x2"), branch: 2), .answerRefused(.refused("y2"), branch: 2),
        .sessionEnded(.stopped, branch: 2), .sessionAnswers(.caller, "E", branch: 3), .offerWanted(.caller), .offerWanted(.callee, 1), .offeredEarly(nil, "F"),
        .offeredEarly(1, "G"), .withdrawn(.caller), .withdrawn(.callee), .refreshed(.caller, "H"), .dismissed([1, 2], busy),
        .redirected(1, to: [.init(4), .init(5, branch: 2)], busy), .handedOver(.caller, .noAnswer), .handedOver(.callee, .noAnswer),
    ]
    private static let plans: [[Call.Stage]] = [
        [.echo()], [.parties([.init(1)])], [.parties([.init(1), .init(2)])], [.parties([.init(1), .init(2, branch: 2)]), .parties([.init(3, branch: 2)])],
        [.parties([.init(1)]), .reject(busy)], [.parties([.init(2, branch: 2)]), .echo(3)],
    ]

    init(_ generator: inout SeededRandom) {
        call = Call(id: "c", stages: CallCourse.plans.randomElement(using: &generator) ?? [])
    }

    mutating func step(_ generator: inout SeededRandom) {
        if let event = CallCourse.events.randomElement(using: &generator) { take(event) }
    }

    /// The gateway ends it: then everything has its end.
    mutating func finish() {
        take(.terminate(.noAnswer))
        if ends != 1 { faults.append("\(ends) ends") }
        if isTimed { faults.append("the time of a call that has ended runs on") }
        if answers == 0, refusals == 0, hangUps > 0 { faults.append("a caller that was not answered is hung up") }
    }

    private mutating func take(_ event: Call.Event) {
        log.append("\(event)")
        for action in call.handle(event) {
            log.append("    \(action)")
            look(at: action)
        }
        if ends != (call.isEnded ? 1 : 0) { faults.append("\(ends) ends, and it has\(call.isEnded ? "" : " not") ended") }
    }

    private mutating func look(at action: Call.Action) {
        switch action {
        case .refuse, .refuseOffer, .progressDone: return
        default: if ends > 0 { faults.append("\(action) after the end") }
        }
        switch action {
        case .answerCaller:
            answers += 1
            if answers > 1 || refusals > 0 { faults.append("an answer to a caller that has one") }
        case .rejectCaller:
            refusals += 1
            if answers > 0 || refusals > 1 { faults.append("a refusal of a caller that has been answered") }
        case .hangUpCaller:
            hangUps += 1
            if answers == 0 || hangUps > 1 { faults.append("a hang-up of a caller that has no call") }
        case .invite(let leg, _): if !invited.insert(leg).inserted { faults.append("leg \(leg) is invited twice") }
        case .endCallee(let leg, _):
            if !invited.contains(leg) { faults.append("leg \(leg) ends, and was not invited") }
            if !ended.insert(leg).inserted { faults.append("leg \(leg) ends twice") }
        case .startTimer(.duration):
            if isTimed { faults.append("the time of the call is measured twice") }
            isTimed = true
        case .stopTimer(.duration):
            if !isTimed { faults.append("the time of the call was not measured") }
            isTimed = false
        case .ended: ends += 1
        default: break
        }
    }
}
