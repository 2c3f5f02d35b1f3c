@testable import Diagnosis
import EventLoop
import Events
import JSON
import Testing

@LoopActor
@Suite struct TraceStoreTests {
    @Test("all that belongs to a call is on its time line, in order, also what came before the call was known")
    func whole() throws {
        let document = try Sample.document()
        #expect(document.entries.map(\.label) == [
            "INVITE sip:echo@192.0.2.1", "info tern: call from a phone", "call begins: phone 100 (anonymous) dials echo", "100 Trying (INVITE)", "open", "open: ok",
            "call_invite", "call_invite: ok", "INVITE sip:echo@192.0.2.1", "200 OK (INVITE)", "call answered", "call ended by caller: 200 OK",
        ])
        #expect(document.entries.map(\.party) == ["caller", nil, nil, "caller", "janus", "janus", "callee", "callee", "caller", "caller", nil, nil])
        #expect(document.parties.map(\.id) == ["caller", "callee", "janus"] && document.parties[1].name == "alice")
        #expect(document.summary.status == 200 && document.summary.callIDs == ["one@192.0.2.7"] && document.summary.answered != nil)
    }

    @Test("a dialog that goes on in another call, when the first has ended, is that call's")
    func nextCall() throws {
        let bench = TraceBench()
        bench.begin("first", caller: "dialog")
        bench.invite("dialog", branch: "z9hG4bK1")
        bench.respond("dialog", 486, "Busy Here")
        bench.call("first", .ended(CallOutcome(status: 486, reason: "Busy Here", by: "callee")))
        let before = try bench.labels("first")
        bench.begin("second", caller: "dialog")
        bench.invite("dialog", branch: "z9hG4bK2")
        bench.respond("dialog", 200, "OK")
        #expect(try bench.labels("first") == before)
        #expect(try bench.labels("second").suffix(2) == ["INVITE sip:echo@192.0.2.1", "200 OK (INVITE)"])
    }

    @Test("a refused INVITE whose Call-ID is the id of a call takes nothing from that call")
    func chosenID() throws {
        let bench = TraceBench()
        bench.begin("call", caller: "dialog")
        bench.invite("dialog")
        let memory = bench.store.memory
        for number in 0..<50 {
            bench.invite("call", branch: "z9hG4bK\(number)")
            bench.respond("call", 403, "Forbidden")
        }
        #expect(try bench.labels("call").prefix(2) == ["call begins: phone 100 (anonymous) dials echo", "INVITE sip:echo@192.0.2.1"])
        bench.respond("dialog", 200, "OK")
        #expect(try bench.labels("call").last == "200 OK (INVITE)")
        #expect(bench.store.callCount == 1 && bench.store.memory < memory + 10_000, "\(memory) \(bench.store.memory)")
    }

    @Test("a repeated message is marked, and leads to the text of the first")
    func repetition() throws {
        let document = try Sample.document()
        #expect(document.entries.map(\.isRepetition).filter { $0 }.count == 1)
        #expect(document.entries[8].repeats == 0 && document.entries[8].text.isEmpty)
        #expect(document.text(of: document.entries[8]) == document.entries[0].text && !document.entries[0].text.isEmpty)
        #expect(document.json["entries"]?[8]?["repetition"] == true && document.json["entries"]?[8]?["repeats"] == 0)
    }

    @Test("no secret leaves, and JSON gives the document back as it was")
    func clean() throws {
        let document = try Sample.document()
        for secret in ["topsecret", "c2VjcmV0"] { #expect(!document.json.text.contains(secret)) }
        let back = try #require(TraceDocument(JSONValue(parsing: document.json.text)))
        #expect(back.entries == document.entries && back.parties == document.parties && back.summary == document.summary)
    }

    @Test("what is kept with its secrets leaves without them: documents, lists, ladders and captures, of calls, refused calls and repetitions")
    func waysOut() throws {
        let bench = TraceBench()
        let uri = "sip:bob:topsecret@example.org", credentials = "Authorization: Digest username=\"a\", response=\"topsecret\"\r\n"
        let invite = "INVITE \(uri) SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7\r\nf : \"x\" <sip:bob:topsecret@example.org>;tag=1\r\n\(credentials)\r\na=ice-pwd:topsecret\r\n"
        for _ in 0..<2 { bench.sip("one", invite) }
        bench.respond("one", 403, "No \(uri) here")
        bench.sip("two", invite)
        bench.begin("c", caller: "two", session: "s")
        bench.sip("two", invite)
        bench.session("s", .hasHandle(7, side: "caller"))
        bench.engine(7, #"{"janus":"message","body":{"request":"open","key":"topsecret"},"transaction":"t","handle_id":7}"#)
        bench.engine(7, #"{"janus":"event","transaction":"t","sender":7,"plugindata":{"data":{"error":"no sip:a:topsecret@x","key":"topsecret"}}}"#, isSent: false)
        bench.log(.call("c"), "to \(uri)", [("call", "c"), ("target", uri)])
        bench.log(.call("c"), "long", [("body", uri + " " + String(repeating: "x", count: 40_000))])
        bench.call("c", .ended(CallOutcome(status: 500, reason: "no \(uri)", by: "gateway")))
        bench.api(Sample.client, #"{"class":"media","cmd":"start_call","data":{"dest":"sip:a:topsecret@x","token":"topsecret"},"tid":5}"#)
        bench.api(Sample.client, #"{"result":"error","data":{"code":3001,"error":"no sip:a:topsecret@x"},"tid":5}"#, isSent: true)
        let list = bench.store.list(count: 10)
        #expect(list.count == 3 && list.contains { $0.caller.hasPrefix("bob:***") })
        for summary in list {
            let document = try bench.store.trace(of: summary.id)
            let ladder = Ladder(document, width: 120, isFull: true).lines.joined(separator: "\n")
            let capture = String(decoding: PacketCapture(document, application: "test").bytes, as: UTF8.self)
            for text in [summary.json.text, document.json.text, summary.line, ladder, capture] { #expect(!text.contains("topsecret"), "\(text)") }
            #expect(document.json.text.contains("***"))
        }
    }

    @Test("a secret that a label has no room for as a whole is not kept in part")
    func cut() throws {
        let bench = TraceBench()
        let uri = "sip:\(String(repeating: "u", count: 178)):topsecretpassword@example.org"
        bench.call("c", .began(CallStart(callerKind: "phone", caller: "sip:a:topsecret@x", dialled: uri, source: "anonymous")))
        bench.call("c", .hasDialog(callID: "d", isCaller: true))
        bench.sip("d", "INVITE \(uri) SIP/2.0\r\n\r\n")
        #expect(try !bench.store.trace(of: "c").json.text.contains("topsecret"))
    }

    @Test("an INVITE that is refused before it is a call is kept under its Call-ID, with its challenge, ACK and log")
    func refused() throws {
        let bench = TraceBench()
        bench.invite("two")
        bench.respond("two", 401, "Unauthorized")
        #expect(bench.store.list(count: 10).isEmpty)
        bench.invite("two", branch: "z9hG4bK2")
        bench.log(.dialog("two"), "call refused")
        bench.respond("two", 403, "Forbidden")
        bench.sip("two", "ACK sip:echo@192.0.2.1 SIP/2.0\r\n\r\n", method: "ACK")
        let trace = try bench.store.trace(of: "two")
        #expect(trace.entries.map(\.label) == [
            "INVITE sip:echo@192.0.2.1", "401 Unauthorized (INVITE)", "INVITE sip:echo@192.0.2.1", "info tern: call refused", "403 Forbidden (INVITE)",
            "ACK sip:echo@192.0.2.1",
        ])
        #expect(trace.summary.status == 403 && trace.summary.caller == "100" && trace.summary.dialled == "echo" && !trace.summary.isCall)
        #expect(try bench.store.trace(of: "last").summary.id == "two")
    }

    @Test("a challenge that nobody answers is kept when its time is over; a REGISTER is not")
    func unanswered() throws {
        let bench = TraceBench()
        bench.sip("reg", "REGISTER sip:192.0.2.1 SIP/2.0\r\n\r\n", method: "REGISTER")
        bench.invite("three")
        bench.respond("three", 401, "Unauthorized")
        let before = bench.store.memory
        bench.now += 61_000_000
        bench.log(.call("x"), "later")
        #expect(bench.store.list(count: 10).map(\.id) == ["three"])
        #expect(bench.store.list(count: 10).first?.status == 401)
        #expect(throws: TraceStore.Failure.self) { try bench.store.trace(of: "reg") }
        #expect(before > 0)
    }

    @Test("a browser's call has its request too, though only the answer names the call; polls and questions of admins are not in it")
    func browser() throws {
        let bench = TraceBench()
        bench.api(Sample.client, #"{"class":"media","cmd":"start_call","data":{"dest":"echo"},"tid":"a"}"#)
        bench.begin(Sample.call, session: Sample.session)
        bench.call(Sample.call, .hasClient(id: Sample.client, isCaller: true))
        bench.api(Sample.client, #"{"ack":"a"}"#, isSent: true)
        bench.api(Sample.client, #"{"result": "ok", "data": {"call_id": "\#(Sample.call)", "session_id": "\#(Sample.session)"}, "tid": "a"}"#, isSent: true)
        bench.api(Sample.client, #"{"class":"core","cmd":"ping","tid":2}"#)
        bench.api(Sample.client, #"{"result":"ok","data":{"pong":true},"tid":2}"#, isSent: true)
        bench.api(Sample.client, #"{"class":"admin","cmd":"get_trace","data":{"call":"\#(Sample.call)"},"tid":3}"#)
        bench.api(Sample.client, #"{"result":"ok","data":{"id":"\#(Sample.call)"},"tid":3}"#, isSent: true)
        bench.api(Sample.client, #"{"class":"core","cmd":"event","data":{"obj_id":"\#(Sample.call)","type":"answer","body":{}}}"#, isSent: true)
        bench.api("other", #"{"class":"media","cmd":"set_candidate","data":{"session_id":"\#(Sample.session)"},"tid":1}"#)
        #expect(try bench.labels(Sample.call) == [
            "start_call", "call begins: phone 100 (anonymous) dials echo", "start_call: ok", "event answer", "set_candidate",
        ])
    }

    @Test("a call that is not admitted has a trace under the id that the log has, with the SIP of its dialog, or the request of its client")
    func notAdmitted() throws {
        let bench = TraceBench()
        let start = CallStart(callerKind: "phone", caller: "100", dialled: "echo", source: ""), outcome = CallOutcome(status: 403, reason: "Too expensive", by: "gateway")
        bench.invite("d")
        bench.call("x1", .notAdmitted(start, callID: "d", client: nil, outcome))
        bench.log(.call("x1"), "call ended")
        bench.respond("d", 403, "Forbidden")
        #expect(try bench.labels("x1") == ["INVITE sip:echo@192.0.2.1", "call not admitted: 403 Too expensive", "info tern: call ended", "403 Forbidden (INVITE)"])
        #expect(try bench.store.trace(of: "d").summary.reason == "Too expensive")
        #expect(try bench.store.trace(of: "d").summary.id == "x1" && bench.store.list(count: 9).count == 1)
        bench.api(Sample.client, #"{"class":"media","cmd":"start_call","data":{"dest":"nobody"},"tid":1}"#)
        bench.call("x2", .notAdmitted(start, callID: nil, client: Sample.client, outcome))
        bench.api(Sample.client, #"{"result":"error","data":{"code":3009,"error":"no"},"tid":1}"#, isSent: true)
        #expect(try bench.labels("x2") == ["start_call", "call not admitted: 403 Too expensive", "start_call: error 3009 no"])
    }

    @Test("an answer belongs to its request, also where the id is written in another way: a text with escapes, a number that is no integer", arguments: [
        ("0.1", "0.10000000000000001"), (#""\u00e9/""#, #""é/""#), (#""a\/b""#, #""a/b""#), ("1e2", "100.0"), ("7", "7"), (#""x e.7""#, #""x e.7""#),
    ])
    func writtenIDs(sent: String, answered: String) throws {
        let bench = TraceBench()
        bench.api(Sample.client, #"{"class":"media","cmd":"start_call","data":{"dest":"echo"},"tid":\#(sent)}"#)
        bench.begin(Sample.call, session: Sample.session)
        bench.api(Sample.client, #"{"result":"ok","data":{"call_id":"\#(Sample.call)"},"tid":\#(answered)}"#, isSent: true)
        #expect(try bench.labels(Sample.call).contains("start_call"))
    }

    @Test("a phone that calls again under its Call-ID has a trace for each id that the log has, with that INVITE and its repetitions; and no more is known than is kept")
    func again() throws {
        let bench = TraceBench { $0.calls = 4 }
        let start = CallStart(callerKind: "phone", caller: "100", dialled: "echo", source: ""), outcome = CallOutcome(status: 403, reason: "no", by: "gateway")
        for number in 1...3 {
            bench.invite("d", branch: "z9hG4bK\(number)")
            bench.call("x\(number)", .notAdmitted(start, callID: "d", client: nil, outcome))
            bench.invite("d", branch: "z9hG4bK\(number)")
            bench.respond("d", 403, "Refused \(number)")
            bench.sip("d", "ACK sip:echo@192.0.2.1 SIP/2.0\r\n\r\n", method: "ACK")
        }
        bench.invite("d", branch: "z9hG4bK4")
        bench.begin("c", caller: "d")
        for number in 1...3 {
            let entries = try bench.store.trace(of: "x\(number)").entries
            #expect(entries.map(\.label) == [
                "INVITE sip:echo@192.0.2.1", "call not admitted: 403 no", "INVITE sip:echo@192.0.2.1", "403 Refused \(number) (INVITE)", "ACK sip:echo@192.0.2.1",
            ])
            #expect(entries.first?.text.contains("z9hG4bK\(number)") == true)
        }
        #expect(try bench.labels("c") == ["INVITE sip:echo@192.0.2.1", "call begins: phone 100 (anonymous) dials echo"])
        for number in 0..<100 {
            bench.invite("e", branch: "z9hG4bK\(number)")
            bench.call("y\(number)", .notAdmitted(start, callID: "e", client: nil, outcome))
        }
        #expect(bench.store.callCount <= 4 && bench.store.own.count <= 2 * 4)
    }

    @Test("a request that is refused later has nothing to do with the client's call that was not admitted")
    func stale() throws {
        let bench = TraceBench()
        let start = CallStart(callerKind: "browser", caller: "alice", dialled: "echo", source: ""), outcome = CallOutcome(status: 403, reason: "no", by: "gateway")
        bench.call("x", .notAdmitted(start, callID: nil, client: Sample.client, outcome))
        bench.api(Sample.client, #"{"class":"media","cmd":"start_session","data":{},"tid":1}"#)
        bench.api(Sample.client, #"{"result":"error","data":{"code":3001,"error":"bad"},"tid":1}"#, isSent: true)
        #expect(try bench.labels("x") == ["call not admitted: 403 no"])
        #expect(try bench.labels("last") == ["start_session", "start_session: error 3001 bad"])
    }

    @Test("a start_call that is refused has a trace of its own")
    func refusedBrowser() throws {
        let bench = TraceBench()
        bench.api(Sample.client, #"{"class":"media","cmd":"start_call","data":{"dest":"nobody"},"tid":1}"#)
        bench.api(Sample.client, #"{"result":"error","data":{"code":3301,"error":"nobody is reached"},"tid":1}"#, isSent: true)
        let trace = try bench.store.trace(of: "last")
        #expect(trace.entries.map(\.label) == ["start_call", "start_call: error 3301 nobody is reached"] && trace.summary.caller == "alice")
    }

    @Test("what Janus says of a handle before the session has it, and the last counts alone, are in the trace")
    func engine() throws {
        let bench = TraceBench()
        bench.engine(9, #"{"janus":"webrtcup","sender":9}"#, isSent: false)
        bench.begin(Sample.call, session: Sample.session)
        bench.session(Sample.session, .hasHandle(9, side: "callee"))
        for number in 1...20 {
            bench.engine(9, #"{"janus":"message","body":{"request":"statistics"},"transaction":"t\#(number)"}"#)
            bench.engine(9, #"{"janus":"ack","transaction":"t\#(number)"}"#, isSent: false)
            bench.engine(9, #"{"janus":"event","transaction":"t\#(number)","plugindata":{"data":{"tern":"ok","leg":\#(number)}}}"#, isSent: false)
        }
        #expect(try bench.labels(Sample.call) == ["event webrtcup", "call begins: phone 100 (anonymous) dials echo", "statistics: ok"])
        #expect(try bench.store.trace(of: Sample.session).entries.last?.text.contains("\"leg\":20") == true)
    }

    @Test("a session without a call has a trace; a call that takes it over has that as well")
    func sessionAlone() throws {
        let bench = TraceBench()
        bench.session(Sample.session, .offered(by: "caller"))
        bench.session(Sample.session, .up)
        #expect(try bench.labels(Sample.session) == ["the caller offers", "media can flow"])
        bench.begin(Sample.call, session: Sample.session)
        #expect(bench.store.list(count: 10).map(\.id) == [Sample.call])
        #expect(try bench.labels(Sample.call).first == "the caller offers")
    }

    @Test("a transferred phone's dialog is on the time lines of both calls while both live")
    func transfer() throws {
        let bench = TraceBench()
        bench.begin("one", caller: "d")
        bench.begin("two", caller: "d")
        bench.sip("d", "UPDATE sip:x SIP/2.0\r\n\r\n", method: "UPDATE")
        bench.call("one", .ended(CallOutcome(status: 200, reason: "OK", by: "caller")))
        bench.sip("d", "INFO sip:x SIP/2.0\r\n\r\n", method: "INFO")
        #expect(try bench.labels("one").contains("UPDATE sip:x") && bench.labels("two").contains("UPDATE sip:x"))
        #expect(try !bench.labels("one").contains("INFO sip:x") && bench.labels("two").contains("INFO sip:x"))
    }

    @Test("a call is found by its id, a beginning of it that no other has, its Call-ID and its session")
    func found() throws {
        let bench = TraceBench()
        bench.begin("abc-1", caller: "dialog", session: "s")
        bench.begin("abc-2")
        for name in ["abc-1", "dialog", "s"] { #expect(try bench.store.trace(of: name).summary.id == "abc-1") }
        #expect(throws: TraceStore.Failure.self) { try bench.store.trace(of: "abc") }
        #expect(throws: TraceStore.Failure.self) { try bench.store.trace(of: "a") }
        #expect(throws: TraceStore.Failure.self) { try bench.store.trace(of: "nobody") }
        #expect(try bench.store.trace(of: "abc-2").summary.id == "abc-2")
    }
}
