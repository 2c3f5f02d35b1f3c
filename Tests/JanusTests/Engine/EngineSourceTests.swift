import EventLoop
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("Whose packets a leg takes", .serialized, .timeLimit(.minutes(1)))
struct EngineSourceTests {
    @Test("a stranger at a leg's port is never heard, neither before the phone's first packet nor after it, and gets nothing")
    @LoopActor func stranger() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone), stranger = try TestPhone(EngineBench.stranger)
            try await leg.configure(phone.remote, to: leg.id)
            for index in 0..<20 { stranger.send(RTPSample(index, mark: 9), to: leg.audio) }
            let counters1 = try await leg.statistics { $0.dropped == 20 }
            #expect(counters1.received.packets == 0)
            // It knows the phone's stream, and another port of the phone's host is a stranger's as well.
            let neighbour = try TestPhone(EngineBench.phone)
            var heard: [RTPSample] = []
            for index in 0..<200 {
                phone.send(RTPSample(index * 3), to: leg.audio)
                stranger.send(RTPSample(index * 3 + 1, mark: 9), to: leg.audio)
                neighbour.send(RTPSample(index * 3 + 2, mark: 9), to: leg.audio)
                heard += await phone.receive(1)
            }
            #expect(heard.count == 200 && heard.allSatisfy { $0.mark == 0 })
            let statistics = try await leg.statistics { $0.dropped == 420 }
            #expect(statistics.received.packets == 200 && statistics.latched == socketAddress(phone.address, phone.port))
            #expect(phone.waiting().isEmpty && stranger.waiting().isEmpty && neighbour.waiting().isEmpty)
            #expect(!leg.events.elements.contains { if case .latched = $0 { true } else { false } })
        }
    }

    @Test("a phone behind NAT is followed to where its first packet comes from, and then nobody else is")
    @LoopActor func behindNAT() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone), stranger = try TestPhone(EngineBench.stranger)
            let inside = EngineRemote(address: "192.168.1.7", port: 5_004, rtcpPort: 5_005)
            for (remote, isHidden) in [(inside, false), (EngineRemote(address: "203.0.113.9", port: 5_004, rtcpPort: 5_005, hidden: true), true)] {
                try await leg.configure(remote, to: leg.id)
                leg.events.clear()
                phone.send(RTPSample(0), to: leg.audio)
                #expect(await phone.receive(1).count == 1, "\(isHidden)")
                let latched = try await leg.events.first { if case .latched = $0 { true } else { false } }
                #expect(latched == .latched(
                    .audio, socketAddress(phone.address, phone.port),
                    former: socketAddress(remote.address, remote.port)))
                for index in 1..<100 {
                    phone.send(RTPSample(index), to: leg.audio)
                    stranger.send(RTPSample(index, mark: 9), to: leg.audio)
                }
                #expect(await phone.receive(99).allSatisfy { $0.mark == 0 })
                #expect(stranger.waiting().isEmpty)
            }
            try await leg.statistics { $0.dropped == 198 && $0.received.packets == 200 }
        }
    }

    @Test("two relays that each hear a stranger before the other find each other by their RTCP, with ports of its own and without", arguments: [false, true])
    @LoopActor func relays(isMuxed: Bool) async throws {
        try await EngineBench.run { bench in
            let near = (try await bench.leg(), try await bench.leg()), far = (try await bench.leg(), try await bench.leg())
            let caller = try TestPhone(EngineBench.phone), callee = try TestPhone(EngineBench.phone)
            try await near.0.configure(caller.remote, to: near.1.id)
            try await far.1.configure(callee.remote, to: far.0.id)
            let strangers = [try TestPhone(EngineBench.stranger), try TestPhone(EngineBench.stranger)]
            let hop = [near.1, far.0]
            for (leg, other, peer) in [(near.1, far.0, near.0), (far.0, near.1, far.1)] {
                let remote = EngineRemote(
                    address: other.address, port: other.audio.port, rtcpPort: other.audio.port + 1, rtcpMux: isMuxed)
                try await leg.configure(remote, to: peer.id)
            }
            // Strangers speak on, to the port for RTCP as well, and never fall silent.
            var index = 0
            @LoopActor func disturb() {
                for (stranger, leg) in zip(strangers, hop) {
                    stranger.send(RTPSample(index, ssrc: 7, mark: 9), to: leg.audio)
                    stranger.send([0x80, 201, 0, 1, 0, 0, 0, 7], to: leg.audio, asRTCP: true)
                }
                index += 1
            }
            // Nobody else is heard for a second: then they are.
            let patience = ContinuousClock.now + .seconds(5)
            for leg in hop {
                while try await leg.leg.statistics().audio?.latched?.address != EngineBench.stranger, ContinuousClock.now < patience { disturb() }
            }
            _ = (caller.waiting(), callee.waiting())
            var heard: Set<UInt8> = []
            let end = ContinuousClock.now + .seconds(20)
            while heard.count < 2, ContinuousClock.now < end {
                disturb()
                caller.send(RTPSample(index, ssrc: 1, mark: 1), to: near.0.audio)
                callee.send(RTPSample(index, ssrc: 2, mark: 2), to: far.1.audio)
                heard.formUnion(await caller.receive(1, within: .milliseconds(10)).map(\.mark).filter { $0 == 2 })
                heard.formUnion(await callee.receive(1, within: .milliseconds(10)).map(\.mark).filter { $0 == 1 })
            }
            #expect(heard == [1, 2])
            for leg in hop { try await leg.statistics { $0.latched?.address == EngineBench.address } }
            // From then on strangers are not heard.
            let first = index
            for _ in 0..<10 {
                disturb()
                caller.send(RTPSample(index, ssrc: 1, mark: 1), to: near.0.audio)
            }
            var late: [UInt8] = []
            while late.count < 10, let sample = await callee.receive(1).first {
                if sample.index > first || sample.mark == 9 && sample.index == first { late.append(sample.mark) }
            }
            #expect(late == [UInt8](repeating: 1, count: 10))
        }
    }

    @Test("a phone behind NAT whose RTCP is not moved by it is sent its packets to where it is heard: the reports are of the same stream")
    @LoopActor func ownReports() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), signalled = try TestPhone(EngineBench.phone), phone = try TestPhone(EngineBench.stranger)
            var remote = signalled.remote
            remote.hidden = true
            try await leg.configure(remote, to: leg.id)
            phone.send(RTPSample(0), to: leg.audio)
            #expect(await phone.receive(1).count == 1)
            let ssrc = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: RTPSample(0).ssrc >> $0) }
            signalled.send([0x80, 201, 0, 1] + ssrc, to: leg.audio, asRTCP: true)
            try await leg.statistics { $0.rtcpReceived == 1 }
            phone.send(RTPSample(1), to: leg.audio)
            #expect(await phone.receive(1).map(\.index) == [1])
            // So do those of another stream that says goodbye: a phone that has begun a new one.
            signalled.send([0x80, 201, 0, 1, 0, 0, 0, 9, 0x81, 203, 0, 1, 0, 0, 0, 9], to: leg.audio, asRTCP: true)
            try await leg.statistics { $0.rtcpReceived == 2 }
            phone.send(RTPSample(2), to: leg.audio)
            #expect(await phone.receive(1).map(\.index) == [2])
            // Those of another stream are of whoever is there.
            signalled.send([0x80, 201, 0, 1, 0, 0, 0, 9], to: leg.audio, asRTCP: true)
            try await leg.statistics { $0.rtcpReceived == 3 }
            phone.send(RTPSample(3), to: leg.audio)
            #expect(await signalled.receive(1).map(\.index) == [3])
            // One of its own brings it back.
            signalled.send([0x80, 201, 0, 1] + ssrc, to: leg.audio, asRTCP: true)
            try await leg.statistics { $0.rtcpReceived == 4 }
            phone.send(RTPSample(4), to: leg.audio)
            #expect(await phone.receive(1).map(\.index) == [4])
            #expect(phone.waiting().isEmpty && signalled.waiting().isEmpty)
        }
    }

    @Test("nothing is sent before an address is known, and the first packet shows it")
    @LoopActor func noAddress() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), other = try await bench.leg()
            let phone = try TestPhone(EngineBench.phone), talker = try TestPhone(EngineBench.phone)
            try await leg.configure(EngineRemote(address: "0.0.0.0", port: 0, rtcpPort: 0), to: other.id)
            try await other.configure(talker.remote, to: leg.id)
            talker.send(RTPSample(0), to: other.audio)
            try await other.statistics { $0.received.packets == 1 }
            #expect(try await leg.leg.statistics().audio?.sent.packets == 0)
            phone.send(RTPSample(0), to: leg.audio)
            #expect(await talker.receive(1).count == 1)
            talker.send(RTPSample(1), to: other.audio)
            #expect(await phone.receive(1).map(\.index) == [1])
        }
    }

    @Test("a stream that goes on from another port is followed after a pause of 0.2 s, another stream only after three seconds")
    @LoopActor func moved() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone), next = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id)
            phone.send(RTPSample(0), to: leg.audio)
            #expect(await phone.receive(1).count == 1)
            /// Sends packets every 10 ms until one comes back.
            @LoopActor func knock(_ phone: TestPhone, ssrc: UInt32) async -> Duration {
                let begin = ContinuousClock.now
                for index in 1..<600 {
                    phone.send(RTPSample(index, ssrc: ssrc), to: leg.audio)
                    if await phone.receive(1, within: .milliseconds(10)).count == 1 { break }
                }
                return ContinuousClock.now - begin
            }
            let short = await knock(next, ssrc: RTPSample(0).ssrc)
            #expect(short > .milliseconds(150) && short < .seconds(1), "\(short)")
            try await leg.events.first {
                $0 == .latched(
                    .audio, socketAddress(next.address, next.port),
                    former: socketAddress(phone.address, phone.port))
            }
            let stranger = try TestPhone(EngineBench.stranger)
            let long = await knock(stranger, ssrc: 7)
            #expect(long > .milliseconds(2_800) && long < .seconds(5), "\(long)")
            // The signalled address has the right to it at any time.
            phone.send(RTPSample(9), to: leg.audio)
            #expect(await phone.receive(1).map(\.index) == [9])
            stranger.send(RTPSample(601, ssrc: 7), to: leg.audio)
            phone.send(RTPSample(10), to: leg.audio)
            #expect(await phone.receive(1).map(\.index) == [10])
            #expect(stranger.waiting().isEmpty)
        }
    }

    @Test("with latching off only the signalled address is heard, however long it is silent")
    @LoopActor func off() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            let elsewhere = EngineRemote(address: EngineBench.phone, port: 9, rtcpPort: 10, hidden: true)
            try await leg.configure(elsewhere, to: leg.id, latching: .off)
            for index in 0..<130 {
                phone.send(RTPSample(index), to: leg.audio)
                try await Task.sleep(for: .milliseconds(10))
            }
            let counters2 = try await leg.statistics { $0.dropped == 130 }
            #expect(counters2.received.packets == 0)
            #expect(phone.waiting().isEmpty)
            try await leg.configure(phone.remote, to: leg.id, latching: .off)
            phone.send(RTPSample(130), to: leg.audio)
            #expect(await phone.receive(1).map(\.index) == [130])
        }
    }

    @Test("when SIP says another address the former one is no longer heard, and media go to the new one at once")
    @LoopActor func signalledAgain() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), other = try await bench.leg()
            let former = try TestPhone(EngineBench.phone), next = try TestPhone(EngineBench.phone), talker = try TestPhone(EngineBench.phone)
            try await other.configure(talker.remote, to: leg.id)
            try await leg.configure(former.remote, to: other.id)
            former.send(RTPSample(0), to: leg.audio)
            #expect(await talker.receive(1).count == 1)
            try await leg.configure(next.remote, to: other.id)
            talker.send(RTPSample(0), to: other.audio)
            #expect(await next.receive(1).count == 1)
            former.send(RTPSample(1), to: leg.audio)
            try await leg.statistics { $0.dropped == 1 }
            #expect(talker.waiting().isEmpty && former.waiting().isEmpty)
            // The same address again changes nothing.
            next.send(RTPSample(2), to: leg.audio)
            #expect(await talker.receive(1).count == 1)
            try await leg.configure(next.remote, to: other.id)
            #expect(try await leg.leg.statistics().audio?.latched == socketAddress(next.address, next.port))
        }
    }

    @Test("switching latching off sends media to the signalled address again")
    @LoopActor func switchedOff() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), other = try await bench.leg()
            let phone = try TestPhone(EngineBench.phone), actual = try TestPhone(EngineBench.phone), talker = try TestPhone(EngineBench.phone)
            var remote = phone.remote
            remote.hidden = true
            try await other.configure(talker.remote, to: leg.id)
            try await leg.configure(remote, to: other.id)
            actual.send(RTPSample(0), to: leg.audio)
            #expect(await talker.receive(1).count == 1)
            talker.send(RTPSample(0), to: other.audio)
            #expect(await actual.receive(1).count == 1)
            try await leg.configure(remote, to: other.id, latching: .off)
            talker.send(RTPSample(1), to: other.audio)
            #expect(await phone.receive(1).map(\.index) == [1])
            #expect(actual.waiting().isEmpty)
        }
    }
}
}
