import BrowserAPI
import EventLoop
import JSON
import Testing

@Suite("The envelope", .timeLimit(.minutes(1)))
@LoopActor
struct EnvelopeTests {
    @Test("a ping is answered with pong, before and after login")
    func ping() async {
        let bench = Bench()
        let before = bench.connect()
        #expect(await bench.ask("core", "ping", tid: 7, on: before) == ["result": "ok", "data": ["pong": true], "tid": 7])
        let (after, _) = await bench.login()
        #expect(await bench.ask("core", "ping", tid: 7, on: after).isOK)
    }

    @Test("a tid comes back with its type", arguments: [1, -3, 2.5, "x", "1", ""] as [JSONValue])
    func echoesTID(tid: JSONValue) async {
        let bench = Bench()
        let answer = await bench.ask("core", "ping", tid: tid, on: bench.connect())
        #expect(answer["tid"] == tid)
    }

    @Test(
        "a tid of another type, or too long, is refused and not echoed",
        arguments: [true, [], [:], .string(String(repeating: "x", count: 129))] as [JSONValue])
    func refusesTID(tid: JSONValue) async {
        let bench = Bench()
        let answer = await bench.ask("core", "ping", tid: tid, on: bench.connect())
        #expect(answer.errorCode == .invalidTID)
        #expect(answer["tid"] == .null)
    }

    @Test("a request without a tid is an error that names it", arguments: ["", #", "tid": null"#])
    func missingTID(member: String) async {
        let bench = Bench()
        let transport = bench.connect()
        bench.api.received(#"{"class": "core", "cmd": "ping"\#(member)}"#, on: transport)
        let answer = await transport.next()
        #expect(answer.errorCode == .missingField)
        #expect(answer.errorText.contains("`tid`"))
        #expect(answer["tid"] == .null)
    }

    @Test(
        "a text that is no JSON object is an error without a tid, and the connection stays",
        arguments: [
            "", "hello", "{", "[]", "1", "null", #""text""#, #"{"a":1,"a":2}"#, #"{class: "core"}"#,
            #"{"class":"core","cmd":"ping","tid":1} x"#, #"{"a":"\u0000"}"#, #"{"a":1e999}"#,
            #"{"tid":99999999999999999999999}"#,
        ])
    func notAnObject(text: String) async {
        await refusesText(text)
    }

    @Test("a text that is nested too deeply is no JSON object either", arguments: ["[", #"{"a":"#])
    func tooDeep(opening: String) async {
        await refusesText(String(repeating: opening, count: 10_000))
    }

    private func refusesText(_ text: String) async {
        let bench = Bench()
        let transport = bench.connect()
        bench.api.received(text, on: transport)
        let answer = await transport.next()
        #expect(answer["result"] == "error")
        #expect(answer.errorCode == .notAnObject)
        #expect(answer["tid"] == .null)
        #expect(await bench.ask("core", "ping", on: transport).isOK)
        #expect(transport.closing == nil)
    }

    @Test(
        "class, subclass, cmd and data of the wrong type, or missing, are errors that name the field",
        arguments: [
            ("class", #"{"cmd":"ping","tid":1}"#), ("class", #"{"class":1,"cmd":"ping","tid":1}"#),
            ("cmd", #"{"class":"core","tid":1}"#), ("cmd", #"{"class":"core","cmd":[],"tid":1}"#),
            ("data", #"{"class":"core","cmd":"ping","data":1,"tid":1}"#),
            ("data", #"{"class":"core","cmd":"ping","data":[],"tid":1}"#),
            ("subclass", #"{"class":"core","subclass":1,"cmd":"ping","tid":1}"#),
        ])
    func wrongMember(field: String, text: String) async {
        let bench = Bench()
        let (transport, _) = await bench.login()
        bench.api.received(text, on: transport)
        let answer = await transport.next()
        #expect(answer.errorCode == .missingField || answer.errorCode == .invalidField)
        #expect(answer.errorText.hasPrefix("`\(field)`"))
        #expect(answer["tid"] == 1)
    }

    @Test("data may be absent or null, and unknown fields are ignored")
    func tolerates() async {
        let bench = Bench()
        let (transport, _) = await bench.login()
        for data in ["", #","data":null"#, #","data":{"newer":[1]},"newer":{}"#] {
            bench.api.received(#"{"class":"core","cmd":"ping","tid":1\#(data)}"#, on: transport)
            #expect(await transport.next().isOK)
        }
    }

    @Test("an unknown class and an unknown command are errors of their own")
    func unknown() async {
        let bench = Bench()
        let (transport, _) = await bench.login()
        #expect(await bench.ask("sip", "login", on: transport).errorCode == .unknownClass)
        #expect(await bench.ask("core", "start_session", on: transport).errorCode == .unknownCommand)
        #expect(await bench.ask("media", "login", on: transport).errorCode == .unknownCommand)
        #expect(await bench.ask("media", "", on: transport).errorCode == .unknownCommand)
        #expect(await bench.ask("core", "event", on: transport).errorCode == .unknownCommand)
    }

    @Test(
        "responses and acks to nothing are ignored, whatever they look like",
        arguments: [
            #"{"result":"ok","tid":1}"#, #"{"result":"ok"}"#, #"{"result":7,"data":[],"tid":"x"}"#, #"{"ack":1}"#,
            #"{"ack":{}}"#, #"{"ack":null}"#, #"{"result":"error","data":{"code":"x"},"tid":[]}"#,
        ])
    func ignored(text: String) async throws {
        let bench = Bench()
        let anonymous = bench.connect()
        bench.api.received(text, on: anonymous)
        let (transport, _) = await bench.login()
        bench.api.received(text, on: transport)
        #expect(await bench.ask("core", "ping", on: transport).isOK)
        #expect(anonymous.rest().isEmpty && transport.rest().isEmpty)
    }

    @Test("an event has no tid, and class core around the class of what happened")
    func event() async throws {
        let bench = Bench()
        let (transport, client, _) = try await bench.client()
        client.send(.session("54c1b637-36fb-40c2-8080-28f07603cda8", "webrtc", ["state": "up"]))
        let expected: JSONValue = [
            "class": "core", "cmd": "event",
            "data": [
                "class": "media", "subclass": "session", "type": "webrtc",
                "obj_id": "54c1b637-36fb-40c2-8080-28f07603cda8", "body": ["state": "up"],
            ],
        ]
        #expect(await transport.next() == expected)
    }

    @Test("what arrives on a connection that is not open is not looked at")
    func strayInput() async {
        let bench = Bench()
        let transport = bench.connect()
        bench.api.closed(transport)
        bench.api.closed(transport)
        bench.api.received(#"{"class":"core","cmd":"ping","tid":1}"#, on: transport)
        #expect(transport.rest().isEmpty)
    }
}
