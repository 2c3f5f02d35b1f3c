import TestRandom
import Testing

@testable import ProxyCore

/// Random courses of transfers: whatever the phones, the browsers and the calls do, in whatever order.
@Suite("A transfer, whatever happens")
struct TransferPropertyTests {
    static let kinds: [[SessionSide: Transfer.Kind]] = [
        [.caller: .phone], [.caller: .browser], [.callee: .phone], [.callee: .browser],
        [.caller: .phone, .callee: .phone], [.caller: .browser, .callee: .phone], [.caller: .phone, .callee: .browser],
        [.caller: .browser, .callee: .browser],
    ]

    @Test("has one final report; each transferee ends in the new call, in its former one, or hung up", arguments: kinds.indices)
    func courses(kind: Int) {
        var generator = SeededRandom("transfers \(kind)")
        var met: Set<String> = [], wanted: Set<String> = ["succeeded", "failed", "settle", "stay", "hangUp", "forget"]
        if Self.kinds[kind].values.contains(.phone) { wanted.formUnion(["busy", "returned"]) }
        if Self.kinds[kind][.callee] == .phone { wanted.insert("turned") }
        var number = 0
        // What is rare takes more of them.
        while number < 2_000 || (!met.isSuperset(of: wanted) && number < 50_000) {
            number += 1
            var course = TransferCourse(Self.kinds[kind])
            for _ in 0..<30 where !course.isOver { course.step(&generator) }
            course.finish(&generator)
            met.formUnion(course.met)
            guard course.faults.isEmpty else {
                Issue.record("course \(number): \(course.faults)\n\(course.log.joined(separator: "\n"))")
                return
            }
        }
        #expect(met.isSuperset(of: wanted), "\(met)")
    }

    @Test("events without sense and order change nothing of that", arguments: kinds.indices)
    func nonsense(kind: Int) {
        var generator = SeededRandom("events of transfers \(kind)")
        for _ in 0..<2_000 {
            var transfer = Transfer(Self.kinds[kind])
            var actions: [Transfer.Action] = []
            for _ in 0..<25 { actions += transfer.handle(Self.anything(&generator)) }
            actions += transfer.handle(.callEnded(.noAnswer))
            for side in SessionSide.allCases { actions += transfer.handle(.left(side, .noAnswer)) }
            let finals = actions.filter { if case .report(let report) = $0 { report.isFinal } else { false } }
            let ends = actions.filter { TransferCourse.isLast($0) }
            guard finals.count == 1, ends.count == Self.kinds[kind].count, actions.filter({ $0 == .over }).count == 1, transfer.isOver else {
                Issue.record("\(actions)")
                return
            }
        }
    }

    private static func anything(_ generator: inout SeededRandom) -> Transfer.Event {
        let side: SessionSide = Bool.random(using: &generator) ? .caller : .callee
        let events: [Transfer.Event] = [
            .start, .start, .offered(side, "O"), .offered(side, "O"), .described(side, "D"),
            .described(side, "D"), .offerWanted(side), .busy(side), .waited(side), .accepted(side, "A"),
            .accepted(side, "A"), .accepted(side, nil), .rejected(side, .noAnswer),
            .transferorLeft(side, .noAnswer), .ringing, .callAnswered, .left(side, .noAnswer), .formerEnded(side, .noAnswer),
        ]
        // Most of the endings would leave little to see.
        return events.dropLast(Int.random(in: 0..<4, using: &generator) == 0 ? 0 : 3).randomElement(using: &generator) ?? .start
    }
}
