import EventLoop
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("Requests to the media engine that are wrong", .serialized, .timeLimit(.minutes(1)))
struct EngineRequestTests {
    /// A request, and the code that answers it.
    struct Bad: Sendable {
        let code: Int
        let body: JSONValue

        init(_ code: Int, _ body: JSONValue) { (self.code, self.body) = (code, body) }

        /// `configure` with one medium that has `members` beside what is right.
        static func medium(_ code: Int, _ members: [String: JSONValue]) -> Bad {
            let right: [String: JSONValue] = ["kind": "audio", "receive": true, "send": true, "payloads": []]
            return Bad(code, ["request": "configure", "media": [.object(right.merging(members) { $1 })]])
        }

        static func srtp(_ members: [String: JSONValue]) -> Bad {
            let right: [String: JSONValue] = [
                "suite": "AES_CM_128_HMAC_SHA1_80", "local": .string(String(repeating: "A", count: 40)),
                "remote": .string(String(repeating: "A", count: 40)),
            ]
            return medium(400, ["srtp": .object(right.merging(members) { $1 })])
        }
    }

    /// Wrong for any leg.
    nonisolated static let wrong: [Bad] = [
        Bad(400, [:]), Bad(400, ["request": 7]), Bad(400, ["request": nil]), Bad(400, ["request": "nonsense"]),
        Bad(400, ["request": .string(String(repeating: "x", count: 10_000))]),
        Bad(400, ["request": "open", "media": ["audio"]]), Bad(400, ["request": "open", "address": 7, "media": ["audio"]]),
        Bad(400, ["request": "open", "address": "host.example", "media": ["audio"]]),
        Bad(400, ["request": "open", "address": "300.1.1.1", "media": ["audio"]]),
        Bad(400, ["request": "open", "address": "", "media": ["audio"]]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": "audio"]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": ["smell"]]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": [7]]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": ["audio"], "ports": [1]]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": ["audio"], "ports": [30_000, 20_000]]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": ["audio"], "ports": [0, 10]]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": ["audio"], "ports": [-5, -2]]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": ["audio"], "ports": [60_000, 70_000]]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": ["audio"], "ports": [20_000.5, 20_010]]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": ["audio"], "ports": ["1", "2"]]),
        Bad(400, ["request": "open", "address": "198.51.100.1", "media": ["audio"], "ports": [.integer(.min), .integer(.max)]]),
        Bad(400, ["request": "configure", "peer": "x"]), Bad(400, ["request": "configure", "peer": 0]),
        Bad(400, ["request": "configure", "peer": -1]), Bad(400, ["request": "configure", "peer": 1.5]),
        Bad(400, ["request": "configure", "peer": .integer(.max)]), Bad(404, ["request": "configure", "peer": 12_345]),
        Bad(400, ["request": "configure", "media": [:]]), Bad(400, ["request": "configure", "media": [7]]),
        Bad(400, ["request": "configure", "media": [[:]]]), Bad.medium(400, ["kind": "smell"]), Bad.medium(400, ["kind": 7]),
        Bad(400, ["request": "configure", "media": [["kind": "audio"], ["kind": "audio"]]]),
        Bad(400, ["request": "configure", "media": [["kind": "audio"], ["kind": "video"], ["kind": "audio"]]]),
        Bad.medium(400, ["mindex": -1]), Bad.medium(400, ["mindex": .integer(.max)]), Bad.medium(400, ["receive": 1]),
        Bad.medium(400, ["send": "yes"]), Bad.medium(400, ["payloads": [:]]), Bad.medium(400, ["payloads": [7]]),
        Bad.medium(400, ["payloads": [["codec": "pcmu", "clock": 8_000]]]),
        Bad.medium(400, ["payloads": [["type": 128, "codec": "pcmu", "clock": 8_000]]]),
        Bad.medium(400, ["payloads": [["type": -1, "codec": "pcmu", "clock": 8_000]]]),
        Bad.medium(400, ["payloads": [["type": 0, "codec": 7, "clock": 8_000]]]),
        Bad.medium(400, ["payloads": [["type": 0, "codec": "pcmu", "clock": 0]]]),
        Bad.medium(400, ["payloads": [["type": 0, "codec": "pcmu", "clock": .integer(.max)]]]),
        Bad.medium(400, ["payloads": .array((0..<200).map { _ in ["type": 0, "codec": "pcmu", "clock": 8_000] })]),
        Bad.medium(400, ["remote": "198.51.100.2:4000"]), Bad.medium(400, ["remote": ["address": "198.51.100.2"]]),
        Bad.medium(400, ["remote": ["port": 4_000]]), Bad.medium(400, ["remote": ["address": "phone.example", "port": 4_000]]),
        Bad.medium(400, ["remote": ["address": "198.51.100.2", "port": 65_536]]),
        Bad.medium(400, ["remote": ["address": "198.51.100.2", "port": -1]]),
        Bad.medium(400, ["remote": ["address": "198.51.100.2", "port": 4_000, "rtcp_port": 70_000]]),
        Bad.medium(400, ["remote": ["address": "198.51.100.2", "port": 4_000, "rtcp_mux": 1]]),
        Bad.medium(400, ["srtp": "key"]), Bad.srtp(["suite": "ROT13"]), Bad.srtp(["suite": nil]), Bad.srtp(["local": nil]),
        Bad.srtp(["remote": "AAAA"]), Bad.srtp(["remote": .string(String(repeating: "?", count: 40))]), Bad.srtp(["local": 7]),
        Bad.srtp(["suite": "AES_256_CM_HMAC_SHA1_80"]), Bad.medium(400, ["feedback": "pli"]),
        Bad(400, ["request": "configure", "bitrate": -1]), Bad(400, ["request": "configure", "bitrate": .integer(1 << 40)]),
        Bad(400, ["request": "configure", "bitrate": "much"]), Bad(400, ["request": "configure", "record": 7]),
        Bad(400, ["request": "configure", "record": "relative/path"]), Bad(400, ["request": "configure", "record": ""]),
        Bad(400, ["request": "configure", "record": .string("/" + String(repeating: "x", count: 5_000))]),
        Bad(400, ["request": "configure", "latching": "maybe"]), Bad(400, ["request": "take"]),
    ]

    /// What a leg answers to a request.
    @LoopActor
    static func code(_ handle: JanusHandle, _ body: JSONValue, jsep: JSEP? = nil) async -> Int? {
        let failure = await JanusClientTests.failure { () async throws(JanusError) in try await handle.message(body, jsep: jsep) }
        guard case .plugin(let code, let reason) = failure else { return nil }
        return reason.isEmpty ? nil : code
    }

    @Test("each gets an error that says what, from a fresh leg and from an open one, and changes nothing")
    @LoopActor func malformed() async throws {
        try await EngineBench.run { bench in
            let fresh = try await EngineLeg.attach(to: bench.janus.client), leg = try await bench.leg(), phone = try TestPhone(EngineBench.phone)
            try await leg.configure(phone.remote, to: leg.id)
            for bad in Self.wrong {
                for handle in [fresh.handle, leg.leg.handle] {
                    let code = await Self.code(handle, bad.body)
                    #expect(code == bad.code, "\(bad.body.text.prefix(300))")
                }
                phone.send(RTPSample(0), to: leg.audio)
                #expect(await phone.receive(1).count == 1, "\(bad.body.text.prefix(300))")
            }
            // Nothing of it has made the fresh one what it is not.
            let ports = try await fresh.open([.audio], at: EngineBench.address)
            #expect(ports.audio != nil)
        }
    }

    @Test("give wants a type and a session description; its errors are events of the same transaction")
    @LoopActor func give() async throws {
        try await EngineBench.run { bench in
            let leg = try await EngineLeg.attach(to: bench.janus.client)
            for body in [
                ["request": "give"], ["request": "give", "type": "pranswer", "sdp": "v=0"], ["request": "give", "type": "offer"],
                ["request": "give", "type": "offer", "sdp": 7], ["request": "give", "type": 7, "sdp": "v=0"],
                ["request": "give", "type": "offer", "sdp": "v=0", "update": 7], ["request": "give", "type": "offer", "sdp": ""],
                ["request": "give", "type": "offer", "sdp": "nonsense"],
            ] as [JSONValue] {
                let code = await Self.code(leg.handle, body)
                #expect(code != nil, "\(body.text)")
            }
            _ = try await leg.id()
        }
    }

    @Test("a plain leg has no PeerConnection, one with a PeerConnection no ports, and only open media can be configured")
    @LoopActor func order() async throws {
        try await EngineBench.run(usesPeerConnections: true) { bench in
            let plain = try await bench.leg(), offer = JSEP(type: .offer, sdp: Descriptions.chromeOffer(), trickle: true)
            #expect(await Self.code(plain.leg.handle, ["request": "take"], jsep: offer) == 409)
            #expect(await Self.code(plain.leg.handle, ["request": "give", "type": "offer", "sdp": "v=0"]) == 409)
            #expect(await Self.code(plain.leg.handle, ["request": "configure", "media": [["kind": "video"]]]) == 409)
            let browser = try await EngineLeg.attach(to: bench.janus.client)
            try await browser.take(offer)
            #expect(await Self.code(browser.handle, ["request": "open", "address": "198.51.100.1", "media": ["audio"]]) == 409)
            // What can be asked of a leg at any time.
            let fresh = try await EngineLeg.attach(to: bench.janus.client)
            #expect(try await fresh.statistics().audio == nil)
            let isAsked = try await fresh.requestKeyframe()
            #expect(!isAsked)
            try await fresh.configure(EngineConfiguration())
        }
    }

    @Test("an answer without an offer is refused at once, so that other legs do not wait for it")
    @LoopActor func answerAlone() async throws {
        try await EngineBench.run(usesPeerConnections: true) { bench in
            let leg = try await EngineLeg.attach(to: bench.janus.client), begin = ContinuousClock.now
            #expect(await Self.code(leg.handle, ["request": "give", "type": "answer", "sdp": .string(Descriptions.chromeAnswer())]) == 409)
            #expect(ContinuousClock.now - begin < .seconds(1))
            try await leg.take(JSEP(type: .offer, sdp: Descriptions.chromeOffer(), trickle: true))
            let answer = try await leg.give(Descriptions.chromeAnswer(), .answer)
            #expect(answer.type == .answer && answer.sdp.contains("a=candidate:") && answer.sdp.contains("a=fingerprint:"))
        }
    }

    @Test("a browser that was offered something and has answered is given an answer at any time: what stands, after an offer that came to nothing")
    @LoopActor func answerAgain() async throws {
        try await EngineBench.run(usesPeerConnections: true) { bench in
            let leg = try await EngineLeg.attach(to: bench.janus.client)
            let offer = try await leg.give(Descriptions.chromeOffer(video: false), .offer)
            #expect(offer.type == .offer)
            try await leg.take(JSEP(type: .answer, sdp: Descriptions.chromeAnswer(video: false), trickle: true))
            _ = try await leg.give(
                Descriptions.chromeOffer(video: false).replacing("a=sendrecv", with: "a=sendonly"), .offer, isUpdate: true)
            #expect(try await leg.give(Descriptions.chromeAnswer(video: false), .answer, isUpdate: true).sdp.contains("a=sendrecv"))
        }
    }

    @Test("an address that is not this machine's has no ports")
    @LoopActor func foreignAddress() async throws {
        try await EngineBench.run { bench in
            let leg = try await EngineLeg.attach(to: bench.janus.client)
            #expect(await Self.code(leg.handle, ["request": "open", "address": "203.0.113.7", "media": ["audio", "video"]]) == 503)
            let ports = try await leg.open([.audio], at: EngineBench.address)
            #expect(ports.audio != nil)
        }
    }

    @Test("what is not known is ignored: members and feedback of later versions")
    @LoopActor func unknownMembers() async throws {
        try await EngineBench.run { bench in
            let leg = try await bench.leg()
            let body: JSONValue = [
                "request": "configure", "later": ["version": 2],
                "media": [["kind": "audio", "receive": true, "send": true, "payloads": [], "feedback": ["tmmbr", "pli"], "colour": "red"]],
            ]
            #expect(try await leg.leg.handle.message(body).data["tern"] == "configure")
        }
    }
}
}
