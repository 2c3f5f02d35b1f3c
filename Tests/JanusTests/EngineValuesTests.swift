@testable import Janus
import JSON
import Testing

@Suite("What the media engine says")
struct EngineValuesTests {
    @Test("a Janus without an address for ICE says what to do about it")
    func noAddress() {
        #expect(JanusError.refused(code: 490, reason: "Error setting ICE locally").description.contains("no address but loopback"))
        #expect(JanusError.refused(code: 490, reason: "else").description == "Janus refused: else (490)")
    }

    @Test("each event is recognised with what belongs to it", arguments: [
        (["event": "digit", "kind": "audio", "digit": "#", "duration": 120], .digit(.audio, "#", duration: .milliseconds(120))),
        (
            ["event": "latched", "kind": "video", "address": "10.0.0.2", "port": 4_000],
            .latched(.video, socketAddress("10.0.0.2", 4_000), former: nil)
        ),
        (
            ["event": "latched", "kind": "audio", "address": "::1", "port": 1, "former": ["address": "::2", "port": 2]],
            .latched(.audio, socketAddress("::1", 1), former: socketAddress("::2", 2))
        ),
        (["event": "flowing", "kind": "audio"], .flowing(.audio)), (["event": "silent", "kind": "video"], .silent(.video)),
        (["event": "unreachable", "kind": "audio"], .unreachable(.audio)), (["event": "keyframe_wanted"], .keyframeWanted),
        (["event": "error", "what": "recording", "reason": "no space"], .error(what: "recording", reason: "no space")),
    ] as [([String: JSONValue], EngineEvent)])
    func events(members: [String: JSONValue], event: EngineEvent) {
        #expect(EngineEvent(.object(members.merging(["tern": "event"]) { own, _ in own })) == event)
        #expect(EngineEvent(.object(members)) == nil)
    }

    @Test("one that lacks something, or of another kind, is none", arguments: [
        ["event": "digit", "kind": "audio", "digit": "12"], ["event": "digit", "kind": "audio", "digit": ""],
        ["event": "digit", "digit": "1"], ["event": "digit", "kind": "smell", "digit": "1"], ["event": "digit", "kind": "audio", "digit": 1],
        ["event": "latched", "kind": "audio", "address": "10.0.0.2"], ["event": "latched", "address": "10.0.0.2", "port": 1],
        ["event": "flowing"], ["event": 7], [:],
    ] as [[String: JSONValue]])
    func noEvents(members: [String: JSONValue]) {
        #expect(EngineEvent(.object(members.merging(["tern": "event"]) { own, _ in own })) == nil)
    }

    @Test("a jsep is an offer or answer with a description, or none at all", arguments: [
        ["type": "offer"], ["sdp": "v=0"], ["type": "pranswer", "sdp": "v=0"], ["type": 1, "sdp": "v=0"],
        ["type": "offer", "sdp": 1], [], "offer", nil,
    ] as [JSONValue])
    func noJSEP(json: JSONValue) {
        #expect(JSEP(json) == nil)
    }

    @Test("the counters of a leg are read, and what is not known stays open")
    func statistics() throws {
        let statistics = try #require(EngineStatistics([
            "tern": "statistics", "leg": 5,
            "audio": [
                "received": [
                    "packets": 50, "bytes": 8_600, "lost": 2, "jitter": 3, "misordered": 1, "restarts": 4, "ssrc": 4_294_967_295,
                ],
                "sent": ["packets": 60, "bytes": 9_000, "lost": 0, "jitter": 0, "round_trip": 17, "ssrc": 1],
                "digits": 6, "rtcp_received": 7, "dropped": 8, "srtp_errors": 9, "latched": ["address": "10.0.0.2", "port": 4_000],
                "last_packet_ms": 20,
            ],
            "video": ["sent": ["packets": 1, "ssrc": 4_294_967_296]],
        ]))
        #expect(statistics.leg == EngineLegID(5))
        let audio = try #require(statistics[.audio])
        #expect(audio.received.packets == 50 && audio.received.bytes == 8_600 && audio.received.lost == 2 && audio.received.jitter == 3)
        #expect(audio.received.misordered == 1 && audio.received.restarts == 4 && audio.received.ssrc == 4_294_967_295)
        #expect(audio.sent.packets == 60 && audio.sent.bytes == 9_000 && audio.sent.lost == 0 && audio.sent.roundTrip == 17)
        #expect(audio.digits == 6 && audio.rtcpReceived == 7 && audio.dropped == 8 && audio.srtpErrors == 9)
        #expect(audio.latched == socketAddress("10.0.0.2", 4_000) && audio.lastPacket == .milliseconds(20))
        let video = try #require(statistics[.video])
        #expect(video.received == EngineStatistics.Flow() && video.lastPacket == nil && video.latched == nil)
        #expect(video.sent.packets == 1 && video.sent.lost == nil && video.sent.roundTrip == nil && video.sent.ssrc == nil)
    }
}
