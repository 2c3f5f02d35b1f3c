import SDP
import Testing

/// Offers between two phones that end otherwise than by their answer: with RTP, so that it is heard what Janus has been told.
extension IntegrationTests {
    @Suite("Withdrawn and refused offers")
    struct WithdrawnOffers {
        @Test("a hold that is cancelled while the other phone thinks: it is offered what stood, both hear each other, and the next hold holds")
        func cancelled() async throws {
            try await Stage.running.callOfPhones { caller, called in
                caller.media.direction = .sendonly
                caller.send { $0.request("INVITE", body: caller.media.offer()) }
                #expect(try await called.offered().audioDirection == .sendonly)
                try await cancel(caller)
                called.media.direction = .recvonly
                try await called.accept()
                called.media.direction = .sendrecv
                #expect(try await called.offered().audioDirection == .sendrecv)
                try await called.accept()
                #expect(await caller.audio.hears(700))
                #expect(await called.audio.hears(500))

                async let answer = caller.offers()
                #expect(try await called.offered().audioDirection == .sendonly)
                called.media.direction = .recvonly
                try await called.accept()
                #expect(try await answer.audioDirection == .recvonly)
            }
        }

        @Test("a phone that answers our re-INVITE with an error keeps its call, from either side", arguments: [500, 503])
        func refused(status: Int) async throws {
            try await Stage.running.callOfPhones { caller, called in
                for (one, other) in [(caller, called), (called, caller)] {
                    one.media.direction = .sendonly
                    one.send { $0.request("INVITE", body: one.media.offer()) }
                    try await other.offered()
                    try await other.refuse(status)
                    let refusal = try await one.final("INVITE", within: .patience)
                    #expect(refusal.status == 488)
                    one.send { $0.acknowledgement(of: refusal) }
                    #expect(await caller.audio.hears(700))
                    #expect(await called.audio.hears(500))
                    one.media.direction = .sendrecv
                }
            }
        }

        @Test("a hold of the phone that the called browser declines: both hear each other as before")
        func declinedByBrowser() async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("alice", at: stage.gateway), peers = try await Peers(stage)
            let phone = try SIPPhone(stage, frequency: 500)
            defer { phone.stop() }
            phone.call("alice")
            let invite = try await client.serve("call_invite")
            let answer = try await peers.answer("callee", to: try #require(invite["offer"]?["sdp"]), frequency: 700, video: false)
            try await client.request("media", "answer_call", ["call_id": try #require(invite["call_id"]), "answer": ["sdp": answer]])
            try await phone.answered()
            #expect(await phone.audio.hears(700))
            for direction in [Direction.sendonly, .inactive] {
                phone.media.direction = direction
                phone.send { $0.request("INVITE", body: phone.media.offer()) }
                try await client.refuse("renegotiate_session")
                let refusal = try await phone.final("INVITE", within: .patience)
                #expect(refusal.status >= 400)
                phone.send { $0.acknowledgement(of: refusal) }
                #expect(await phone.audio.packets(during: .milliseconds(600)) > 10)
                #expect(await phone.audio.hears(700))
                #expect(try await peers.missing(500, at: "callee") == nil)
            }
            try await phone.hangUp()
            await client.leave()
            try await peers.close()
        }

        @Test("a hold of the called phone that comes before the caller's ACK reaches the caller after it")
        func beforeACK() async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, frequency: 500), called = try SIPPhone(stage, frequency: 700, port: stage.gateway.phonePort)
            defer {
                caller.stop()
                called.stop()
            }
            caller.call("phone")
            try await called.called()
            try await called.accept()
            let answer = try await caller.final("INVITE", within: .patience)
            called.media.direction = .sendonly
            async let held: SessionDescription = called.offers()
            // The gateway has it.
            #expect(await called.probe.message(within: .patience) { $0.hasPrefix("SIP/2.0 100 ") } != nil)
            caller.send {
                $0.learn(from: answer)
                return $0.acknowledgement()
            }
            try caller.speak(to: answer)
            #expect(try await caller.offered().audioDirection == .sendonly)
            caller.media.direction = .recvonly
            try await caller.accept()
            #expect(try await held.audioDirection == .recvonly)
            try await caller.hangUp()
            try await called.hungUp()
        }

        private func cancel(_ phone: SIPPhone) async throws {
            phone.send { $0.cancellation() }
            let response = try await phone.final("INVITE", within: .patience)
            #expect(response.status == 487)
            phone.send { $0.acknowledgement(of: response) }
        }
    }
}
