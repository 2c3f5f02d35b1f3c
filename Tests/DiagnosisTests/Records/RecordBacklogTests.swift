import Testing
@testable import Diagnosis

@Suite("Records that wait")
struct RecordBacklogTests {
    private func add(_ ids: [String], to backlog: inout RecordBacklog) -> Int {
        let lost = ids.reduce(0) { $0 + backlog.add(KeptRecord(RecordSamples.begun($1))) }
        return lost + backlog.releaseRunning()
    }

    @Test("a call that runs waits until it is time, and is written once when it has ended before")
    func running() {
        var backlog = RecordBacklog()
        for id in ["a", "b", "c"] { #expect(backlog.add(KeptRecord(RecordSamples.begun(id))) == 0) }
        #expect(!backlog.isDue && backlog.count == 3 && backlog.take().isEmpty)
        #expect(backlog.add(KeptRecord(RecordSamples.ended("b"))) == 0)
        #expect(backlog.isDue && backlog.take().map(\.record) == [RecordSamples.ended("b")])
        _ = backlog.succeeded()
        #expect(!backlog.isDue && backlog.releaseRunning() == 0 && backlog.isDue)
        #expect(backlog.take().map(\.record) == [RecordSamples.begun("a"), RecordSamples.begun("c")])
        // It goes on while what was known of it cannot be written.
        _ = backlog.add(KeptRecord(RecordSamples.begun("a")))
        _ = backlog.failed()
        #expect(backlog.count == 2 && backlog.take().map(\.record) == [RecordSamples.begun("c")])
    }

    @Test("they are taken in their order, a call once, with its last record")
    func order() {
        var backlog = RecordBacklog()
        #expect(add(["a", "b"], to: &backlog) == 0)
        #expect(backlog.add(KeptRecord(RecordSamples.ended("a"))) == 0)
        #expect(backlog.take().map(\.record) == [RecordSamples.ended("a"), RecordSamples.begun("b")])
        #expect(backlog.take().isEmpty && backlog.isWriting)
        #expect(backlog.succeeded() == false && backlog.count == 0)
    }

    @Test("what could not be written goes before what came meanwhile, but for calls that have a newer record")
    func failure() {
        var backlog = RecordBacklog()
        _ = add(["a", "b"], to: &backlog)
        _ = backlog.take()
        _ = backlog.add(KeptRecord(RecordSamples.ended("b")))
        _ = add(["c"], to: &backlog)
        let first = backlog.failed()
        #expect(first.wait == .seconds(1) && first.isFirst && first.lost == 0)
        #expect(backlog.take().map(\.record) == [RecordSamples.begun("a"), RecordSamples.ended("b"), RecordSamples.begun("c")])
        let second = backlog.failed()
        #expect(second.wait == .seconds(2) && !second.isFirst)
        _ = backlog.take()
        #expect(backlog.succeeded() && !backlog.hasFailed)
    }

    @Test("beyond its bound the oldest make room, and are counted; the wait has an end")
    func bounded() {
        var backlog = RecordBacklog(most: 100)
        #expect(add((0..<150).map(String.init), to: &backlog) == 50)
        #expect(backlog.count == 100)
        #expect(backlog.take().map(\.id) == (50..<150).map(String.init))
        _ = add((200..<250).map(String.init), to: &backlog)
        #expect(backlog.failed().lost == 50 && backlog.count == 100)
        for _ in 0..<20 {
            _ = backlog.take()
            #expect(backlog.failed().wait <= .seconds(60))
        }
        #expect(backlog.take().count == 100)
    }

    @Test("a long queue is taken in batches")
    func batches() {
        var backlog = RecordBacklog()
        _ = add((0..<1_200).map(String.init), to: &backlog)
        var sizes: [Int] = []
        while backlog.count > 0 {
            sizes.append(backlog.take().count)
            _ = backlog.succeeded()
        }
        #expect(sizes == [500, 500, 200])
    }
}
