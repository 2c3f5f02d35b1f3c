import Foundation
@testable import Janus
import Testing

@Suite("The cores that a process keeps busy")
struct ProcessorUseTests {
    @Test("the times stand behind a name that may have anything in it; what is no such line says nothing")
    func fields() {
        let line = "4711 (ja) nus 1 2) S 1 4711 4711 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 7 0 100 1000 200 18446744073709551615\n"
        #expect(ProcessorUse.time(inStat: line, ticks: 100) == .seconds(3))
        #expect(ProcessorUse.time(inStat: "4711 (janus) S 1 2 3", ticks: 100) == nil)
        #expect(ProcessorUse.time(inStat: "", ticks: 100) == nil && ProcessorUse.time(inStat: line, ticks: 0) == nil)
        #expect(ProcessorUse.time(inStat: line.replacingOccurrences(of: "250", with: "-1"), ticks: 100) == nil)
        #expect(ProcessorUse.time(inStat: line.replacingOccurrences(of: "250", with: "99999999999999999999"), ticks: 100) == nil)
    }

    @Test("they are counted from one look to the next, of the same process")
    func cores() throws {
        var use = ProcessorUse()
        let start = ContinuousClock.now
        #expect(use.cores(of: 1, time: .seconds(10), now: start) == nil)
        let cores = use.cores(of: 1, time: .seconds(11), now: start + .seconds(2))
        #expect(cores.map { abs($0 - 0.5) < 0.001 } == true)
        #expect(use.cores(of: 1, time: .seconds(12), now: start + .seconds(2)) == nil)
        // Another process, and one that is gone.
        #expect(use.cores(of: 2, time: .seconds(40), now: start + .seconds(3)) == nil)
        #expect(use.cores(of: 2, time: nil, now: start + .seconds(4)) == nil)
        #expect(use.cores(of: 2, time: .seconds(41), now: start + .seconds(5)) == nil)
    }

    @Test("this process has a time, one that is not there has none")
    func real() {
        #expect(ProcessorUse.time(of: getpid()).map { $0 >= .zero } == true)
        #expect(ProcessorUse.time(of: 0x7fff_fff0) == nil)
    }
}
