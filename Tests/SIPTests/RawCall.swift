import EventLoop
import SIP
import Testing

/// A raw caller's call at an endpoint, up to the point at which the core hears of it.
@LoopActor
struct RawCall {
    let callee: RecordedEndpoint
    let raw: RawPeer
    let invite: RawRequest
    let leg: SIPLegID

    init(
        headers: [String] = [], body: String = sdp("offer"), type: String? = "application/sdp",
        adjust: (inout SIPEndpointConfiguration) -> Void = { _ in }
    ) async throws {
        callee = try RecordedEndpoint([.udp, .tcp], adjust)
        raw = try RawPeer(talkingTo: callee.port)
        var request = RawRequest(to: callee.port, from: raw.port)
        request.headers = headers
        request.body = body
        request.contentType = type
        invite = request
        raw.send(request.text)
        leg = try await callee.incoming().leg
    }

    /// The PRACK to a reliable provisional response; `rack` replaces what the RAck header should say.
    func prack(_ response: String, sequence: Int = 2, rack: String? = nil, body: String = "") -> RawRequest {
        var request = invite.then("PRACK", sequence: sequence, toTag: response.tag(of: "To"))
        request.headers = ["RAck: " + (rack ?? "\(response.header("RSeq") ?? "0") 1 INVITE")]
        request.body = body
        return request
    }

    /// Acknowledges the 2xx, waits for `established`, and hangs up.
    func finish(_ answer: String) async throws {
        raw.send(invite.then("ACK", sequence: 1, toTag: answer.tag(of: "To")).text)
        #expect(try await callee.event() == .established(leg))
        raw.send(invite.then("BYE", sequence: 90, toTag: answer.tag(of: "To")).text)
        #expect(await raw.receive("SIP/2.0 200") != nil)
        #expect(try await callee.event() == .ended(leg, SIPEnd(.hungUp)))
        try await stop()
    }

    /// Nothing may be left.
    func stop() async throws {
        try await callee.noLegs()
        #expect(callee.unread.isEmpty)
        await callee.endpoint.stop()
    }
}

/// A call of an endpoint's at a raw phone, up to its INVITE.
@LoopActor
struct RawCallee {
    let caller: RecordedEndpoint
    let raw: RawPeer
    let invite: String
    let leg: SIPLegID

    init(
        sdp offer: String? = sdp("offer"), authorizer: RecordedAuthorizer? = nil,
        adjust: (inout SIPEndpointConfiguration) -> Void = { _ in }
    ) async throws {
        raw = try RawPeer()
        caller = try RecordedEndpoint([.udp, .tcp], adjust)
        var request = SIPInviteRequest(target: "sip:bob@127.0.0.1:\(raw.port)", fromUser: "alice", sdp: offer)
        request.authorize = authorizer?.closure
        leg = caller.endpoint.invite(request)
        invite = try #require(await raw.receive("INVITE"))
    }

    func respond(_ status: Int, tag: String = "rawtag", headers: [String] = [], body: String = "", type: String = "application/sdp") {
        raw.send(rawResponse(status, "Status", to: invite, port: raw.port, tag: tag, headers: headers, body: body, type: type))
    }

    func reliable(_ status: Int, _ sequence: Int, tag: String = "rawtag", body: String = "") {
        respond(status, tag: tag, headers: ["Require: 100rel", "RSeq: \(sequence)"], body: body)
    }

    func accept(_ request: String?, headers: [String] = [], body: String = "") {
        guard let request else { return }
        raw.send(rawResponse(200, "OK", to: request, port: raw.port, headers: headers, body: body))
    }

    /// Has the endpoint hang up, and answers its BYE.
    func finish() async throws {
        caller.endpoint.end(leg, status: 0, reason: nil)
        let bye = try #require(await raw.receive("BYE"))
        accept(bye)
        try await stop()
    }

    func stop() async throws {
        try await caller.noLegs()
        #expect(caller.unread.isEmpty, "\(caller.unread)")
        await caller.endpoint.stop()
    }
}
