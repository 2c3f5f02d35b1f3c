import EventLoop
import SIP
import Testing

extension SIPTests {
    @Suite("Redirections")
    struct RedirectionTests {}
}

extension SIPTests.RedirectionTests {
    /// A 302 whose Contact headers are these alone.
    @LoopActor
    private func redirect(_ call: RawCallee, _ contacts: String...) {
        let response = rawResponse(302, "Status", to: call.invite, port: call.raw.port, headers: contacts.map { "Contact: \($0)" })
        call.raw.send(response.replacing("Contact: <sip:raw@127.0.0.1:\(call.raw.port)>\r\n", with: ""))
    }

    @Test("a 302 brings its targets, the most wanted first, and is acknowledged")
    @LoopActor func targets() async throws {
        let call = try await RawCallee()
        redirect(call, "<sip:second@example.org>;q=0.2, <sip:first@example.org;transport=tcp>;q=0.9", "<tel:+491>;q=0.1")
        #expect(await call.raw.receive("ACK") != nil)
        #expect(try await call.caller.event() == .redirected(
            call.leg, status: 302, phrase: "Status",
            contacts: ["sip:first@example.org;transport=tcp", "sip:second@example.org", "tel:+491"]))
        try await call.stop()
    }

    @Test("one to nowhere is a rejection")
    @LoopActor func nowhere() async throws {
        let call = try await RawCallee()
        redirect(call)
        #expect(try await call.caller.event() == .rejected(call.leg, status: 302, phrase: "Status", reason: nil))
        try await call.stop()
    }

    @Test("one that is passed on has its Contact, and nothing that could end the header")
    @LoopActor func passedOn() async throws {
        let call = try await RawCall()
        var response = SIPResponse(status: 302)
        response.contacts = ["sip:carol@example.org;user=phone", "sip:x>\r\nEvil: 1"]
        call.callee.endpoint.reject(call.leg, response)
        let answer = try #require(await call.raw.receive("SIP/2.0 302"))
        #expect(answer.headers("Contact") == ["<sip:carol@example.org;user=phone>"])
        #expect(answer.header("Evil") == nil)
        try await call.stop()
    }
}
