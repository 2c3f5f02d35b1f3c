import EventLoop
@testable import Janus
import JSON
import Testing

extension Serially {
@Suite("A leg of the media engine", .serialized)
struct EngineLegTests {
    /// Runs a test on a leg whose plugin answers each request at once, with `data`.
    @LoopActor
    static func run(
        answering data: JSONValue, _ body: @LoopActor (EngineLeg, FakeJanus) async throws -> Void
    ) async throws {
        try await FakeJanus.run { fake, client, _ in
            let leg = try await EngineLeg.attach(to: client)
            fake.answer = { fake, request in
                guard request["janus"] == "message" else { return nil }
                return [fake.reply("success", to: request, ["plugindata": ["plugin": "janus.plugin.tern", "data": data]])]
            }
            try await body(leg, fake)
        }
    }

    /// The body of the last message.
    @LoopActor
    static func body(_ fake: FakeJanus) -> JSONValue? {
        fake.requests.elements.last { $0["janus"] == "message" }?["body"]
    }

    @Test("opens its media at an address, and reads ports and keys of all that are open")
    @LoopActor func open() async throws {
        let key = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWYwMTIzNDU2Nzg5YWJjZA=="
        let answer: JSONValue = [
            "tern": "open", "leg": 9_007_199_254_740_991, "audio": ["port": 20_000, "key": .string(key)],
            "video": ["port": 20_002, "key": "b"],
        ]
        try await Self.run(answering: answer) { leg, fake in
            let ports = try await leg.open([.audio], at: "10.0.0.1", ports: 20_000...20_999)
            #expect(Self.body(fake) == ["request": "open", "address": "10.0.0.1", "media": ["audio"], "ports": [20_000, 20_999]])
            #expect(ports.leg.value == 9_007_199_254_740_991)
            #expect(ports[.audio]?.port == 20_000 && ports[.video]?.port == 20_002)
            #expect(ports.audio?.key == key && ports.video?.key == "b")
            _ = try await leg.open([.audio, .video], at: "::")
            #expect(Self.body(fake) == ["request": "open", "address": "::", "media": ["audio", "video"]])
        }
    }

