import CSRTP
import EventLoop
import Foundation
@testable import Janus
import JSON
import Testing

/// One direction of SRTP at a phone of the tests, by libsrtp.
final class TestSRTP {
    private var context: srtp_t?

    /// - Parameter key: Master key and salt in base64.
    init(_ suite: EngineSRTP.Suite, _ key: String, isInbound: Bool) throws {
        _ = TestSRTP.isReady
        var bytes = try [UInt8](#require(Data(base64Encoded: key)))
        try #require(bytes.count == suite.keyLength)
        var policy = srtp_policy_t()
        switch suite {
        case .aes128SHA80: srtp_crypto_policy_set_rtp_default(&policy.rtp)
        case .aes128SHA32: srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy.rtp)
        case .aes256SHA80: srtp_crypto_policy_set_aes_cm_256_hmac_sha1_80(&policy.rtp)
        case .aes256SHA32: srtp_crypto_policy_set_aes_cm_256_hmac_sha1_32(&policy.rtp)
        case .aes128GCM: srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp)
        case .aes256GCM: srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy.rtp)
        }
        policy.rtcp = policy.rtp
        policy.ssrc = srtp_ssrc_t(type: isInbound ? ssrc_any_inbound : ssrc_any_outbound, value: 0)
        policy.window_size = 128
        let status = bytes.withUnsafeMutableBufferPointer { key in
            policy.key = key.baseAddress
            return srtp_create(&context, &policy)
        }
        try #require(status == srtp_err_status_ok)
    }

    deinit { if let context { srtp_dealloc(context) } }

    private static let isReady = srtp_init() == srtp_err_status_ok

    func protect(_ packet: RTPSample) throws -> [UInt8] {
        var bytes = packet.bytes + [UInt8](repeating: 0, count: 64), count = Int32(packet.bytes.count)
        try #require(srtp_protect(context, &bytes, &count) == srtp_err_status_ok)
        return Array(bytes.prefix(Int(count)))
    }

    func protectRTCP(_ compound: [UInt8]) throws -> [UInt8] {
        var bytes = compound + [UInt8](repeating: 0, count: 64), count = Int32(compound.count)
        try #require(srtp_protect_rtcp(context, &bytes, &count) == srtp_err_status_ok)
        return Array(bytes.prefix(Int(count)))
    }

    /// `nil` for what was not made with this key.
    func unprotect(_ packet: [UInt8]) -> RTPSample? {
        var bytes = packet, count = Int32(packet.count)
        guard srtp_unprotect(context, &bytes, &count) == srtp_err_status_ok else { return nil }
        return RTPSample(Array(bytes.prefix(Int(count))))
    }

    /// As many bytes of a leg's key as the suite needs.
    static func prefix(of key: String, _ suite: EngineSRTP.Suite) throws -> String {
        try #require(Data(base64Encoded: key)).prefix(suite.keyLength).base64EncodedString()
    }

    static func makeKey(_ suite: EngineSRTP.Suite) -> String {
        Data((0..<suite.keyLength).map { _ in UInt8.random(in: 0...255) }).base64EncodedString()
    }
}

extension Serially {
@Suite("SRTP of a leg", .serialized, .timeLimit(.minutes(1)))
struct EngineSRTPTests {
    /// Sends a packet with one key, and waits for its echo with another.
    @LoopActor
    static func echo(_ packet: RTPSample, _ phone: TestPhone, _ leg: PlainLeg, out: TestSRTP, back: TestSRTP) async throws -> RTPSample? {
        phone.send(try out.protect(packet), to: leg.audio)
        return await phone.datagrams(1).first.flatMap { back.unprotect($0.bytes) }
    }

    @Test("each suite works both ways, with the key that the leg made", arguments: EngineSRTP.Suite.allCases)
    @LoopActor func suites(suite: EngineSRTP.Suite) async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            let own = try TestSRTP.prefix(of: #require(leg.ports.audio?.key), suite), phoneKey = TestSRTP.makeKey(suite)
            try await leg.configure(phone.remote, to: leg.id, srtp: EngineSRTP(suite, local: own, remote: phoneKey))
            let out = try TestSRTP(suite, phoneKey, isInbound: false), back = try TestSRTP(suite, own, isInbound: true)
            // Beyond the number's end: both ends count the rounds.
            for index in 65_500..<65_600 {
                #expect(try await Self.echo(RTPSample(index), phone, leg, out: out, back: back)?.payload == RTPSample(index).payload)
            }
            let statistics = try await leg.statistics { $0.sent.packets == 100 }
            #expect(statistics.srtpErrors == 0 && statistics.received.bytes == 17_200 && statistics.dropped == 0)
        }
    }

