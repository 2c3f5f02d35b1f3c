@testable import Registrar
import Testing

/// #expect wants what it calls not to be mutating.
private final class Waiting {
    private var backlog = StoreBacklog()

    var isEmpty: Bool { backlog.isEmpty }
    func note(_ changes: [BindingChange]) { backlog.note(changes) }
    func take() -> StoreBacklog.Work? { backlog.take() }
    func succeeded() -> Bool { backlog.succeeded() }
    func failed() -> (wait: Duration, isFirst: Bool) { backlog.failed() }
}

@Suite("What waits to be stored")
struct BacklogTests {
    private func change(_ id: Int64, user: String = "alice") throws -> BindingChange {
        var registrar = Registrar()
        var binding = try #require(try registrar.accept(.sample([.init("sip:a@192.0.2.1")]), now: .now).first)
        (binding.id, binding.user) = (id, user)
        return BindingChange(kind: .refreshed, binding: binding)
    }

    @Test("many changes of one binding are one write")
    func coalesced() throws {
        let backlog = Waiting()
        #expect(backlog.isEmpty && backlog.take() == nil)
        for _ in 1...1_000 { backlog.note([try change(1)]) }
        backlog.note([try change(2, user: "bob")])
        #expect(backlog.take() == .changes([1: "alice", 2: "bob"]))
    }

    @Test("one write is under way at a time; what comes meanwhile goes with the next")
    func order() throws {
        let backlog = Waiting()
        backlog.note([try change(1)])
        #expect(backlog.take() == .changes([1: "alice"]))
        backlog.note([try change(1), try change(2)])
        #expect(backlog.take() == nil && !backlog.isEmpty)
        #expect(!backlog.succeeded())
        #expect(backlog.take() == .changes([1: "alice", 2: "alice"]))
        #expect(!backlog.succeeded())
        #expect(backlog.isEmpty)
    }

    @Test("too many changes become everything")
    func bounded() throws {
        let backlog = Waiting()
        let one = try change(1)
        for id in 1...Int64(StoreBacklog.most + 1) {
            var next = one
            next.binding.id = id
            backlog.note([next])
        }
        #expect(backlog.take() == .everything)
    }

    @Test("after a failure everything is written, after a wait that grows to a minute, until it works")
    func failures() throws {
        let backlog = Waiting()
        var waits: [Duration] = []
        for round in 1...9 {
            backlog.note([try change(1)])
            #expect(backlog.take() == (round == 1 ? .changes([1: "alice"]) : .everything))
            let (wait, isFirst) = backlog.failed()
            #expect(isFirst == (round == 1))
            waits.append(wait)
        }
        #expect(waits == [1, 2, 4, 8, 16, 32, 60, 60, 60].map { .seconds($0) })
        #expect(backlog.take() == .everything)
        #expect(backlog.succeeded())
        #expect(backlog.isEmpty)
        backlog.note([try change(1)])
        #expect(backlog.take() == .changes([1: "alice"]))
        #expect(backlog.failed().wait == .seconds(1))
    }
}

@Suite("Times in the file")
struct StoredTimeTests {
    let monotonic = ContinuousClock.now

    private func stored(expires: Int, at wall: Int64) throws -> StoredBinding {
        var registrar = Registrar()
        let binding = try #require(try registrar.accept(.sample([.init("sip:a@192.0.2.1")], expires: expires), now: monotonic).first)
        return StoredBinding(binding, clock: ClockReading(monotonic: monotonic + .seconds(10), wall: wall))
    }

    /// Read by a process whose monotonic clock has begun anew.
    private func read(_ stored: StoredBinding, at wall: Int64) -> (remaining: Int, age: Int64)? {
        let clock = ClockReading(monotonic: monotonic - .seconds(100_000), wall: wall)
        return StoredBinding(stored.binding, expires: stored.expires, updated: stored.updated, clock: clock, longest: 3_600)
            .map { ($0.binding.remainingSeconds(at: clock.monotonic), (clock.monotonic - $0.binding.updated).components.seconds) }
    }

    @Test("what is left is what the wall clock says has not passed")
    func left() throws {
        let stored = try stored(expires: 600, at: 1_000_000)
        #expect(stored.expires == 1_000_590 && stored.updated == 999_990)
        let found = try #require(read(stored, at: 1_000_100))
        #expect(found.remaining == 490 && found.age == 110)
        #expect(read(stored, at: 1_000_590) == nil)
    }

    @Test("a wall clock that was set back makes no binding last longer than one may, and one far off does not overflow")
    func clockSteps() throws {
        let stored = try stored(expires: 600, at: 1_000_000)
        let found = try #require(read(stored, at: 10))
        #expect(found.remaining == 3_600 && found.age == 0)
        #expect(read(stored, at: .min) == nil)
        #expect(read(stored, at: .max) == nil)
    }
}
