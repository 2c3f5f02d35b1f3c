import EventLoop
import Testing

@testable import SIP

/// Bodies of several parts on the wire: in each message that can have an offer or an answer.
extension SIPTests {
    @Suite("Bodies of several parts, on the wire")
    struct MultipartTests {
        private static let type = "multipart/mixed;boundary=\"a b\""

        private static func body(_ description: String, handling: String = "optional") -> String {
            "--a b\r\nContent-Type: application/sdp\r\n\r\n\(description)\r\n"
                + "--a b\r\nContent-Type: application/isup\r\nContent-Disposition: signal;handling=\(handling)\r\n\r\n\u{1}\u{2}\r\n--a b--\r\n"
        }

        @Test("the offer of an INVITE, a re-INVITE, an UPDATE and a PRACK")
        @LoopActor func requests() async throws {
            let call = try await RawCall(headers: ["Supported: 100rel"], body: Self.body(sdp("offer")), type: Self.type)
            let (endpoint, leg) = (call.callee.endpoint, call.leg)
            guard case .incoming(_, let invite)? = call.callee.events.first else { throw TimedOut(description: "no call") }
            #expect(invite.sdp == sdp("offer"))
            endpoint.ring(leg, status: 183, sdp: sdp("answer"))
            let early = try #require(await call.raw.receive("SIP/2.0 183"))
            var prack = call.prack(early, body: Self.body(sdp("offer")))
            prack.contentType = Self.type
            call.raw.send(prack.text)
            let pracked = try #require(await call.raw.receive("SIP/2.0 200"))
            #expect(pracked.body == sdp("answer"))
            endpoint.answer(leg, sdp: sdp("answer"))
            let answer = try #require(await call.raw.receive("SIP/2.0 200"))
            call.raw.send(call.invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
            #expect(try await call.callee.event() == .established(leg))
            for (number, method) in [(3, "INVITE"), (4, "UPDATE")] {
                var request = call.invite.then(method, sequence: number, toTag: answer.tag(of: "To"))
                (request.body, request.contentType) = (Self.body(sdp("again \(number)")), Self.type)
                call.raw.send(request.text)
                #expect(try await call.callee.event() == .offer(leg, sdp: sdp("again \(number)")))
                endpoint.acceptOffer(leg, sdp: sdp("answer \(number)"))
                let accepted = try #require(await call.raw.receive("SIP/2.0 200"))
                #expect(accepted.body == sdp("answer \(number)"))
                if method == "INVITE" { call.raw.send(call.invite.then("ACK", sequence: number, toTag: answer.tag(of: "To")).text) }
            }
            call.raw.send(call.invite.then("BYE", sequence: 90, toTag: answer.tag(of: "To")).text)
            #expect(await call.raw.receive("SIP/2.0 200") != nil)
            #expect(try await call.callee.event() == .ended(leg, SIPEnd(.hungUp)))
            try await call.stop()
        }

        @Test("a re-INVITE or UPDATE with a part that has to be understood gets 415, and the session stands", arguments: ["INVITE", "UPDATE"])
        @LoopActor func required(method: String) async throws {
            let call = try await RawCall()
            call.callee.endpoint.answer(call.leg, sdp: sdp("answer"))
            let answer = try #require(await call.raw.receive("SIP/2.0 200"))
            call.raw.send(call.invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
            #expect(try await call.callee.event() == .established(call.leg))
            var request = call.invite.then(method, sequence: 2, toTag: answer.tag(of: "To"))
            (request.body, request.contentType) = (Self.body(sdp("again"), handling: "required"), Self.type)
            call.raw.send(request.text)
            let refusal = try #require(await call.raw.receive("SIP/2.0 415"))
            #expect(refusal.header("Accept")?.contains("multipart/mixed") == true)
            if method == "INVITE" { call.raw.send(call.invite.then("ACK", sequence: 2, toTag: answer.tag(of: "To"), branch: request.branch).text) }
            call.raw.send(call.invite.then("BYE", sequence: 90, toTag: answer.tag(of: "To")).text)
            #expect(await call.raw.receive("SIP/2.0 200") != nil)
            #expect(try await call.callee.event() == .ended(call.leg, SIPEnd(.hungUp)))
            try await call.stop()
        }

        @Test("the answer of a 18x and a 2xx, whatever stands beside it", arguments: ["optional", "required"])
        @LoopActor func responses(handling: String) async throws {
            let call = try await RawCallee()
            call.respond(183, body: Self.body(sdp("early"), handling: handling), type: Self.type)
            #expect(try await call.caller.event() == .provisional(call.leg, status: 183, phrase: "Status", sdp: sdp("early")))
            call.respond(200, body: Self.body(sdp("answer"), handling: handling), type: Self.type)
            #expect(try await call.caller.event() == .answered(call.leg, sdp: sdp("answer")))
            #expect(await call.raw.receive("ACK") != nil)
            try await call.finish()
        }

        @Test("the answer of an ACK")
        @LoopActor func acknowledgement() async throws {
            let call = try await RawCall(body: "")
            call.callee.endpoint.answer(call.leg, sdp: sdp("our offer"))
            let answer = try #require(await call.raw.receive("SIP/2.0 200"))
            var ack = call.invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To"))
            (ack.body, ack.contentType) = (Self.body(sdp("answer"), handling: "required"), Self.type)
            call.raw.send(ack.text)
            #expect(try await call.callee.event() == .offerCompleted(call.leg, sdp: sdp("answer")))
            #expect(try await call.callee.event() == .established(call.leg))
            call.raw.send(call.invite.then("BYE", sequence: 2, toTag: answer.tag(of: "To")).text)
            #expect(await call.raw.receive("SIP/2.0 200") != nil)
            #expect(try await call.callee.event() == .ended(call.leg, SIPEnd(.hungUp)))
            try await call.stop()
        }
    }
}
