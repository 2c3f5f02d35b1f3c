import EventLoop
import Foundation
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("A PeerConnection with live media", .serialized, .timeLimit(.minutes(3)))
struct EnginePeerTests {
    /// A plain leg with audio and video whose phone talks with that leg.
    @LoopActor
    static func leg(_ bench: EngineBench, _ phone: TestPhone, to peer: EngineLegID, feedback: [EngineMedium.Feedback] = [.nack, .pli]) async throws -> PlainLeg {
        let leg = try await bench.leg([.audio, .video])
        let media = [
            EngineMedium(.audio, payloads: [EnginePayload(0, "pcmu", clock: 8_000)], remote: phone.remote),
            EngineMedium(.video, payloads: [EnginePayload(96, "vp8", clock: 90_000)], remote: phone.remote, feedback: feedback),
        ]
        try await leg.leg.configure(EngineConfiguration(peer: peer, media: media))
        return leg
    }

    /// Waits until the phone has packets of audio and video from the peer, and the peer audio from the phone.
    @LoopActor
    static func talk(_ bench: EngineBench, _ peer: TestPeer, _ phone: TestPhone) async throws {
        let leg = try await Self.leg(bench, phone, to: peer.id)
        try await peer.configure(to: leg.id)
        let target = leg.audio, before = peer.received("audio"), begin = ContinuousClock.now
        let speech = Task.detached {
            for index in 0..<1_500 where !Task.isCancelled {
                phone.send(RTPSample(index, ssrc: 7), to: target)
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        defer { speech.cancel() }
        var types: Set<UInt8> = []
        while types.count < 2, ContinuousClock.now - begin < .seconds(30) {
            for packet in await phone.receive(20, within: .seconds(1)) { types.insert(packet.type) }
        }
        #expect(types == [0, 96])
        try await peer.hears(after: before + 20)
        await leg.leg.handle.detach()
    }

    @Test("it talks with legs that come and go by hundreds, and with one that stays in the end")
    @LoopActor func churn() async throws {
        try await EngineBench.run(usesPeerConnections: true) { bench in
            let peer = try await TestPeer(of: bench.janus.client), phone = try TestPhone(EngineBench.phone), other = try TestPhone(EngineBench.phone)
            try await Self.talk(bench, peer, phone)
            var count = 0
            let end = ContinuousClock.now + .seconds(5)
            let workers = (0..<4).map { worker in
                Task { @LoopActor in
                    while ContinuousClock.now < end {
                        count += 1
                        let leg = try await Self.leg(bench, other, to: peer.id)
                        try await peer.configure(to: worker == 0 ? nil : leg.id)
                        for index in 0..<4 {
                            other.send(RTPSample(index * 2), to: leg.audio)
                            other.send(RTPSample(index * 2, type: 96), to: leg.video)
                        }
                        // Some last a little longer than it takes to pass packets on.
                        if count % 3 == 0 { try await Task.sleep(for: .milliseconds(20)) }
                        await leg.leg.handle.detach()
                        _ = other.waiting()
                    }
                }
            }
            for worker in workers { try await worker.value }
            #expect(count > 100)
            _ = phone.waiting()
            try await Self.talk(bench, peer, phone)
            print("EnginePeerTests: \(count) legs beside it")
            await peer.stop()
        }
    }
}
}