    @Test("what is not protected with the phone's key is counted and not heard: another key, none, a changed byte")
    @LoopActor func wrong() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone), suite = EngineSRTP.Suite.aes128SHA80
            let own = TestSRTP.makeKey(suite), phoneKey = TestSRTP.makeKey(suite)
            try await leg.configure(phone.remote, to: leg.id, srtp: EngineSRTP(suite, local: own, remote: phoneKey))
            let other = try TestSRTP(suite, TestSRTP.makeKey(suite), isInbound: false)
            let out = try TestSRTP(suite, phoneKey, isInbound: false), back = try TestSRTP(suite, own, isInbound: true)
            for index in 0..<10 { phone.send(try other.protect(RTPSample(index)), to: leg.audio) }
            for index in 10..<20 { phone.send(RTPSample(index), to: leg.audio) }
            var changed = try out.protect(RTPSample(20))
            changed[20] ^= 1
            phone.send(changed, to: leg.audio)
            let counters1 = try await leg.statistics { $0.srtpErrors == 21 }
            #expect(counters1.received.packets == 0)
            #expect(phone.waiting().isEmpty)
            #expect(try await Self.echo(RTPSample(21), phone, leg, out: out, back: back)?.index == 21)
        }
    }

    @Test("a new key counts at once, for each direction by itself; a key that stays keeps its counters, so that nothing can be replayed")
    @LoopActor func newKeys() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone), suite = EngineSRTP.Suite.aes256SHA80
            var srtp = EngineSRTP(suite, local: TestSRTP.makeKey(suite), remote: TestSRTP.makeKey(suite))
            try await leg.configure(phone.remote, to: leg.id, srtp: srtp)
            var out = try TestSRTP(suite, srtp.remote, isInbound: false), back = try TestSRTP(suite, srtp.local, isInbound: true)
            #expect(try await Self.echo(RTPSample(0), phone, leg, out: out, back: back)?.index == 0)
            let packet = try out.protect(RTPSample(1))
            phone.send(packet, to: leg.audio)
            #expect(await phone.datagrams(1).compactMap { back.unprotect($0.bytes) }.count == 1)

            try await leg.configure(phone.remote, to: leg.id, srtp: srtp)
            phone.send(packet, to: leg.audio)
            try await leg.statistics { $0.dropped == 1 }
            #expect(try await Self.echo(RTPSample(2), phone, leg, out: out, back: back)?.index == 2)

            srtp.remote = TestSRTP.makeKey(suite)
            try await leg.configure(phone.remote, to: leg.id, srtp: srtp)
            phone.send(try out.protect(RTPSample(3)), to: leg.audio)
            try await leg.statistics { $0.srtpErrors == 1 }
            out = try TestSRTP(suite, srtp.remote, isInbound: false)
            #expect(try await Self.echo(RTPSample(4), phone, leg, out: out, back: back)?.index == 4)

            srtp.local = TestSRTP.makeKey(suite)
            try await leg.configure(phone.remote, to: leg.id, srtp: srtp)
            back = try TestSRTP(suite, srtp.local, isInbound: true)
            #expect(try await Self.echo(RTPSample(5), phone, leg, out: out, back: back)?.index == 5)

            // And none at all.
            try await leg.configure(phone.remote, to: leg.id)
            phone.send(RTPSample(6), to: leg.audio)
            #expect(await phone.receive(1).map(\.index) == [6])
        }
    }

    @Test("packets that authenticate are the phone's, wherever they come from")
    @LoopActor func proof() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone), suite = EngineSRTP.Suite.aes128SHA32
            let srtp = EngineSRTP(suite, local: TestSRTP.makeKey(suite), remote: TestSRTP.makeKey(suite))
            try await leg.configure(phone.remote, to: leg.id, srtp: srtp)
            let out = try TestSRTP(suite, srtp.remote, isInbound: false), back = try TestSRTP(suite, srtp.local, isInbound: true)
            #expect(try await Self.echo(RTPSample(0), phone, leg, out: out, back: back)?.index == 0)
            let moved = try TestPhone(EngineBench.stranger)
            #expect(try await Self.echo(RTPSample(1), moved, leg, out: out, back: back)?.index == 1)
            try await leg.events.first {
                $0 == .latched(
                    .audio, socketAddress(moved.address, moved.port),
                    former: socketAddress(phone.address, phone.port))
            }
        }
    }

    @Test("many sources under one key are all heard")
    @LoopActor func manySources() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone), suite = EngineSRTP.Suite.aes128SHA80
            let srtp = EngineSRTP(suite, local: TestSRTP.makeKey(suite), remote: TestSRTP.makeKey(suite))
            try await leg.configure(phone.remote, to: leg.id, srtp: srtp)
            let out = try TestSRTP(suite, srtp.remote, isInbound: false), back = try TestSRTP(suite, srtp.local, isInbound: true)
            var heard = 0
            for source in 1...200 {
                let packet = try await Self.echo(RTPSample(0, ssrc: UInt32(source)), phone, leg, out: out, back: back)
                if packet?.index == 0 { heard += 1 }
            }
            #expect(heard == 200)
            let counters2 = try await leg.statistics { $0.received.packets == 200 }
            #expect(counters2.srtpErrors == 0)
        }
    }
}
}
