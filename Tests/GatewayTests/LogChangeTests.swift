import BrowserAPI
import Diagnosis
import EventLoop
import Events
@testable import Gateway
import JSON
import Logging
import Testing

@Suite("set_log")
struct LogChangeTests {
    private func change(_ fields: [String: JSONValue]) throws(APIError) -> LogChange { try LogChange(Fields(fields)) }

    @Test("a level, a call or a user, and a time are taken")
    func fields() throws {
        let nothing = try change([:])
        #expect(nothing.level == nil && nothing.subject == nil && nothing.seconds == 600)
        #expect(try change(["level": "debug"]).level == .debug)
        #expect(try change(["sip": true]).sip == true && nothing.sip == nil)
        #expect(try change(["call_id": "c1"]).subject == .call("c1"))
        let user = try change(["user": "alice", "seconds": 60])
        #expect(user.subject == .user("alice") && user.seconds == 60)
    }

    @Test("a field that is wrong is named", arguments: [
        ("level", ["level": "loud"]), ("level", ["level": 1]), ("user", ["user": "a", "call_id": "b"]), ("seconds", ["seconds": 3_601]),
        ("seconds", ["seconds": -1]), ("call_id", ["call_id": ""]),
    ] as [(String, [String: JSONValue])])
    func wrong(field: String, data: [String: JSONValue]) {
        let error = #expect(throws: APIError.self) { try change(data) }
        #expect(error?.known == .invalidField && error?.text.contains("`\(field)`") == true, "\(String(describing: error))")
    }

    @Test("what is logged from then on is the answer; 0 seconds end a filter")
    @LoopActor func state() throws {
        let output = LogOutput(descriptor: -1), messages = SIPMessageLog(log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }, stream: EventStream())
        #expect(output.state(messages) == ["level": "info", "sip": false])
        output.apply(try change(["level": "warning", "user": "alice", "seconds": 60]))
        #expect(output.state(messages)["level"]?.stringValue == "warning" && output.state(messages)["filter"]?["user"]?.stringValue == "alice")
        #expect((50...60).contains(output.state(messages)["filter"]?["seconds"]?.intValue ?? 0))
        output.apply(try change(["level": "debug"]))
        #expect(output.filter?.subject == .user("alice") && output.level == .debug)
        output.apply(try change(["seconds": 0]))
        #expect(output.state(messages) == ["level": "debug", "sip": false])
    }
}
