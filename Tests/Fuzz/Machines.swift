import TestRandom

@testable import ProxyCore

/// The machines of a call, a transfer and a session, in the models of the property tests: whatever happens in whatever order, what is true of them stays true.
///
/// The first byte says which; each of the others makes a choice.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let bytes, count > 1 else { return 0 }
    let kind = Int(bytes[0])
    var generator = SeededRandom(bytes: Array(UnsafeBufferPointer(start: bytes + 1, count: min(count, 400) - 1)))
    switch kind % 3 {
    case 0:
        var course = CallCourse(&generator)
        while !generator.isOver { course.step(&generator) }
        course.finish()
        check(course.faults, course.log)
    case 1:
        let kinds: [[SessionSide: Transfer.Kind]] = [
            [.caller: .phone], [.caller: .browser], [.callee: .phone], [.callee: .browser], [.caller: .phone, .callee: .phone], [.caller: .browser, .callee: .phone],
            [.caller: .phone, .callee: .browser], [.caller: .browser, .callee: .browser],
        ]
        var course = TransferCourse(kinds[kind / 3 % kinds.count])
        while !generator.isOver, !course.isOver { course.step(&generator) }
        course.finish(&generator)
        check(course.faults, course.log)
    default:
        let kinds: [SessionKind] = [
            .echo(.rtp), .echo(.webrtc), .proxy(caller: .rtp, callee: .webrtc), .proxy(caller: .webrtc, callee: .rtp), .proxy(caller: .webrtc, callee: .webrtc),
            .proxy(caller: .rtp, callee: .rtp),
        ]
        var life = SessionLife(kinds[kind / 3 % kinds.count])
        while !generator.isOver { life.step(&generator) }
        life.settle()
        check(life.faults, life.events.map { "\($0)" })
    }
    return 0
}

private func check(_ faults: [String], _ log: [String]) {
    guard faults.isEmpty else { fatalError("\(faults)\n\(log.joined(separator: "\n"))") }
}
