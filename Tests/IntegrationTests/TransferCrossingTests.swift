import Foundation
import JSON
import SDP
import Testing

/// Transfers in the middle of which somebody goes, or wants something else.
extension IntegrationTests {
    @Suite("Transfers that are crossed")
    struct CrossedTransfers {
        typealias T = Transfers

        /// A call of two phones, of which the called one has been offered the session with a third, which has answered.
        private struct Moving {
            let asks, stays, third: SIPPhone

            init(_ stage: Stage, _ numbers: (Int, Int), target: String? = nil) async throws {
                asks = try SIPPhone(stage, frequency: 440)
                stays = try T.phone(numbers.0, stage, frequency: 1_000)
                third = try T.phone(numbers.1, stage, frequency: 1_600)
                try await T.talking(asks, to: stays, number: numbers.0)
                guard try await asks.refer(to: SIPScenarioPhones.name(numbers.1)) == 202 else { throw HarnessError("no 202") }
                _ = try await asks.notified()
                try await third.called()
                try await third.accept()
                try await stays.offered()
            }

            func stop() { for phone in [asks, stays, third] { phone.stop() } }
        }

        @Test("the target hangs up before the other one has moved: both talk as before, and each of them ends the call", arguments: [true, false])
        func targetHangsUp(byAsking: Bool) async throws {
            let moving = try await Moving(try Stage.running, (0, 1))
            let (asks, stays) = (moving.asks, moving.stays)
            try await moving.third.hangUp()
            #expect(try await asks.notified().hasPrefix("SIP/2.0 480 "))
            if let invite = stays.invite { try stays.speak(to: invite) }
            try await stays.accept()
            try await stays.moves()
            await T.hear(asks, stays)
            if byAsking {
                try await asks.hangUp()
                try await stays.hungUp()
            } else {
                try await stays.hangUp()
                try await asks.hungUp()
            }
            moving.stop()
        }

        @Test("the one who asked holds while the other one is given back: the hold comes behind the return, and is answered")
        func holdsMeanwhile() async throws {
            let moving = try await Moving(try Stage.running, (75, 76))
            let (asks, stays) = (moving.asks, moving.stays)
            try await moving.third.hangUp()
            #expect(try await asks.notified().hasPrefix("SIP/2.0 480 "))
            asks.media.direction = .sendonly
            async let held: SessionDescription = asks.offers()
            // How far the gateway is with it shows nowhere.
            try await Task.sleep(for: .milliseconds(500))
            try await stays.accept()
            #expect(try await stays.moves().media.first?.direction == .sendrecv)
            stays.media.direction = .recvonly
            #expect(try await stays.moves().media.first?.direction == .sendonly)
            #expect(try await held.media.first?.direction == .recvonly)
            (asks.media.direction, stays.media.direction) = (.sendrecv, .sendrecv)
            async let resumed: SessionDescription = asks.offers()
            try await stays.moves()
            _ = try await resumed
            await T.hear(asks, stays)
            try await asks.hangUp()
            try await stays.hungUp()
            moving.stop()
        }

        @Test("whoever is transferred hangs up while it is being moved: nobody is left")
        func hangsUpMoving() async throws {
            let moving = try await Moving(try Stage.running, (2, 3))
            let stays = moving.stays
            let invite = try #require(stays.invite)
            stays.send { $0.response(487, "Request Terminated", to: invite) }
            try await stays.hangUp()
            #expect(try await moving.asks.notified().hasPrefix("SIP/2.0 487 "))
            try await moving.asks.hungUp()
            try await moving.third.hungUp()
            moving.stop()
        }

        @Test("a phone that hangs up without an answer to what moves it, likewise")
        func hangsUpSilently() async throws {
            let moving = try await Moving(try Stage.running, (4, 5))
            try await moving.stays.hangUp()
            #expect(try await moving.asks.notified().hasPrefix("SIP/2.0 48"))
            try await moving.asks.hungUp()
            try await moving.third.hungUp()
            moving.stop()
        }

