import TestRandom

@testable import SIP

/// One leg to which anything happens in any order, with or without sense.
struct LegCourse {
    private(set) var faults: [String] = []
    private(set) var log: [String] = []
    private var machine: LegMachine
    /// Reports that are a leg's last, and times that it was closed.
    private var lasts = 0, closes = 0

    private static let reason = SIPReason(cause: 16, text: "x")
    private static let transfer = SIPTransferRequest(target: "sip:bob@192.0.2.1", scheme: "sip", user: "bob", host: "192.0.2.1")

    private static let inputs: [LegInput] = [
        .ring(status: 180, sdp: nil), .ring(status: 183, sdp: "e"), .ring(status: 999, sdp: nil), .answer(sdp: "a"), .reject(SIPResponse(status: 486)), .acknowledge(sdp: "a"),
        .end(status: 480, reason: nil), .end(status: 0, reason: reason), .offer(sdp: "n"), .offer(sdp: nil), .acceptOffer(sdp: "a"), .acceptOffer(sdp: nil),
        .rejectOffer(SIPResponse(status: 488)), .sendInfo(.pictureFastUpdate), .infoAnswered(status: 200), .stop, .provisional(status: 180, phrase: "", sdp: nil),
        .provisional(status: 183, phrase: "", sdp: "e", fork: "1", isReliable: true), .provisional(status: 183, phrase: "", sdp: "f", fork: "2"), .success(sdp: "a"), .success(sdp: nil, fork: "2"),
        .failure(status: 486, phrase: "", reason: nil), .failure(status: 491, phrase: "", reason: reason), .redirected(status: 302, phrase: "", contacts: ["sip:x@y"]),
        .acknowledged(sdp: nil), .acknowledged(sdp: "a"), .cancelled(nil), .bye(nil), .bye(reason), .offered(.invite, sdp: "n"), .offered(.invite, sdp: nil), .offered(.update, sdp: "n"),
        .offered(.update, sdp: nil), .info(.pictureFastUpdate), .acknowledgementLost, .byeAnswered, .terminated(status: 0), .refreshDue, .overdue, .pracked(sdp: nil), .pracked(sdp: "n"),
        .prackLost, .refreshFailed(status: 408), .refreshFailed(status: 500), .sessionOver, .transferRequested(transfer), .acceptTransfer, .refuseTransfer(SIPResponse(status: 603)),
        .reportTransfer(status: 180, phrase: nil), .reportTransfer(status: 200, phrase: "OK"),
    ]

    init(_ generator: inout SeededRandom) {
        let id = SIPLegID(number: 7)
        machine = switch Int.random(in: 0..<5, using: &generator) {
        case 0: .calling(id, sdp: "o")
        case 1: .calling(id, sdp: nil)
        case 2: .called(id, sdp: "o", provisionals: .all)
        case 3: .called(id, sdp: nil, provisionals: .sessionProgress)
        default: .called(id, sdp: "o")
        }
    }

    mutating func step(_ generator: inout SeededRandom) {
        if let input = LegCourse.inputs.randomElement(using: &generator) { take(input) }
    }

    /// The gateway stops, and the peer says nothing more: when its times are over, the leg is gone.
    mutating func finish() {
        take(.stop)
        for _ in 0..<4 where machine.state != .gone {
            take(.overdue)
            take(.acknowledgementLost)
        }
        if machine.state != .gone { faults.append("no way out of \(machine.state)") }
        if closes != 1 { faults.append("closed \(closes) times") }
    }

    private mutating func take(_ input: LegInput) {
        let before = machine.state
        log.append("\(input)")
        let actions = machine.handle(input)
        for action in actions {
            log.append("    \(action)")
            if closes > 0 { faults.append("\(action) after the end") }
            switch action {
            case .close: closes += 1
            case .report(let event):
                if lasts > 0 { faults.append("\(event) after the last event") }
                switch event {
                case .rejected, .redirected, .ended: lasts += 1
                default: break
                }
            default: break
            }
        }
        if before == .gone, !actions.isEmpty { faults.append("a leg that is gone says something") }
        if (machine.state == .gone) != (closes > 0) { faults.append("gone, and closed \(closes) times") }
    }
}
