@testable import Janus
import JSON
import Testing

@Suite("Events of VideoCall")
struct VideoCallEventTests {
    static let offer = JSEP(type: .offer, sdp: "v=0")

    @Test("each is recognised with its name and description", arguments: [
        ("incomingcall", VideoCallEvent.incomingCall(from: "a", offer)), ("accepted", .accepted(by: "a", offer)),
        ("update", .update(offer)), ("hangup", .hangup(by: "a", reason: "r")),
    ])
    func known(name: String, event: VideoCallEvent) {
        let data: JSONValue = ["videocall": "event", "result": ["event": .string(name), "username": "a", "reason": "r"]]
        #expect(VideoCallEvent(data, Self.offer) == event)
    }

    @Test("one without its description, or of another kind, is none", arguments: [
        ["result": ["event": "incomingcall", "username": "a"]], ["result": ["event": "accepted"]], ["result": ["event": "update"]],
        ["result": ["event": "registered"]], ["result": ["event": 7]], ["result": []], [:], [], nil,
    ] as [JSONValue])
    func unknown(data: JSONValue) {
        #expect(VideoCallEvent(data, nil) == nil)
    }

    @Test("a jsep is an offer or answer with a description, or none at all", arguments: [
        ["type": "offer"], ["sdp": "v=0"], ["type": "pranswer", "sdp": "v=0"], ["type": 1, "sdp": "v=0"],
        ["type": "offer", "sdp": 1], [], "offer", nil,
    ] as [JSONValue])
    func noJSEP(json: JSONValue) {
        #expect(JSEP(json) == nil)
    }
}
