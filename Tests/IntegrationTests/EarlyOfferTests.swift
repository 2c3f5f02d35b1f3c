import SDP
import Testing

/// Offers by UPDATE before the call is answered (RFC 3311 section 5.1), as carriers of VoLTE send them, with RTP afterwards.
extension IntegrationTests {
    @Suite("Offers before the answer")
    struct EarlyOffers {
        @Test("a caller moves its media by UPDATE after a reliable 183, and is heard at its new place")
        func caller() async throws {
            try await call { caller, called in
                try called.ring(early: true)
                try await acknowledge(try await caller.provisional(183), caller)
                let moved = try RTPPhone(on: caller.probe.address, frequency: 500)
                caller.send { $0.request("UPDATE", body: caller.media.offer().replacing("m=audio \(caller.audio.port) ", with: "m=audio \(moved.port) ")) }
                let response = try await caller.final("UPDATE", within: .patience)
                #expect(response.status == 200)
                let port = try #require(try SessionDescription(parsing: response.body).media.first { $0.kind == .audio }?.port)
                async let accepted: Void = called.accept()
                try await answered(caller)
                try await accepted
                moved.connect(to: try Stage.running.gateway.address, port: Int(port))
                #expect(await moved.hears(700))
                #expect(await called.audio.hears(500))
                moved.stop()
            }
        }

        @Test("another medium before the answer meets 491, and the call goes on")
        func otherMedia() async throws {
            try await call { caller, called in
                try called.ring(early: true)
                try await acknowledge(try await caller.provisional(183), caller)
                caller.send { $0.request("UPDATE", body: caller.media.offer().replacing("a=sendrecv", with: "a=inactive")) }
                #expect(try await caller.final("UPDATE", within: .patience).status == 491)
                async let accepted: Void = called.accept()
                try await answered(caller)
                try await accepted
                #expect(await caller.audio.hears(700))
                #expect(await called.audio.hears(500))
            }
        }

        @Test("a called phone offers again by UPDATE after its reliable 183")
        func called() async throws {
            try await call { caller, called in
                let invite = try #require(called.invite)
                let body = called.media.answer(to: try SessionDescription(parsing: invite.body))
                called.send {
                    $0.response(183, "Session Progress", to: invite, body: body).replacing("\r\nContact:", with: "\r\nRequire: 100rel\r\nRSeq: 7\r\nContact:")
                }
                let prack = try #require(await called.probe.message(within: .patience) { $0.hasPrefix("PRACK ") })
                called.send { $0.response(200, "OK", to: SIPText(text: prack)) }
                try await acknowledge(try await caller.provisional(183), caller)
                called.send { $0.request("UPDATE", body: called.media.offer()) }
                let response = try await called.final("UPDATE", within: .patience)
                #expect(response.status == 200 && response.body.contains("m=audio"))
                async let accepted: Void = called.accept()
                try await answered(caller)
                try await accepted
                #expect(await caller.audio.hears(700))
                #expect(await called.audio.hears(500))
            }
        }

        /// PRACK to a reliable response, which begins the early dialog.
        private func acknowledge(_ response: SIPText, _ phone: SIPPhone) async throws {
            let number = try #require(response["rseq"])
            phone.send {
                $0.learn(from: response)
                return $0.request("PRACK", headers: "RAck: \(number) \(response.number) INVITE\r\n")
            }
            #expect(try await phone.final("PRACK", within: .patience).status == 200)
        }

        /// Waits for the 200 to the INVITE, whose number is not the last one of the dialog, and acknowledges it.
        private func answered(_ phone: SIPPhone) async throws {
            let text = try #require(await phone.probe.message(within: .patience) { $0.hasPrefix("SIP/2.0 200 ") && SIPText(text: $0).method == "INVITE" })
            phone.send {
                $0.learn(from: SIPText(text: text))
                return $0.acknowledgement().replacing("CSeq: \($0.number) ACK", with: "CSeq: 1 ACK")
            }
            try phone.speak(to: SIPText(text: text))
        }

        /// A call that rings at the other phone; its caller supports reliable provisional responses.
        private func call(_ body: (_ caller: SIPPhone, _ called: SIPPhone) async throws -> Void) async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, frequency: 500), called = try SIPPhone(stage, frequency: 700, port: stage.gateway.phonePort)
            defer {
                caller.stop()
                called.stop()
            }
            caller.call("phone", headers: "Supported: 100rel\r\n")
            try await called.called()
            try await body(caller, called)
            try await caller.hangUp()
            try await called.hungUp()
        }
    }
}
