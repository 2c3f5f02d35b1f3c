import EventLoop
import Foundation
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("The media engine without ports or descriptors", .serialized, .timeLimit(.minutes(1)))
struct EngineLimitTests {
    @Test("a range whose ports are used up refuses with 503; another one does not, and a leg that ends makes room at once")
    @LoopActor func ports() async throws {
        try await EngineBench.run { bench in
            let range = 24_100...24_103
            let first = try await bench.leg(ports: range), second = try await bench.leg(ports: range)
            for _ in 0..<3 { #expect(await Self.refusal(bench, range) == EngineLeg.Refusal.noPorts) }
            #expect(await Self.refusal(bench, 24_110...24_111) == nil)
            await first.leg.handle.detach()
            let begin = ContinuousClock.now
            var refusal: Int?
            repeat { refusal = await Self.refusal(bench, range) } while refusal != nil && ContinuousClock.now - begin < .milliseconds(500)
            #expect(refusal == nil)
            await second.leg.handle.detach()
        }
    }

    @Test("where the last pair was of another range, a range is begun anywhere: two Januses do not begin with the same ports")
    @LoopActor func beginning() async throws {
        try await EngineBench.run { bench in
            var offsets: [Int] = []
            for _ in 0..<4 {
                let other = try await bench.leg(ports: 23_000...23_999), leg = try await bench.leg(ports: 24_000...24_999)
                offsets += [(other.ports.audio?.port ?? 0) - 23_000, (leg.ports.audio?.port ?? 0) - 24_000]
            }
            // Where the first one begins is chance in any case.
            #expect(offsets.dropFirst().contains { $0 > 100 }, "\(offsets)")
            // Within a range they follow each other.
            let first = try await bench.leg(), second = try await bench.leg()
            let ports = [first, second].map { $0.ports.audio?.port ?? 0 }
            #expect(ports[1] > ports[0] || ports[0] > 24_900, "\(ports)")
        }
    }

    /// The code that an `open` is refused with; nil where the leg was open, which ends again.
    @LoopActor
    private static func refusal(_ bench: EngineBench, _ range: ClosedRange<Int>) async -> Int? {
        do throws(JanusError) {
            let leg = try await EngineLeg.attach(to: bench.janus.client)
            let refusal: Int?
            do throws(JanusError) {
                _ = try await leg.open([.audio], at: EngineBench.address, ports: range)
                refusal = nil
            } catch {
                guard case .plugin(let code, _) = error else { throw error }
                refusal = code
            }
            await leg.handle.detach()
            return refusal
        } catch {
            Issue.record("\(error)")
            return -1
        }
    }

    @Test("Janus has no descriptor left: an `open` is refused with 503, and nothing of it stays; with descriptors it works")
    @LoopActor func descriptors() async throws {
        try await EngineBench.run { bench in
            try Self.limit(bench.pid)
            #expect(await Self.refusal(bench, 24_000...24_999) == EngineLeg.Refusal.noPorts)
            // One for RTP, and none for RTCP.
            try Self.limit(bench.pid, sparing: 1)
            #expect(await Self.refusal(bench, 24_000...24_999) == EngineLeg.Refusal.noPorts)
            try Self.limit(bench.pid, sparing: 1_000)
            #expect(await Self.refusal(bench, 24_000...24_999) == nil)
        }
    }

    /// Leaves a process so many descriptors: numbers from the limit on cannot be had (getrlimit(2)).
    private static func limit(_ pid: Int32, sparing count: Int = 0) throws {
        let used = Set(try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").compactMap { Int($0) })
        var limit = 0, left = count
        while used.contains(limit) || left > 0 {
            if !used.contains(limit) { left -= 1 }
            limit += 1
        }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/prlimit")
        process.arguments = ["--pid", "\(pid)", "--nofile=\(limit):"]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }
}
}