    @Test("says all that it is to be in one request")
    @LoopActor func configure() async throws {
        try await Self.run(answering: ["tern": "configure"]) { leg, fake in
            try await leg.configure(EngineConfiguration())
            #expect(Self.body(fake) == [
                "request": "configure", "peer": nil, "media": [], "bitrate": 0, "record": nil, "latching": "auto",
            ])
            let audio = EngineMedium(
                .audio, receive: false,
                payloads: [EnginePayload(0, "pcmu", clock: 8_000), EnginePayload(101, "telephone-event", clock: 8_000, fmtp: "0-15")],
                remote: EngineRemote(address: "10.0.0.2", port: 4_000, rtcpPort: 4_001, hidden: true),
                srtp: EngineSRTP(.aes256SHA32, local: "l", remote: "r"))
            let video = EngineMedium(.video, mindex: 1, send: false, payloads: [], feedback: [.pli, .fir])
            try await leg.configure(EngineConfiguration(
                peer: EngineLegID(7), media: [audio, video], bitrate: 300_000, record: "/tmp/call", latching: .off))
            #expect(Self.body(fake) == [
                "request": "configure", "peer": 7, "bitrate": 300_000, "record": "/tmp/call", "latching": "off",
                "media": [
                    [
                        "kind": "audio", "mindex": 0, "receive": false, "send": true, "feedback": [],
                        "payloads": [
                            ["type": 0, "codec": "pcmu", "clock": 8_000],
                            ["type": 101, "codec": "telephone-event", "clock": 8_000, "fmtp": "0-15"],
                        ],
                        "remote": ["address": "10.0.0.2", "port": 4_000, "rtcp_port": 4_001, "rtcp_mux": false, "hidden": true],
                        "srtp": ["suite": "AES_256_CM_HMAC_SHA1_32", "local": "l", "remote": "r"],
                    ],
                    ["kind": "video", "mindex": 1, "receive": true, "send": false, "payloads": [], "feedback": ["pli", "fir"]],
                ],
            ])
        }
    }

    @Test("sends no name of a recording that Janus would cut")
    @LoopActor func recordingName() async throws {
        try await Self.run(answering: ["tern": "configure"]) { leg, fake in
            let failure = await JanusClientTests.failure { () async throws(JanusError) in
                try await leg.configure(EngineConfiguration(record: "/" + String(repeating: "a", count: 230)))
            }
            guard case .invalid = failure else { Issue.record("\(String(describing: failure))"); return }
            #expect(Self.body(fake) == nil)
        }
    }

    @Test("hands Janus the browser's description, and gives the browser what Janus made of Tern's")
    @LoopActor func descriptions() async throws {
        try await FakeJanus.run { fake, client, _ in
            let leg = try await EngineLeg.attach(to: client)
            fake.answer = { fake, request in
                guard request["janus"] == "message" else { return nil }
                if request["body"]?["request"] == "take" {
                    return [fake.reply("success", to: request, ["plugindata": ["data": ["tern": "take"]]])]
                }
                return [
                    fake.reply("ack", to: request),
                    fake.event(to: request, ["tern": "give"], jsep: ["type": "answer", "sdp": "v=0 with ICE"]),
                ]
            }
            try await leg.take(JSEP(type: .offer, sdp: "v=0", trickle: true))
            #expect(fake.requests.elements.last?["jsep"] == ["type": "offer", "sdp": "v=0", "trickle": true])
            let given = try await leg.give("v=0", .answer)
            #expect(given == JSEP(type: .answer, sdp: "v=0 with ICE"))
            #expect(Self.body(fake) == ["request": "give", "type": "answer", "sdp": "v=0"])
            #expect(fake.requests.elements.last?["jsep"] == nil)
            _ = try await leg.give("v=0", .offer, isUpdate: true)
            #expect(Self.body(fake) == ["request": "give", "type": "offer", "sdp": "v=0", "update": true])
        }
    }

    @Test("throws the plugin's code, from a reply and from an event")
    @LoopActor func refusals() async throws {
        try await FakeJanus.run { fake, client, _ in
            let leg = try await EngineLeg.attach(to: client)
            let refusal: JSONValue = ["error": "all ports are in use", "error_code": 503]
            let expected = JanusError.plugin(code: EngineLeg.Refusal.noPorts, reason: "all ports are in use")
            fake.answer = { fake, request in
                guard request["janus"] == "message" else { return nil }
                if request["body"]?["request"] == "give" { return [fake.reply("ack", to: request), fake.event(to: request, refusal)] }
                return [fake.reply("success", to: request, ["plugindata": ["data": refusal]])]
            }
            #expect(await JanusClientTests.failure { () async throws(JanusError) in try await leg.open([.audio], at: "::1") } == expected)
            #expect(await JanusClientTests.failure { () async throws(JanusError) in try await leg.give("v=0", .offer) } == expected)
        }
    }

    @Test("says what a leg under a line test is to send")
    @LoopActor func signals() async throws {
        for (signal, members) in [
            (EngineSignal.tone(frequency: 1_004, level: -16), ["signal": "tone", "frequency": 1_004, "level": -16] as JSONValue),
            (.sweep(from: 300, to: 3_400, level: -16, time: .seconds(10)), ["signal": "sweep", "from": 300, "to": 3_400, "level": -16, "time": 10_000]),
            (.playback(.seconds(5)), ["signal": "playback", "time": 5_000]), (.echo, ["signal": "echo"]),
            (.melody([.init(880, .milliseconds(100))]), ["signal": "melody", "notes": [["frequency": 880, "time": 100]]]),
        ] { #expect(JSONValue.object(signal.members) == members) }
        #expect(EngineConfiguration(isTested: true).members["test"] == true && EngineConfiguration().members["test"] == nil)
    }

    @Test("reads id, version, and whether a keyframe was asked for")
    @LoopActor func answers() async throws {
        try await Self.run(answering: ["tern": "attach", "leg": 5, "protocol": 1, "version": "1.2.3", "asked": true]) { leg, fake in
            let id = try await leg.id()
            #expect(id == EngineLegID(5))
            #expect(Self.body(fake) == ["request": "attach"])
            let version = try await leg.version()
            #expect(version == EngineVersion(protocol: 1, version: "1.2.3"))
            #expect(Self.body(fake) == ["request": "version"])
            let isAsked = try await leg.requestKeyframe()
            #expect(isAsked)
            #expect(Self.body(fake) == ["request": "keyframe"])
        }
    }

    @Test("an answer that lacks something is malformed", arguments: [
        [:], ["tern": "x"], ["tern": "x", "leg": 0], ["tern": "x", "leg": 9_007_199_254_740_992], ["tern": "x", "leg": "5"],
        ["tern": "x", "protocol": 1], ["tern": "x", "asked": 1], ["leg": 5, "protocol": 1, "version": "1", "asked": true],
    ] as [JSONValue])
    @LoopActor func incomplete(answer: JSONValue) async throws {
        try await Self.run(answering: answer) { leg, _ in
            let failures = [
                await JanusClientTests.failure { () async throws(JanusError) in try await leg.id() },
                await JanusClientTests.failure { () async throws(JanusError) in try await leg.version() },
                await JanusClientTests.failure { () async throws(JanusError) in try await leg.requestKeyframe() },
                await JanusClientTests.failure { () async throws(JanusError) in try await leg.statistics() },
                await JanusClientTests.failure { () async throws(JanusError) in try await leg.open([], at: "::") },
                await JanusClientTests.failure { () async throws(JanusError) in try await leg.give("v=0", .offer) },
            ]
            for failure in failures {
                guard case .malformed = failure else { Issue.record("\(String(describing: failure))"); continue }
            }
        }
    }
}
}
