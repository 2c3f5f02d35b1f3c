import EventLoop
import Foundation
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("Many legs, one after another", .serialized, .timeLimit(.minutes(3)))
struct EngineChurnTests {
    /// A leg that lives for a moment: it opens its ports, has a peer and a phone, perhaps gets packets, and ends.
    @LoopActor
    static func live(_ bench: EngineBench, _ phone: TestPhone, _ number: Int) async throws {
        let leg = try await bench.leg(number % 3 == 0 ? [.audio, .video] : [.audio])
        let suite = EngineSRTP.Suite.aes128SHA80
        let key = String(repeating: "A", count: 40)
        try await leg.configure(phone.remote, to: leg.id, srtp: number % 4 == 0 ? EngineSRTP(suite, local: key, remote: key) : nil)
        for index in 0..<2 { phone.send(RTPSample(index), to: leg.audio) }
        await leg.leg.handle.detach()
    }

    @Test("10,000 legs are opened and closed while media flow: no descriptor more, no memory more, and no packet of another leg lost")
    @LoopActor func churn() async throws {
        try await EngineBench.run { bench in
            let phone = try TestPhone(EngineBench.phone), talker = try TestPhone(EngineBench.phone)
            let steady = try await bench.leg(ports: 25_000...25_099)
            try await steady.configure(talker.remote, to: steady.id)
            let target = steady.audio
            let isOver = Flag()
            let media = LoopActor.task {
                var sent = 0, heard = 0
                while !isOver.isSet {
                    talker.send(RTPSample(sent), to: target)
                    sent += 1
                    heard += await talker.receive(1, within: .seconds(1)).count
                    try? await Task.sleep(for: .milliseconds(5))
                }
                return (sent, heard)
            }
            @LoopActor func run(_ count: Int) async throws {
                let workers = (0..<8).map { worker in
                    Task { @LoopActor in
                        for number in 0..<count / 8 { try await Self.live(bench, phone, number * 8 + worker) }
                    }
                }
                for worker in workers { try await worker.value }
                _ = phone.waiting()
            }
            // What Janus and its libraries keep for later has been taken by then.
            try await run(2_000)
            let before = try #require(MemoryWatch.memory(of: bench.pid)), descriptors = try await bench.descriptors { _ in true }
            try await run(8_000)
            isOver.isSet = true
            let (sent, heard) = await media.value
            #expect(sent > 100 && heard == sent)
            let open = try await bench.descriptors { $0 <= descriptors }
            #expect(open <= descriptors)
            let after = try #require(MemoryWatch.memory(of: bench.pid))
            print("EngineChurnTests: memory \(before >> 10) KiB, then \(after >> 10) KiB; \(sent) packets beside it")
            // The address sanitizer keeps what was freed for a while.
            #expect(after - before < (Machine.engine == nil ? 4 : 256) << 20)
            #expect(try await bench.janus.handleCount() == 1)
            await bench.janus.admin.close()
        }
    }

    @LoopActor
    final class Flag { var isSet = false }
}
}
