import TestRandom

@testable import SIP

/// The machine of a SIP leg, in the model of the property test: whatever happens in whatever order, it has one last event, is closed once, and has a way out.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var generator = SeededRandom(bytes: Array(UnsafeBufferPointer(start: bytes, count: min(count, 400))))
    var course = LegCourse(&generator)
    while !generator.isOver { course.step(&generator) }
    course.finish()
    guard course.faults.isEmpty else { fatalError("\(course.faults)\n\(course.log.joined(separator: "\n"))") }
    return 0
}
