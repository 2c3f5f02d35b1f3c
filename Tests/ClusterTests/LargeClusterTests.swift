@testable import Cluster
import EventLoop
import Foundation
import Registrar
import SIPNames
import TestRedis
import Testing

/// Nodes that have much.
@Suite("Large nodes", .serialized)
struct LargeClusterTests {
    private static let count = 30_000

    /// CPU time of this thread, the loop's.
    private static var time: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// The longest CPU time that the loop spends between two moments of a timer that fires all the time.
    @LoopActor
    private final class Watch {
        private(set) var longest = Duration.zero
        private var last = LargeClusterTests.time
        private var timer: LoopTimer?

        init() {
            timer = LoopTimer.schedule(after: .milliseconds(1), every: .milliseconds(1)) { [weak self] in self?.tick() }
        }

        private func tick() {
            let now = LargeClusterTests.time
            longest = max(longest, now - last)
            last = now
        }

        func stop() { timer?.cancel() }
    }

    @Test("what a large node has is read beside the loop: calls are not held up, whatever is loaded anew")
    @LoopActor func reload() async throws {
        let redis = try RedisProcess()
        let b = try await TestNode("b", redis)
        b.register(.bob())
        #expect(await b.registrar.flush())
        let sample = try #require(b.registrar.all.first), text = BindingText.write(sample, clock: .current)
        // Those of others, as a node of another process would have them.
        try redis.command("EVAL", """
            local node = cjson.encode({address = 'tcp:127.0.0.1:5999', draining = false})
            redis.call('SET', 'tern:node:c', 'x tcp:127.0.0.1:5999')
            redis.call('HSET', 'tern:nodes', 'c', node)
            for i = 1, \(Self.count) do
              redis.call('HSET', 'tern:bindings:c', i, (string.gsub(string.gsub(ARGV[1], '"id":%d+', '"id":' .. i), '"user":"bob"', '"user":"u' .. i .. '"')))
            end
            """, "0", text)
        // What it costs to take them one after the other.
        var content = NodeContent(record: NodeRecord(address: ListenAddress(transport: .tcp, address: "127.0.0.1", port: 5_999)))
        let start = Self.time
        for number in 1...Self.count {
            var binding = sample
            binding.user = "u\(number)"
            content.set(binding, id: "\(number)")
        }
        let cost = Self.time - start
        let a = try await TestNode("a", redis)
        #expect(await eventually(within: .seconds(60)) { a.cluster.figures.bindings == Self.count + 1 })
        // Users who have a phone here as well.
        for number in 1...3_000 {
            var request = RegisterRequest.bob("198.51.100.1", callID: "own \(number)")
            request.user = "u\(number)"
            #expect(a.register(request) == 200)
        }
        let before = a.cluster.figures.loads, watch = Watch()
        // Both of its connections are gone: everything is read anew.
        _ = try await Task.detached { try redis.command("CLIENT", "KILL", "TYPE", "normal") }.value
        #expect(await eventually(within: .seconds(60)) { a.cluster.figures.loads > before && a.cluster.isReached && a.cluster.isSettled })
        watch.stop()
        #expect(watch.longest < cost / 3, "\(watch.longest) of \(cost)")
        #expect(a.cluster.figures.bindings == Self.count + 1 && a.registrar.count == 3_000)
        await a.stop()
        await b.stop()
    }
}
