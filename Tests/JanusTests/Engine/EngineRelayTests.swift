import EventLoop
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("The media engine between phones", .serialized, .timeLimit(.minutes(1)))
struct EngineRelayTests {
    /// Consecutive sequence numbers, and timestamps that grow by 160.
    static func isContinuous(_ packets: [RTPSample]) -> Bool {
        zip(packets, packets.dropFirst()).allSatisfy { former, next in
            next.sequence == former.sequence &+ 1 && next.timestamp == former.timestamp &+ 160
        }
    }

    @Test("a leg that is its own peer returns what it gets, under numbers of its own", arguments: [EngineBench.address, "::1"])
    @LoopActor func echo(address: String) async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(at: address), phone = try TestPhone(address == "::1" ? "::1" : EngineBench.phone)
            #expect(leg.audio.port % 2 == 0)
            try await leg.configure(phone.remote, to: leg.id)
            var heard: [RTPSample] = []
            for index in 65_500..<65_600 {
                phone.send(RTPSample(index), to: leg.audio)
                heard += await phone.receive(1)
            }
            let spoken: [[UInt8]] = (65_500..<65_600).map { RTPSample($0).payload }
            #expect(heard.map(\.payload) == spoken)
            #expect(Self.isContinuous(heard))
            #expect(heard.allSatisfy { $0.type == 0 && $0.ssrc == heard[0].ssrc } && heard.first?.ssrc != RTPSample(0).ssrc)
            let statistics = try await leg.statistics { $0.received.packets == 100 }
            #expect(statistics.received.bytes == 17_200 && statistics.received.lost == 0 && statistics.received.ssrc == RTPSample(0).ssrc)
            #expect(statistics.sent.packets == 100 && statistics.sent.bytes == 17_200 && statistics.sent.ssrc == heard.first?.ssrc)
            #expect(statistics.latched == socketAddress(phone.address, phone.port) && statistics.dropped == 0)
        }
    }

    @Test("two legs that name each other pass on what they get, and nothing comes back to its sender")
    @LoopActor func relay() async throws {
        try await EngineBench.run { bench in
            let legs = [try await bench.leg(), try await bench.leg()]
            let phones = [try TestPhone(EngineBench.phone), try TestPhone(EngineBench.phone)]
            #expect(legs[0].id != legs[1].id && legs[0].audio != legs[1].audio)
            try await legs[0].configure(phones[0].remote, to: legs[1].id)
            try await legs[1].configure(phones[1].remote, to: legs[0].id)
            for index in 0..<50 {
                phones[0].send(RTPSample(index, mark: 1), to: legs[0].audio)
                phones[1].send(RTPSample(index, mark: 2), to: legs[1].audio)
            }
            let heard = [await phones[0].receive(50), await phones[1].receive(50)]
            #expect(heard[0].allSatisfy { $0.mark == 2 } && heard[1].allSatisfy { $0.mark == 1 })
            #expect(heard[0].map(\.index) == Array(0..<50) && heard[1].map(\.index) == Array(0..<50))
            for leg in legs { try await leg.statistics { $0.received.packets == 50 && $0.sent.packets == 50 } }
            #expect(phones.allSatisfy { $0.waiting().isEmpty })
        }
    }

    @Test("a leg sends only what its own peer passes on")
    @LoopActor func oneSided() async throws {
        try await EngineBench.run { bench in
            let talker = try await bench.leg(), other = try await bench.leg()
            let phone = try TestPhone(EngineBench.phone), quiet = try TestPhone(EngineBench.phone)
            try await talker.configure(phone.remote, to: other.id)
            try await other.configure(quiet.remote, to: nil)
            for index in 0..<10 { phone.send(RTPSample(index), to: talker.audio) }
            try await talker.statistics { $0.received.packets == 10 }
            #expect(try await other.leg.statistics().audio?.sent.packets == 0)
            #expect(quiet.waiting().isEmpty)
            try await other.configure(quiet.remote, to: talker.id)
            phone.send(RTPSample(10), to: talker.audio)
            #expect(await quiet.receive(1).map(\.index) == [10])
        }
    }

    @Test("while a side is muted packets are counted and not passed on; afterwards the numbers go on without a hole", arguments: [true, false])
    @LoopActor func mute(isReceiver: Bool) async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            func configure(muted: Bool) async throws {
                try await leg.configure(phone.remote, to: leg.id, receive: !(muted && isReceiver), send: !(muted && !isReceiver))
            }
            var heard: [RTPSample] = []
            for round in 0..<3 {
                try await configure(muted: false)
                for index in round * 100..<round * 100 + 50 { phone.send(RTPSample(index), to: leg.audio) }
                heard += await phone.receive(50)
                try await configure(muted: true)
                for index in round * 100 + 50..<round * 100 + 100 { phone.send(RTPSample(index), to: leg.audio) }
                let statistics = try await leg.statistics { $0.received.packets == (round + 1) * 100 }
                #expect(statistics.sent.packets == (round + 1) * 50 && statistics.received.lost == 0)
                #expect(phone.waiting().isEmpty)
            }
            let expected: [Int] = [0, 100, 200].flatMap { (first: Int) in Array(first..<first + 50) }
            #expect(heard.map(\.index) == expected)
            let pairs = Array(zip(heard, heard.dropFirst()))
            #expect(pairs.allSatisfy { former, next in next.sequence == former.sequence &+ 1 })
            #expect(pairs.allSatisfy { former, next in Int32(bitPattern: next.timestamp &- former.timestamp) > 0 })
        }
    }

    @Test("a medium that is not named is closed, and open again with its port when it is named")
    @LoopActor func closed() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg([.audio, .video]), phone = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id)
            phone.send(RTPSample(0), to: leg.audio)
            #expect(await phone.receive(1).count == 1)
            try await leg.leg.configure(EngineConfiguration(peer: leg.id))
            phone.send(RTPSample(1), to: leg.audio)
            phone.send(RTPSample(1, type: 96), to: leg.video)
            try await leg.statistics { $0.dropped == 1 }
            try await leg.statistics(.video) { $0.dropped == 1 }
            #expect(phone.waiting().isEmpty)
            try await leg.configure(phone.remote, to: leg.id)
            phone.send(RTPSample(2), to: leg.audio)
            #expect(await phone.receive(1).map(\.index) == [2])
        }
    }

    @Test("opening again keeps ports and keys, adds what is missing, and refuses the other IP version")
    @LoopActor func openAgain() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg()
            let both = try await leg.leg.open([.video, .audio], at: EngineBench.address, ports: 24_000...24_999)
            #expect(both.leg == leg.id && both.audio == leg.ports.audio && both.video != nil && both.video?.port != both.audio?.port)
            #expect(both.video?.key != both.audio?.key && both.audio?.key.utf8.count == 64)
            let refusal = await JanusClientTests.failure { () async throws(JanusError) in try await leg.leg.open([.video], at: "::1") }
            guard case .plugin(code: EngineLeg.Refusal.conflict, _) = refusal else { Issue.record("\(String(describing: refusal))"); return }
            let id = try await leg.leg.id()
            #expect(id == leg.id)
        }
    }

    @Test("the end of a leg closes its sockets, and its peer goes on without it")
    @LoopActor func end() async throws {
        try await EngineBench.run { bench in
            let before = try await bench.descriptors { _ in true }
            let leg = try await bench.leg([.audio, .video]), other = try await bench.leg()
            let phone = try TestPhone(EngineBench.phone), second = try TestPhone(EngineBench.phone)
            let left1 = try await bench.descriptors { $0 == before + 6 }
            #expect(left1 == before + 6)
            try await leg.configure(phone.remote, to: other.id)
            try await other.configure(second.remote, to: leg.id)
            second.send(RTPSample(0), to: other.audio)
            #expect(await phone.receive(1).count == 1)
            await leg.leg.handle.detach()
            let left2 = try await bench.descriptors { $0 == before + 2 }
            #expect(left2 == before + 2)
            for index in 1..<20 { second.send(RTPSample(index), to: other.audio) }
            try await other.statistics { $0.received.packets == 20 }
            // Its place may have another leg now, which is not that peer.
            let next = try await bench.leg(), third = try TestPhone(EngineBench.phone)
            try await next.configure(third.remote, to: other.id)
            third.send(RTPSample(0), to: next.audio)
            second.send(RTPSample(20), to: other.audio)
            try await next.statistics { $0.received.packets == 1 }
            try await other.statistics { $0.received.packets == 21 }
            #expect(second.waiting().isEmpty && third.waiting().isEmpty)
            await other.leg.handle.detach()
            await next.leg.handle.detach()
            let left3 = try await bench.descriptors { $0 == before }
            #expect(left3 == before)
        }
    }

    @Test("when all ports are in use 503 is the answer, nothing of that request stays open, and an end gives them back")
    @LoopActor func portsUsedUp() async throws {
        try await EngineBench.run { bench in
            let range = 25_000...25_005
            let before = try await bench.descriptors { _ in true }
            let first = try await bench.leg([.audio, .video], ports: range)
            let leg = try await EngineLeg.attach(to: bench.janus.client)
            let refusal = await JanusClientTests.failure { () async throws(JanusError) in
                try await leg.open([.audio, .video], at: EngineBench.address, ports: range)
            }
            guard case .plugin(code: EngineLeg.Refusal.noPorts, _) = refusal else { Issue.record("\(String(describing: refusal))"); return }
            let left4 = try await bench.descriptors { $0 == before + 4 }
            #expect(left4 == before + 4)
            // The third pair is free.
            let opened = try await leg.open([.audio], at: EngineBench.address, ports: range)
            #expect(Set([first.ports.audio?.port, first.ports.video?.port, opened.audio?.port]) == [25_000, 25_002, 25_004])
            await first.leg.handle.detach()
            #expect(try await leg.open([.audio, .video], at: EngineBench.address, ports: range).video != nil)
        }
    }
}
}
