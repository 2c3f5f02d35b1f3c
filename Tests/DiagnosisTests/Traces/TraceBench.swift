@testable import Diagnosis
import EventLoop
import Events
import JSON
import SIPNames

/// A store with a stream of its own, and a clock that the test turns.
@LoopActor
final class TraceBench {
    let store: TraceStore
    let stream = EventStream()
    /// In microseconds.
    var now = 1_000_000_000
    /// What the engine was asked for, by transaction.
    private var requests: [String: String] = [:]

    init(memory: Int = 8 << 20, _ change: (inout TraceStore.Limits) -> Void = { _ in }) {
        var limits = TraceStore.Limits(memory: memory)
        change(&limits)
        store = TraceStore(limits: limits, stream: stream)
    }

    func tell(_ subject: Event.Subject, _ content: Event.Content) {
        now += 1_000
        stream.tell(Event(time: EventTime(microseconds: now), subject, content))
    }

    func call(_ id: String, _ event: CallEvent) { tell(.call(id), .call(event)) }

    func begin(_ id: String, caller: String? = nil, session: String? = nil) {
        call(id, .began(CallStart(callerKind: "phone", caller: "100", dialled: "echo", source: "anonymous")))
        if let session { call(id, .hasSession(id: session)) }
        if let caller { call(id, .hasDialog(callID: caller, isCaller: true)) }
    }

    func session(_ id: String, _ change: SessionChange) { tell(.session(id), .session(change)) }

    func sip(_ dialog: String, _ text: String, isSent: Bool = false, method: String = "INVITE", status: Int? = nil) {
        let peer = SocketAddress("192.0.2.7:5070"), local = SocketAddress("192.0.2.1:5060")
        tell(.dialog(dialog), .sip(SIPMessage(isSent: isSent, transport: "udp", peer: peer, local: local, method: method, status: status, text: text)))
    }

    func invite(_ dialog: String, branch: String = "z9hG4bK1") {
        sip(dialog, "INVITE sip:echo@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.7;branch=\(branch)\r\nFrom: <sip:100@192.0.2.7>;tag=1\r\nCall-ID: \(dialog)\r\n\r\n")
    }

    func respond(_ dialog: String, _ status: Int, _ phrase: String, method: String = "INVITE") {
        sip(dialog, "SIP/2.0 \(status) \(phrase)\r\nCall-ID: \(dialog)\r\n\r\n", isSent: true, method: method, status: status)
    }

    func api(_ client: String, _ text: String, isSent: Bool = false, user: String = "alice") {
        tell(.client(client), .api(APIMessage(isSent: isSent, user: user, address: "192.0.2.9:40000", text: text)))
    }

    func engine(_ handle: UInt64, _ text: String, isSent: Bool = true) {
        let json = try? JSONValue(parsing: text)
        let kind = json?["janus"]?.stringValue ?? ""
        let verb = isSent && kind == "message" ? json?["body"]?["request"]?.stringValue : nil
        let transaction = json?["transaction"]?.stringValue ?? ""
        if isSent { requests[transaction] = verb ?? kind }
        tell(.handle(handle), .engine(EngineMessage(isSent: isSent, name: verb ?? kind, request: isSent ? nil : requests[transaction], text: text)))
    }

    func log(_ subject: Event.Subject, _ message: String, _ fields: [(name: String, value: String)] = []) {
        tell(subject, .log(LogLine(level: "info", label: "tern", message: message, fields: fields)))
    }

    func labels(_ id: String) throws -> [String] { try store.trace(of: id).entries.map(\.label) }
}

enum Sample {
    static let call = "0b9e1a64-5b1f-4f0e-9a5c-2f5f4f0d3a11"
    static let session = "54c1b637-36fb-40c2-8080-28f07603cda8"
    static let client = "a86c8af1-f383-42c0-bd9c-69ec1e5a20c4"

    /// A whole document: a phone calls a browser.
    @LoopActor
    static func document() throws -> TraceDocument {
        let bench = TraceBench()
        bench.invite("one@192.0.2.7")
        bench.log(.call(call), "call from a phone", [("call", call), ("source", "192.0.2.7:5070")])
        bench.begin(call, caller: "one@192.0.2.7", session: session)
        bench.respond("one@192.0.2.7", 100, "Trying")
        bench.session(session, .hasHandle(7, side: "caller"))
        bench.engine(7, #"{"janus":"message","body":{"request":"open"},"transaction":"t1","handle_id":7}"#)
        bench.engine(7, #"{"janus":"event","transaction":"t1","sender":7,"plugindata":{"data":{"tern":"ok","leg":3,"audio":{"port":20000,"key":"c2VjcmV0"}}}}"#, isSent: false)
        bench.call(call, .hasClient(id: client, isCaller: false))
        bench.api(client, #"{"class":"media","cmd":"call_invite","data":{"call_id":"\#(call)","offer":{"sdp":"a=ice-pwd:topsecret\r\n"}},"tid":5}"#, isSent: true)
        bench.api(client, #"{"result":"ok","data":{},"tid":5}"#)
        bench.invite("one@192.0.2.7")
        bench.respond("one@192.0.2.7", 200, "OK")
        bench.call(call, .answered)
        bench.call(call, .ended(CallOutcome(status: 200, reason: "OK", by: "caller")))
        return try bench.store.trace(of: call)
    }
}