        @Test("the target holds before the other one has moved: the hold comes behind the move, and is answered")
        func targetHolds() async throws {
            let moving = try await Moving(try Stage.running, (6, 7))
            let (stays, third) = (moving.stays, moving.third)
            third.media.direction = .sendonly
            async let held: SessionDescription = third.offers()
            // How far the gateway is with it shows nowhere.
            try await Task.sleep(for: .milliseconds(500))
            if let invite = stays.invite { try stays.speak(to: invite) }
            try await stays.accept()
            let hold = try await stays.moves()
            #expect(hold.media.first?.direction == .sendonly)
            #expect(try await held.media.first?.direction.map { [.recvonly, .sendrecv].contains($0) } ?? true)
            #expect(try await moving.asks.notified() == "SIP/2.0 200 OK.")
            try await moving.asks.hungUp()
            third.media.direction = .sendrecv
            async let resumed: SessionDescription = third.offers()
            try await stays.moves()
            _ = try await resumed
            await T.hear(stays, third)
            try await third.hangUp()
            try await stays.hungUp()
            moving.stop()
        }

        @Test("a phone that offers something itself while it is being moved is told to wait, and is moved")
        func glare() async throws {
            let moving = try await Moving(try Stage.running, (8, 9))
            let (stays, third) = (moving.stays, moving.third)
            let invite = try #require(stays.invite)
            for phone in [third, stays] { #expect(try await phone.refer(to: "echo") == 491) }
            try await stays.refuse(491)
            stays.send { $0.request("INVITE", body: stays.media.offer()) }
            let answer = try await stays.final("INVITE", within: .patience)
            stays.send { $0.acknowledgement(of: answer) }
            #expect(answer.status == 491, "\(answer.text)")
            let again = try await stays.moves()
            #expect(try again.media.first?.port == SessionDescription(parsing: invite.body).media.first?.port)
            #expect(try await moving.asks.notified() == "SIP/2.0 200 OK.")
            try await moving.asks.hungUp()
            await T.hear(stays, third)
            try await stays.hangUp()
            try await third.hungUp()
            moving.stop()
        }

        @Test("attended: whoever was given back is heard of, and its next offer has a higher version")
        func givenBack() async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage, frequency: 440), two = try SIPPhone(stage, frequency: 700)
            let callee = try T.phone(10, stage, frequency: 1_000), third = try T.phone(11, stage, frequency: 1_600)
            try await T.talking(one, to: callee, number: 10)
            try await T.talking(two, to: third, number: 11)
            #expect(try await one.refer(to: SIPScenarioPhones.name(11), replacing: two.dialog) == 202)
            _ = try await one.notified()
            let there = try await third.moves()
            try await callee.offered()
            try await callee.refuse(488)
            #expect(try await one.notified() == "SIP/2.0 488 No.")
            let back = try await third.moves()
            #expect(back.origin.sessionVersion > there.origin.sessionVersion && back.origin.sessionID == there.origin.sessionID)
            two.media.direction = .sendonly
            async let held: SessionDescription = two.offers()
            let hold = try await third.moves()
            _ = try await held
            #expect(hold.origin.sessionVersion > back.origin.sessionVersion, "\(hold.text)")
            two.media.direction = .sendrecv
            async let resumed: SessionDescription = two.offers()
            try await third.moves()
            _ = try await resumed
            await T.hear(two, third)
            try await third.hangUp()
            try await two.hungUp()
            try await callee.hangUp()
            try await one.hungUp()
            for phone in [one, two, callee, third] { phone.stop() }
        }

