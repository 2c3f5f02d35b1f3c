import EventLoop
import SIP
import SIPNames
import Testing

extension SIPTests {
    /// REGISTER and OPTIONS of ours (RFC 3261 sections 10.2 and 11).
    @Suite("Requests outside of dialogs")
    struct ClientRequestTests {}
}

extension SIPTests.ClientRequestTests {
    @Test("REGISTER binds our contact, and tells of the registrar's bindings and of ours")
    @LoopActor func register() async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        async let outcome = endpoint.endpoint.request(register(raw, key: "trunk"))
        let register = try #require(await raw.receive("REGISTER"))
        #expect(register.uri == "sip:127.0.0.1:\(raw.port)")
        #expect(register.header("Contact") == "<sip:tern@127.0.0.1:\(endpoint.port)>")
        #expect(register.headers("Contact").count == 1)
        #expect(register.header("Expires") == "300")
        #expect(register.header("From")?.hasPrefix("<sip:alice@tern.test>;tag=") == true)
        #expect(register.header("To") == "<sip:alice@tern.test>")
        #expect(register.header("X-More") == "yes")
        raw.send(rawResponse(200, "OK", to: register, port: 9, headers: [
            "Contact: <sip:other@192.0.2.1>;expires=\"60\"",
            "Contact: \(register.header("Contact") ?? "");expires=120", "Expires: 240", "Contact: <sip:third@192.0.2.3;ob>",
        ]))
        let result = await outcome
        #expect(result.status == 200 && result.isFromPeer)
        #expect(result.contacts.map(\.expires) == [240, 60, 120, 240])
        #expect(result.contacts.last?.uri == "sip:third@192.0.2.3;ob")
        #expect(result.ownContact == "sip:tern@127.0.0.1:\(endpoint.port)")
        #expect(result.expires == 240)
        try await stop(endpoint)
        #expect(await raw.receive(within: .milliseconds(200)) == nil)
    }

    @Test("refreshes of a registration have its Call-ID and From tag, and a CSeq that rises; others have their own")
    @LoopActor func refreshes() async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        var seen: [String] = []
        for key in ["a", "a", "b", nil, nil] {
            async let outcome = endpoint.endpoint.request(register(raw, key: key))
            let register = try #require(await raw.receive("REGISTER"))
            seen.append(register)
            raw.send(rawResponse(200, "OK", to: register, port: raw.port, tag: "t\(seen.count)"))
            #expect(await outcome.status == 200)
        }
        #expect(seen.map { $0.tag(of: "To") } == [nil, nil, nil, nil, nil] || seen.allSatisfy { !$0.contains(";tag=t") })
        #expect(seen[0].header("Call-ID") == seen[1].header("Call-ID"))
        #expect(seen[0].header("From") == seen[1].header("From"))
        #expect(seen[1].sequence == seen[0].sequence + 1)
        #expect(Set(seen.map { $0.header("Call-ID") }).count == 4)
        try await stop(endpoint)
    }

    @Test("a challenge is answered with the next CSeq; the credentials do not stay for the next request")
    @LoopActor func challenged() async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        let authorizer = RecordedAuthorizer()
        async let outcome = endpoint.endpoint.request(register(raw, key: "a", authorizer))
        let first = try #require(await raw.receive("REGISTER"))
        #expect(first.header("Authorization") == nil)
        let digest = "Digest realm=\"x\", nonce=\"y\", algorithm=SHA-256"
        raw.send(rawResponse(401, "Who?", to: first, port: raw.port, headers: ["WWW-Authenticate: \(digest)"]))
        let second = try #require(await raw.receive("REGISTER"))
        #expect(authorizer.asked == [SIPChallenge(
            status: 401, method: "REGISTER", requestURI: first.uri, values: [digest], attempt: 1)])
        #expect(second.headers("Authorization") == [RecordedAuthorizer.answer(authorizer.asked[0])])
        #expect(second.header("Call-ID") == first.header("Call-ID"))
        #expect(second.header("From") == first.header("From"))
        #expect(second.header("Contact") == first.header("Contact"))
        #expect(second.sequence == first.sequence + 1)
        raw.send(rawResponse(200, "OK", to: second, port: raw.port))
        #expect(await outcome.status == 200)
        async let refresh = endpoint.endpoint.request(register(raw, key: "a", authorizer))
        let third = try #require(await raw.receive("REGISTER"))
        #expect(third.sequence == second.sequence + 1)
        #expect(third.header("Authorization") == nil)
        raw.send(rawResponse(403, "No", to: third, port: raw.port, headers: ["Reason: SIP;cause=403;text=\"No\""]))
        let refusal = await refresh
        #expect(refusal.status == 403 && refusal.phrase == "No" && refusal.reason?.cause == 403)
        try await stop(endpoint)
    }

    @Test("a registrar that challenges for ever is left after the third REGISTER")
    @LoopActor func forEver() async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        async let outcome = endpoint.endpoint.request(register(raw, key: nil, RecordedAuthorizer()))
        for number in 1...3 {
            let register = try #require(await raw.receive("REGISTER"))
            raw.send(rawResponse(
                401, "Who?", to: register, port: raw.port, headers: ["WWW-Authenticate: Digest realm=\"x\", nonce=\"\(number)\""]))
        }
        #expect(await outcome.status == 401)
        #expect(await raw.receive("REGISTER", within: .milliseconds(200)) == nil)
        try await stop(endpoint)
    }

    @Test("a proxy and the servers behind it are all answered, by REGISTER and by OPTIONS", arguments: [
        ([407, 401], SIPClientRequest.Method.register), ([401, 407, 407], .register), ([407, 401], .options), ([401, 407, 407], .options),
    ])
    @LoopActor func realms(statuses: [Int], method: SIPClientRequest.Method) async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        var request = register(raw, key: "a", RecordedAuthorizer())
        request.method = method
        async let outcome = endpoint.endpoint.request(request)
        for (number, status) in statuses.enumerated() {
            let asked = try #require(await raw.receive(method.rawValue))
            let name = status == 401 ? "WWW-Authenticate" : "Proxy-Authenticate"
            raw.send(rawResponse(status, "Who?", to: asked, port: raw.port, headers: ["\(name): Digest realm=\"\(number)\", nonce=\"n\""]))
        }
        let last = try #require(await raw.receive(method.rawValue))
        #expect(last.headers("Authorization").count == statuses.filter { $0 == 401 }.count)
        #expect(last.headers("Proxy-Authorization").count == statuses.filter { $0 == 407 }.count)
        raw.send(rawResponse(200, "OK", to: last, port: raw.port))
        #expect(await outcome.status == 200)
        try await stop(endpoint)
    }

    @Test("a registrar that asks again with the nonce that was answered has refused")
    @LoopActor func sameNonce() async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        async let outcome = endpoint.endpoint.request(register(raw, key: nil, RecordedAuthorizer()))
        for _ in 1...2 {
            let register = try #require(await raw.receive("REGISTER"))
            raw.send(rawResponse(
                401, "Who?", to: register, port: raw.port, headers: ["WWW-Authenticate: Digest realm=\"x\", nonce=\"y\", stale=false"]))
        }
        #expect(await outcome.status == 401)
        #expect(await raw.receive("REGISTER", within: .milliseconds(200)) == nil)
        try await stop(endpoint)
    }

    @Test("423 and 503 say what they want, and nothing is repeated")
    @LoopActor func minimum() async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        async let short = endpoint.endpoint.request(register(raw, key: "a"))
        let first = try #require(await raw.receive("REGISTER"))
        raw.send(rawResponse(423, "Interval Too Brief", to: first, port: raw.port, headers: ["Min-Expires: 600"]))
        #expect(await short.minExpires == 600)
        async let busy = endpoint.endpoint.request(register(raw, key: "a"))
        let second = try #require(await raw.receive("REGISTER"))
        raw.send(rawResponse(503, "Busy", to: second, port: raw.port, headers: ["Retry-After: 4294967295 (never)"]))
        let outcome = await busy
        #expect(outcome.status == 503 && outcome.isFromPeer && outcome.retryAfter == 4_294_967_295)
        #expect(await raw.receive("REGISTER", within: .milliseconds(300)) == nil)
        try await stop(endpoint)
    }

    @Test("OPTIONS tells whether a peer is there, by UDP and TCP")
    @LoopActor func options() async throws {
        try await withPair { caller, callee in
            for transport in [ListenAddress.Transport.udp, .tcp] {
                let hop = SIPHop(transport: transport, address: "127.0.0.1", port: callee.port)
                let outcome = await caller.endpoint.request(SIPClientRequest(
                    .options, target: "sip:elsewhere.test", hop: hop, from: "sip:tern@tern.test"))
                #expect(outcome.status == 200 && outcome.isFromPeer)
            }
        }
    }

    @Test("silence is 408 after the request's time, a port that nobody listens on 503")
    @LoopActor func silence() async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        var request = register(raw, key: nil)
        request.timeout = .milliseconds(300)
        let silent = await endpoint.endpoint.request(request)
        #expect(silent.status == 408 && !silent.isFromPeer)
        request.hop = SIPHop(transport: .tcp, address: "127.0.0.1", port: 1)
        let refused = await endpoint.endpoint.request(request)
        #expect(refused.status == 503 && !refused.isFromPeer)
        try await stop(endpoint)
    }

    @Test("a connection over which nothing is answered is closed, and the next request opens another")
    @LoopActor func silentConnection() async throws {
        let (endpoint, listener) = (try RecordedEndpoint(), try RawListener())
        for _ in 1...2 {
            async let outcome = endpoint.endpoint.request(SIPClientRequest(
                .options, target: "sip:trunk.test",
                hop: SIPHop(transport: .tcp, address: "127.0.0.1", port: listener.port), from: "sip:tern@tern.test",
                timeout: .milliseconds(300)))
            let raw = try await listener.connection()
            #expect(await raw.receive("OPTIONS") != nil)
            #expect(await outcome.status == 408)
            try await eventually(within: .seconds(20), "the end of the connection") { raw.isClosed }
        }
        try await stop(endpoint)
    }

    @Test("a phone that does not answer keeps the connection that it came by")
    @LoopActor func silentPhone() async throws {
        let endpoint = try RecordedEndpoint()
        let (raw, flow) = try await SIPTests.FlowTests.phone(endpoint, tcp: true)
        for _ in 1...2 {
            async let outcome = endpoint.endpoint.request(SIPClientRequest(
                .options, target: "sip:phone@10.20.30.40", hop: SIPHop(flow), from: "sip:tern@tern.test",
                timeout: .milliseconds(200)))
            #expect(await raw.receive("OPTIONS") != nil)
            #expect(await outcome.status == 408)
        }
        #expect(!raw.isClosed)
        try await stop(endpoint)
    }

    @Test("an empty line goes over a connection of ours that is silent, and one that is not answered does no harm")
    @LoopActor func keepalive() async throws {
        let (endpoint, listener) = (try RecordedEndpoint { $0.keepaliveInterval = .milliseconds(200) }, try RawListener())
        let request = SIPClientRequest(
            .options, target: "sip:trunk.test",
            hop: SIPHop(transport: .tcp, address: "127.0.0.1", port: listener.port), from: "sip:tern@tern.test")
        async let first = endpoint.endpoint.request(request)
        let raw = try await listener.connection()
        let options = try #require(await raw.receive("OPTIONS"))
        raw.send(rawResponse(200, "OK", to: options, port: raw.port, tcp: true))
        #expect(await first.status == 200)
        for _ in 1...3 { #expect(await raw.receive("\r\n\r\n", within: .seconds(20)) != nil) }
        async let second = endpoint.endpoint.request(request)
        let again = try #require(await raw.receive("OPTIONS"))
        raw.send(rawResponse(200, "OK", to: again, port: raw.port, tcp: true))
        #expect(await second.status == 200)
        try await stop(endpoint)
    }

    @Test("what cannot be sent has its outcome at once", arguments: [
        ("sips:a@127.0.0.1", 480), ("tel:1", 416), ("sip:a@b?Contact=x", 416), ("sip:[::1]:5060", 503),
    ])
    @LoopActor func unsendable(target: String, status: Int) async throws {
        let endpoint = try RecordedEndpoint()
        let outcome = await endpoint.endpoint.request(SIPClientRequest(.options, target: target, from: "sip:tern@tern.test"))
        #expect(outcome.status == status && !outcome.isFromPeer)
        try await stop(endpoint)
    }

    @Test("a task that is cancelled and an endpoint that stops leave nothing waiting")
    @LoopActor func cancelled() async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        let request = register(raw, key: nil)
        let (first, second) = (
            Task { await endpoint.endpoint.request(request) }, Task { await endpoint.endpoint.request(request) })
        for _ in 1...2 { #expect(await raw.receive("REGISTER") != nil) }
        first.cancel()
        #expect(await first.value.status == 487)
        #expect(endpoint.endpoint.openRequests == 1)
        await endpoint.endpoint.stop()
        #expect(await second.value.status == 503)
        #expect(endpoint.endpoint.openRequests == 0)
        #expect(await endpoint.endpoint.request(request).status == 503)
    }

    @Test("a response that comes after its time says nothing to anyone")
    @LoopActor func late() async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        async let outcome = endpoint.endpoint.request(register(raw, key: nil, timeout: .milliseconds(100)))
        let first = try #require(await raw.receive("REGISTER"))
        #expect(await outcome.status == 408)
        raw.send(rawResponse(200, "OK", to: first, port: raw.port))
        async let second = endpoint.endpoint.request(register(raw, key: nil))
        let next = try #require(await raw.receive("REGISTER"))
        raw.send(rawResponse(404, "No", to: next, port: raw.port))
        #expect(await second.status == 404)
        try await stop(endpoint)
    }

    @Test("PUBLISH carries a body of its type and the Event, and leaves nothing to refresh or take back")
    @LoopActor func publish() async throws {
        let (endpoint, raw) = (try RecordedEndpoint(), try RawPeer())
        var request = SIPClientRequest(
            .publish, target: "sip:collector@127.0.0.1:\(raw.port)", from: "sip:tern.test", to: "sip:collector@127.0.0.1:\(raw.port)", expires: 0,
            headers: [("Event", "vq-rtcpxr")], timeout: .seconds(5))
        request.body = ("application/vq-rtcpxr", "VQSessionReport: CallTerm\r\n")
        for (status, expected) in [(200, 200), (489, 489), (503, 503)] {
            let sent = request
            async let outcome = endpoint.endpoint.request(sent)
            let publish = try #require(await raw.receive("PUBLISH"))
            #expect(publish.uri == request.target && publish.header("Event") == "vq-rtcpxr" && publish.header("Expires") == "0")
            #expect(publish.header("Content-Type") == "application/vq-rtcpxr" && publish.hasSuffix("\r\n\r\nVQSessionReport: CallTerm\r\n"))
            #expect(publish.header("To") == "<\(request.target)>" && publish.header("From")?.hasPrefix("<sip:tern.test>;tag=") == true)
            raw.send(rawResponse(status, "Answer", to: publish, port: raw.port, headers: ["SIP-ETag: 1", "Expires: 3600"]))
            let result = await outcome
            #expect(result.status == expected && result.isFromPeer)
        }
        #expect(await raw.receive(within: .milliseconds(300)) == nil)
        // Nobody answers.
        request.timeout = .milliseconds(300)
        let silent = await endpoint.endpoint.request(request)
        #expect(silent.status == 408 && !silent.isFromPeer)
        while await raw.receive(within: .milliseconds(100)) != nil {}
        try await stop(endpoint)
    }

    @LoopActor
    private func register(
        _ raw: RawPeer, key: String?, _ authorizer: RecordedAuthorizer? = nil, timeout: Duration = .seconds(5)
    ) -> SIPClientRequest {
        SIPClientRequest(
            .register, target: "sip:127.0.0.1:\(raw.port)", from: "sip:alice@tern.test", contactUser: "tern", expires: 300,
            headers: [("X-More", "yes"), ("Contact", "<sip:not@us>")], key: key, authorize: authorizer?.closure,
            timeout: timeout)
    }

    @LoopActor
    private func stop(_ endpoint: RecordedEndpoint) async throws {
        #expect(endpoint.endpoint.openRequests == 0)
        #expect(endpoint.unread.isEmpty)
        await endpoint.endpoint.stop()
    }
}
