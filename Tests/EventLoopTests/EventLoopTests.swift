import CUV
import Testing
@testable import EventLoop

@Suite("The event loop", .serialized)
struct EventLoopTests {
    @Test("jobs of the actor run on the loop's thread, in order")
    func order() async {
        let seen = await LoopActor.task {
            var seen: [Int] = []
            for number in 0..<1_000 {
                await Task.yield()
                seen.append(number)
            }
            return EventLoop.shared.isCurrentThread ? seen : []
        }.value
        #expect(seen == Array(0..<1_000))
        #expect(!EventLoop.shared.isCurrentThread)
    }

    @Test("a timer fires once, after its time; a cancelled one never; a repeating one until it is cancelled")
    @LoopActor func timers() async {
        let clock = ContinuousClock()
        let start = clock.now
        var fired: [String] = []
        let cancelled = LoopTimer.schedule(after: .milliseconds(5)) { fired.append("cancelled") }
        cancelled.cancel()
        cancelled.cancel()
        await withCheckedContinuation { done in
            var ticks = 0
            var ticker: LoopTimer?
            ticker = LoopTimer.schedule(after: .milliseconds(1), every: .milliseconds(1)) {
                ticks += 1
                if ticks == 3 { ticker?.cancel(); fired.append("ticked") }
            }
            _ = LoopTimer.schedule(after: .milliseconds(40)) {
                fired.append("once")
                done.resume()
            }
        }
        #expect(fired == ["ticked", "once"])
        #expect(clock.now - start >= .milliseconds(40))
    }

    @Test("the loop ends and starts again, any number of times, and leaves no descriptor open")
    func restart() async throws {
        await LoopActor.task {}.value
        EventLoop.shared.stop()
        let before = openDescriptors()
        for _ in 0..<20 {
            let ran = await LoopActor.task {
                // Left running on purpose: stop() has to deal with it.
                _ = LoopTimer.schedule(after: .seconds(3_600)) {}
                return EventLoop.shared.isCurrentThread
            }.value
            #expect(ran)
            EventLoop.shared.stop()
        }
        #expect(openDescriptors() == before)
    }

    @Test("the loop ends beside a timer that a library has left running in it")
    func foreignTimer() async {
        await LoopActor.task {
            let timer = UnsafeMutablePointer<uv_timer_t>.allocate(capacity: 1)
            uv_timer_init(EventLoop.shared.uvLoopPointer, timer)
            // No object of ours, as with libwebsockets.
            timer.pointee.data = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 16)
            uv_timer_start(timer, { _ in }, 3_600_000, 0)
        }.value
        EventLoop.shared.stop()
        #expect(await LoopActor.task { EventLoop.shared.isCurrentThread }.value)
    }

    @Test("jobs from many threads all arrive while the loop sleeps and wakes")
    func crowd() async {
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask { await Self.onLoop(number) }
            }
            return await group.reduce(0, +)
        }
        #expect(sum == (0..<200).reduce(0, +))
    }

    @LoopActor static func onLoop(_ number: Int) async -> Int {
        await Task.yield()
        return number
    }
}