        @Test("attended, and both dialogs are hung up at once, before there is a call to go on in", arguments: [true, false])
        func bothGone(thirdStays: Bool) async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage, frequency: 440), two = try SIPPhone(stage, frequency: 700)
            let third = try T.phone(12, stage, frequency: 1_600)
            let alice = try await APIClient.user("alice", at: stage.gateway), peers = try await Peers(stage)
            one.call("alice")
            let invite = try await alice.serve("call_invite")
            let id = try #require(invite["call_id"]?.stringValue)
            let answer = try await peers.answer("first", to: try #require(invite["offer"]?["sdp"]), frequency: 1_000, video: false)
            try await alice.request("media", "answer_call", ["call_id": .string(id), "answer": ["sdp": answer]])
            try await one.answered()
            try await T.talking(two, to: third, number: 12)
            #expect(try await one.refer(to: SIPScenarioPhones.name(12), replacing: two.dialog, headers: "Refer-Sub: false\r\n") == 202)
            try await one.hangUp()
            try await two.hangUp()
            if thirdStays {
                try await alice.serve("replace_session") { _ in
                    ["offer": ["sdp": try await peers.offer("second", frequency: 1_000, video: false)]]
                }
                async let moved = third.moves()
                let body = try await alice.event("answer", of: id)
                try await peers.accept("second", try #require(body["answer"]?["sdp"]))
                _ = try await moved
                _ = try await alice.event("transfer", of: id)
                #expect(await third.audio.hears(1_000))
                #expect(try await peers.missing(1_600, at: "second") == nil)
                try await third.hangUp()
            } else {
                try await third.hangUp()
            }
            let end = try await alice.event("hangup", of: id)
            #expect(thirdStays || end["sip_status"] == 487, "at once, not when the client has said nothing for long: \(end.text)")
            await alice.leave()
            try await peers.close()
            for phone in [one, two, third] { phone.stop() }
        }

        @Test("attended, and the second party is gone when the first one has its offer ready: no call is made of it, and the first goes on")
        func lateOffer() async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage, frequency: 440), two = try SIPPhone(stage, frequency: 700)
            let third = try T.phone(26, stage, frequency: 1_600)
            let alice = try await APIClient.user("alice", at: stage.gateway), peers = try await Peers(stage)
            one.call("alice")
            let invite = try await alice.serve("call_invite")
            let id = try #require(invite["call_id"]?.stringValue)
            let answer = try await peers.answer("first", to: try #require(invite["offer"]?["sdp"]), frequency: 1_000, video: false)
            try await alice.request("media", "answer_call", ["call_id": .string(id), "answer": ["sdp": answer]])
            try await one.answered()
            try await T.talking(two, to: third, number: 26)
            #expect(try await one.refer(to: SIPScenarioPhones.name(26), replacing: two.dialog) == 202)
            _ = try await one.notified()
            try await third.hangUp()
            #expect(try await one.notified().hasPrefix("SIP/2.0 487 "))
            try await two.hungUp()
            try await alice.serve("replace_session") { _ in ["offer": ["sdp": .string(Parties.offer)]] }
            // What is asked behind the offer is answered behind it.
            let held = try await alice.refusal(of: "media", "resume_call", ["call_id": "none"])
            #expect(held.code != 0)
            #expect(try stage.gateway.status().calls == 1)
            #expect(await one.audio.hears(1_000))
            #expect(try await peers.missing(440, at: "first") == nil)
            try await one.hangUp()
            _ = try await alice.event("hangup", of: id)
            await alice.leave()
            try await peers.close()
            for phone in [one, two, third] { phone.stop() }
        }

        @Test("a dialog cannot be replaced by the other one of its own call, nor by itself, nor by a stranger")
        func ownCall() async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage, frequency: 440), bob = try SIPPhone(stage, frequency: 700)
            try await bob.probe.register("bob")
            try await Replacing.call("bob", by: one, as: "bob", from: "bob")
            try await bob.called()
            try await bob.accept()
            try await one.answered()
            #expect(try await one.refer(to: "bob", replacing: bob.dialog) == 403)
            #expect(try await one.refer(to: "bob", replacing: one.dialog) == 403)
            let stranger = try SIPPhone(stage)
            stranger.call("echo")
            try await stranger.answered()
            #expect(try await stranger.refer(to: "bob", replacing: bob.dialog) == 403)
            try await stranger.hangUp()
            let third = try T.phone(21, stage, frequency: 1_600)
            try await T.talking(stranger, to: third, number: 21)
            for own in [one, bob] { #expect(try await stranger.refer(to: "bob", replacing: own.dialog) == 403) }
            await T.hear(stranger, third)
            try await stranger.hangUp()
            try await third.hungUp()
            await T.hear(one, bob)
            try await one.hangUp()
            try await bob.hungUp()
            try await bob.probe.register("bob", expires: 0)
            for phone in [one, bob, stranger, third] { phone.stop() }
        }

        @Test("a phone that was transferred can be transferred again, to the echo as well, and by the one that it went to")
        func again() async throws {
            let moving = try await Moving(try Stage.running, (13, 14))
            let (asks, stays, third) = (moving.asks, moving.stays, moving.third)
            try stays.speak(to: try #require(stays.invite))
            try await stays.accept()
            #expect(try await asks.notified() == "SIP/2.0 200 OK.")
            try await asks.hungUp()
            let fourth = try T.phone(15, try .running, frequency: 2_200)
            #expect(try await third.refer(to: SIPScenarioPhones.name(15)) == 202)
            _ = try await third.notified()
            try await fourth.called()
            try await fourth.accept()
            try await stays.moves()
            #expect(try await third.notified() == "SIP/2.0 200 OK.")
            try await third.hungUp()
            await T.hear(stays, fourth)
            #expect(try await fourth.refer(to: "echo") == 202)
            _ = try await fourth.notified()
            try await stays.moves()
            #expect(try await fourth.notified() == "SIP/2.0 200 OK.")
            try await fourth.hungUp()
            #expect(await stays.audio.hears(1_000))
            try await stays.hangUp()
            moving.stop()
            fourth.stop()
        }

        @Test("phones with SRTP are moved, given back and moved again, with new keys, and are heard")
        func secure() async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage, frequency: 440), two = try SIPPhone(stage, frequency: 700)
            let callee = try T.phone(16, stage, frequency: 1_000), third = try T.phone(17, stage, frequency: 1_600)
            for (phone, called, number) in [(one, callee, 16), (two, third, 17)] {
                called.media.key = SRTPStream.makeKey()
                phone.call(SIPScenarioPhones.name(number, .srtp))
                try await called.called()
                try await called.accept()
                try await phone.answered()
                await T.hear(phone, called)
            }
            #expect(try await one.refer(to: SIPScenarioPhones.name(17, .srtp), replacing: two.dialog) == 202)
            _ = try await one.notified()
            try await third.moves()
            try await callee.offered()
            try await callee.refuse(488)
            #expect(try await one.notified() == "SIP/2.0 488 No.")
            try await third.moves()
            await T.hear(two, third)
            await T.hear(one, callee)
            #expect(try await one.refer(to: SIPScenarioPhones.name(17, .srtp), replacing: two.dialog) == 202)
            _ = try await one.notified()
            for phone in [third, callee] {
                phone.media.key = SRTPStream.makeKey()
                try await phone.moves()
            }
            #expect(try await one.notified() == "SIP/2.0 200 OK.")
            try await one.hungUp()
            try await two.hungUp()
            await T.hear(callee, third)
            try await callee.hangUp()
            try await third.hungUp()
            for phone in [one, two, callee, third] { phone.stop() }
        }

        @Test("a phone with SRTP that makes a new key as it is moved is heard, and again behind its next one", arguments: ["echo", "phone", "page"])
        func newKey(target: String) async throws {
            let stage = try Stage.running
            let asks = try SIPPhone(stage, frequency: 440), stays = try T.phone(24, stage, frequency: 1_000)
            let third = try T.phone(25, stage, frequency: 1_600)
            stays.media.key = SRTPStream.makeKey()
            asks.call(SIPScenarioPhones.name(24, .srtp))
            try await stays.called()
            try await stays.accept()
            try await asks.answered()
            await T.hear(asks, stays)
            func moves() async throws {
                stays.media.key = SRTPStream.makeKey()
                let offer = try await stays.moves()
                #expect(offer.media.first?.transport == .savp)
                #expect(try await asks.notified() == "SIP/2.0 200 OK.")
                try await asks.hungUp()
            }
            func rekeys() async throws {
                stays.media.key = SRTPStream.makeKey()
                try await stays.offers()
            }
            switch target {
            case "echo":
                #expect(try await asks.refer(to: "echo") == 202)
                _ = try await asks.notified()
                try await moves()
                #expect(await stays.audio.hears(1_000))
                try await rekeys()
                #expect(await stays.audio.hears(1_000))
                try await stays.hangUp()
            case "phone":
                #expect(try await asks.refer(to: SIPScenarioPhones.name(25)) == 202)
                _ = try await asks.notified()
                try await third.called()
                try await third.accept()
                try await moves()
                await T.hear(stays, third)
                stays.media.key = SRTPStream.makeKey()
                stays.media.direction = .sendonly
                async let held: SessionDescription = stays.offers()
                try await third.offered()
                try await third.accept()
                _ = try await held
                stays.media.key = SRTPStream.makeKey()
                stays.media.direction = .sendrecv
                async let resumed: SessionDescription = stays.offers()
                try await third.offered()
                try await third.accept()
                _ = try await resumed
                await T.hear(stays, third)
                try await stays.hangUp()
                try await third.hungUp()
            default:
                try await stage.with("alice") { page in
                    #expect(try await asks.refer(to: "alice") == 202)
                    _ = try await asks.notified()
                    #expect(try await asks.notified() == "SIP/2.0 180 Ringing")
                    async let moved: Void = moves()
                    try await page.answer()
                    try await moved
                    #expect(try await page.missing(1_000, in: Page.remote) == nil)
                    #expect(await stays.audio.hears(Chromium.frequency))
                    try await rekeys()
                    #expect(try await page.missing(1_000, in: Page.remote) == nil)
                    #expect(await stays.audio.hears(Chromium.frequency))
                    try await stays.hangUp()
                    try await page.wait(for: "ready")
                }
            }
            for phone in [asks, stays, third] { phone.stop() }
        }

        @Test("a client that is to be transferred and vanishes: whoever asked hears of it, and is hung up")
        func clientVanishes() async throws {
            let stage = try Stage.running
            let asks = try SIPPhone(stage, frequency: 440)
            let alice = try await APIClient.user("alice", at: stage.gateway)
            asks.call("alice")
            let invite = try await alice.serve("call_invite")
            let answer = Parties.offer.replacing("a=setup:actpass", with: "a=setup:active")
            try await alice.request(
                "media", "answer_call", ["call_id": try #require(invite["call_id"]), "answer": ["sdp": .string(answer)]])
            try await asks.answered()
            #expect(try await asks.refer(to: SIPScenarioPhones.name(18)) == 202)
            _ = try await asks.notified()
            try await alice.serve("replace_session") { _ in
                alice.socket.close()
                return .object([:])
            }
            #expect(try await asks.notified().hasPrefix("SIP/2.0 48"))
            try await asks.hungUp()
            asks.stop()
        }

        @Test("whoever asks holds first, as phones do: whoever was held is heard afterwards, and where it fails is still held", arguments: [true, false])
        func heldFirst(succeeds: Bool) async throws {
            let stage = try Stage.running
            let asks = try SIPPhone(stage, frequency: 440), stays = try T.phone(22, stage, frequency: 1_000)
            let third = try T.phone(23, stage, frequency: 1_600)
            try await T.talking(asks, to: stays, number: 22)
            asks.media.direction = .sendonly
            async let held: SessionDescription = asks.offers()
            #expect(try await stays.offered().media.first?.direction == .sendonly)
            stays.media.direction = .recvonly
            try await stays.accept()
            _ = try await held
            #expect(try await asks.refer(to: SIPScenarioPhones.name(23)) == 202)
            _ = try await asks.notified()
            try await third.called()
            if succeeds {
                try await third.accept()
                stays.media.direction = .sendrecv
                try await stays.moves()
                #expect(try await asks.notified() == "SIP/2.0 200 OK.")
                try await asks.hungUp()
                await T.hear(stays, third)
                try await stays.hangUp()
                try await third.hungUp()
            } else {
                try await third.refuse(486)
                #expect(try await asks.notified().hasPrefix("SIP/2.0 486 "))
                asks.media.direction = .sendrecv
                async let resumed: SessionDescription = asks.offers()
                try await stays.offered()
                stays.media.direction = .sendrecv
                try await stays.accept()
                _ = try await resumed
                await T.hear(asks, stays)
                try await asks.hangUp()
                try await stays.hungUp()
            }
            for phone in [asks, stays, third] { phone.stop() }
        }

        @Test("a target with several phones: all ring, and the first to answer has the call")
        func severalPhones() async throws {
            let stage = try Stage.running
            let asks = try SIPPhone(stage, frequency: 440), stays = try T.phone(19, stage, frequency: 1_000)
            let one = try SIPPhone(stage, frequency: 700), two = try SIPPhone(stage, frequency: 1_600)
            for phone in [one, two] { try await phone.probe.register("bob") }
            try await T.talking(asks, to: stays, number: 19)
            #expect(try await asks.refer(to: "bob") == 202)
            _ = try await asks.notified()
            for phone in [one, two] { try await phone.called() }
            try one.ring()
            #expect(try await asks.notified() == "SIP/2.0 180 Ringing")
            try await two.accept()
            try await stays.moves()
            #expect(try await asks.notified() == "SIP/2.0 200 OK.")
            try await asks.hungUp()
            let cancel = try #require(await one.probe.message { $0.hasPrefix("CANCEL ") })
            one.send { $0.response(200, "OK", to: SIPText(text: cancel)) }
            try await one.refuse(487)
            await T.hear(stays, two)
            try await stays.hangUp()
            try await two.hungUp()
            for phone in [one, two] { try await phone.probe.register("bob", expires: 0) }
            for phone in [asks, stays, one, two] { phone.stop() }
        }
    }
}
