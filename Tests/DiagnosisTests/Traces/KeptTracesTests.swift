@testable import Diagnosis
import Events
import Testing
import TestRandom

@Suite struct KeptTracesTests {
    @Test("whatever is inserted, changed and removed, the order is that of an array")
    func order() {
        var random = SeededRandom("kept traces")
        var kept = KeptTraces(most: .max, memory: .max)
        var all: [Trace] = [], live: [Trace] = []
        func forget(_ trace: Trace) {
            all.removeAll { $0 === trace }
            live.removeAll { $0 === trace }
        }
        for step in 0..<3_000 {
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5:
                // Now and then in the place of another.
                let trace = Trace(id: "\(Int.random(in: 0..<400, using: &random))", isCall: true, began: EventTime(microseconds: step))
                if let former = kept[trace.id] { forget(former) }
                kept.insert(trace)
                all.append(trace)
                live.append(trace)
            case 5..<7:
                guard let trace = live.randomElement(using: &random) else { continue }
                let before = trace.bytes
                trace.end(CallOutcome(status: 200, reason: "", by: "caller"), at: EventTime(microseconds: step))
                kept.note(trace, before: before)
                live.removeAll { $0 === trace }
            default:
                guard let trace = all.randomElement(using: &random) else { continue }
                #expect(kept.remove(trace.id) === trace)
                forget(trace)
            }
            #expect(kept.count == all.count)
        }
        #expect(kept.newestFirst.map { ObjectIdentifier($0) } == all.reversed().map { ObjectIdentifier($0) })
        // Where there is room for nothing, those that have ended go first, and then the others, as they came.
        var gone: [String] = []
        var small = KeptTraces(most: 0, memory: .max)
        for trace in all { trace.line = nil; small.insert(trace) }
        while let id = small.surplus() {
            gone.append(id)
            _ = small.remove(id)
        }
        let inOrder = all.filter { $0.ended != nil } + all.filter { $0.ended == nil }
        #expect(gone == inOrder.map(\.id))
    }
}
