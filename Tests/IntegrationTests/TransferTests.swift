import Foundation
import JSON
import SDP
import Testing

/// Transfers: whoever is transferred talks to somebody else afterwards, or as before where that fails.
extension IntegrationTests {
    @Suite("Transfers")
    struct Transfers {
        /// A phone behind a route of the tests' gateway.
        static func phone(_ number: Int, _ stage: Stage, frequency: Double) throws -> SIPPhone {
            try SIPPhone(stage, frequency: frequency, port: SIPScenarioPhones.port(number))
        }

        /// Two phones in a call, of which the first has called.
        static func talking(_ caller: SIPPhone, to callee: SIPPhone, number: Int) async throws {
            caller.call(SIPScenarioPhones.name(number))
            try await callee.called()
            try await callee.accept()
            try await caller.answered()
        }

        static func hear(_ one: SIPPhone, _ other: SIPPhone) async {
            #expect(await one.audio.hears(other.audio.frequency), "\(one.audio.frequency) Hz hears \(other.audio.frequency) Hz")
            #expect(await other.audio.hears(one.audio.frequency), "\(other.audio.frequency) Hz hears \(one.audio.frequency) Hz")
        }

        @Test("a phone hands the called one over to another phone, and hears of it", arguments: [true, false])
        func blind(byCaller: Bool) async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, frequency: 440), callee = try Self.phone(60, stage, frequency: 1_000)
            let third = try Self.phone(61, stage, frequency: 1_600)
            try await Self.talking(caller, to: callee, number: 60)
            let (asks, stays) = byCaller ? (caller, callee) : (callee, caller)
            #expect(try await asks.refer(to: SIPScenarioPhones.name(61)) == 202)
            #expect(try await asks.notified() == "SIP/2.0 100 Trying")
            try await third.called()
            try third.ring()
            #expect(try await asks.notified() == "SIP/2.0 180 Ringing")
            await Self.hear(caller, callee)
            async let accepted: Void = third.accept()
            let offer = try await stays.moves()
            try await accepted
            #expect(offer.media.first?.direction == .sendrecv || offer.media.first?.direction == nil)
            #expect(try await asks.notified() == "SIP/2.0 200 OK.")
            try await asks.hungUp()
            await Self.hear(stays, third)
            try await stays.hangUp()
            try await third.hungUp()
            for phone in [caller, callee, third] { phone.stop() }
        }

        @Test("a transfer that fails gives the call back: both hear each other as before", arguments: [486, 404, 302])
        func failed(status: Int) async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, frequency: 440), callee = try Self.phone(62, stage, frequency: 1_000)
            let third = try Self.phone(63, stage, frequency: 1_600)
            try await Self.talking(caller, to: callee, number: 62)
            #expect(try await caller.refer(to: SIPScenarioPhones.name(63)) == 202)
            #expect(try await caller.notified() == "SIP/2.0 100 Trying")
            try await third.called()
            try await third.refuse(status)
            #expect(try await caller.notified().hasPrefix("SIP/2.0 \(status) "))
            await Self.hear(caller, callee)
            try await caller.hangUp()
            try await callee.hungUp()
            for phone in [caller, callee, third] { phone.stop() }
        }

        @Test("whoever refuses its new session is given back, and whoever was called for it is hung up")
        func refusesToMove() async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, frequency: 440), callee = try Self.phone(64, stage, frequency: 1_000)
            let third = try Self.phone(65, stage, frequency: 1_600)
            try await Self.talking(caller, to: callee, number: 64)
            #expect(try await caller.refer(to: SIPScenarioPhones.name(65)) == 202)
            _ = try await caller.notified()
            try await third.called()
            async let accepted: Void = third.accept()
            try await callee.offered()
            try await callee.refuse(488)
            try await accepted
            #expect(try await caller.notified() == "SIP/2.0 488 No.")
            try await third.hungUp()
            await Self.hear(caller, callee)
            try await callee.hangUp()
            try await caller.hungUp()
            for phone in [caller, callee, third] { phone.stop() }
        }

        @Test("whoever asks may hang up at once: the transfer goes on", arguments: [true, false])
        func hangsUpAtOnce(succeeds: Bool) async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, frequency: 440), callee = try Self.phone(66, stage, frequency: 1_000)
            let third = try Self.phone(67, stage, frequency: 1_600)
            try await Self.talking(caller, to: callee, number: 66)
            #expect(try await caller.refer(to: SIPScenarioPhones.name(67), headers: "Refer-Sub: false\r\n") == 202)
            try await third.called()
            try await caller.hangUp()
            #expect(await caller.probe.message(within: .milliseconds(1)) { $0.hasPrefix("NOTIFY ") } == nil)
            if succeeds {
                async let accepted: Void = third.accept()
                try await callee.moves()
                try await accepted
                await Self.hear(callee, third)
                try await third.hangUp()
                try await callee.hungUp()
            } else {
                try await third.refuse(486)
                try await callee.hungUp()
            }
            for phone in [caller, callee, third] { phone.stop() }
        }

        @Test("when whoever is to be transferred hangs up, nobody is called any more")
        func transfereeHangsUp() async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage), callee = try Self.phone(68, stage, frequency: 1_000)
            let third = try Self.phone(69, stage, frequency: 1_600)
            try await Self.talking(caller, to: callee, number: 68)
            #expect(try await caller.refer(to: SIPScenarioPhones.name(69)) == 202)
            _ = try await caller.notified()
            try await third.called()
            try third.ring()
            _ = try await caller.notified()
            try await callee.hangUp()
            #expect(try await caller.notified().hasPrefix("SIP/2.0 487 "))
            try await caller.hungUp()
            let cancel = try #require(await third.probe.message { $0.hasPrefix("CANCEL ") })
            third.send { $0.response(200, "OK", to: SIPText(text: cancel)) }
            try await third.refuse(487)
            for phone in [caller, callee, third] { phone.stop() }
        }

        @Test("what cannot be carried out is refused, and the call goes on", arguments: [
            ("nobody-there", 202), ("<sip:bob@example.org;method=BYE>", 403), ("<mailto:a@b.example>", 400),
        ])
        func refused(target: String, status: Int) async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage), callee = try Self.phone(70, stage, frequency: 1_000)
            try await Self.talking(caller, to: callee, number: 70)
            #expect(try await caller.refer(to: target) == status)
            if status == 202 {
                _ = try await caller.notified()
                #expect(try await caller.notified().hasPrefix("SIP/2.0 480 "))
                #expect(try await caller.refer(to: target, headers: "Refer-Sub: false\r\n") == 403, "there is no other way to say it")
            }
            await Self.hear(caller, callee)
            try await caller.hangUp()
            try await callee.hungUp()
            for phone in [caller, callee] { phone.stop() }
        }

        @Test("the echo cannot be transferred")
        func echo() async throws {
            let phone = try SIPPhone(try Stage.running)
            phone.call("echo")
            try await phone.answered()
            #expect(try await phone.refer(to: "alice") == 403)
            try await phone.hangUp()
            phone.stop()
        }

        @Test("attended: two parties of one phone go on with each other, and the phone is out of both calls")
        func attended() async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage, frequency: 440), two = try SIPPhone(stage, frequency: 700)
            let callee = try Self.phone(71, stage, frequency: 1_000), third = try Self.phone(72, stage, frequency: 1_600)
            try await Self.talking(one, to: callee, number: 71)
            try await Self.talking(two, to: third, number: 72)
            await Self.hear(two, third)
            #expect(try await one.refer(to: SIPScenarioPhones.name(72), replacing: two.dialog) == 202)
            #expect(try await one.notified() == "SIP/2.0 100 Trying")
            try await third.moves()
            try await callee.moves()
            #expect(try await one.notified() == "SIP/2.0 200 OK.")
            try await one.hungUp()
            try await two.hungUp()
            await Self.hear(callee, third)
            try await third.hangUp()
            try await callee.hungUp()
            for phone in [one, two, callee, third] { phone.stop() }
        }

        @Test("attended, and the party that was called refuses: both calls go on")
        func attendedFails() async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage, frequency: 440), two = try SIPPhone(stage, frequency: 700)
            let callee = try Self.phone(73, stage, frequency: 1_000), third = try Self.phone(74, stage, frequency: 1_600)
            try await Self.talking(one, to: callee, number: 73)
            try await Self.talking(two, to: third, number: 74)
            #expect(try await one.refer(to: SIPScenarioPhones.name(74), replacing: two.dialog) == 202)
            _ = try await one.notified()
            try await third.moves()
            try await callee.offered()
            try await callee.refuse(488)
            #expect(try await one.notified() == "SIP/2.0 488 No.")
            try await third.moves()
            await Self.hear(one, callee)
            await Self.hear(two, third)
            try await one.hangUp()
            try await callee.hungUp()
            try await two.hangUp()
            try await third.hungUp()
            for phone in [one, two, callee, third] { phone.stop() }
        }
    }
}
