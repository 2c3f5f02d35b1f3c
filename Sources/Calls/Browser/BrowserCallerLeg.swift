internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import ProxyCore
internal import SDP

/// A client of the browser API that started a call.
@LoopActor
final class BrowserCallerLeg: CallerLeg, BrowserLeg {
    let call: String
    private let session: String
    /// Sends an event of the call to whoever is subscribed to it, this client first of all.
    private let publish: @LoopActor (BrowserEvent) -> Void
    /// The `start_call` that waits for its answer.
    private var reply: BrowserReply?
    let client: BrowserClient
    let offers: BrowserOffers
    /// The client's id, where it gets the call's events without asking.
    let subscriber: String?
    /// Whether the echo answers: the client may report what it measures.
    var isLineTest = false

    /// - Parameter subscriber: The client's id, where it gets the call's events without asking.
    init(
        call: String, session: String, client: BrowserClient, subscriber: String?, reply: BrowserReply,
        publish: @escaping @LoopActor (BrowserEvent) -> Void
    ) {
        self.call = call
        self.session = session
        self.client = client
        self.reply = reply
        self.subscriber = subscriber
        self.publish = publish
        offers = BrowserOffers(session: session, client: client)
    }

    /// From here on the client may know the ids.
    func proceed() {
        reply?.ok(["call_id": .string(call), "session_id": .string(session)])
        reply = nil
    }

    func ring() { publish(.call(call, "ringing")) }

    func progress(_ answer: SessionDescription) {
        publish(.call(call, "answer", ["answer": answer.json(), "early": true]))
    }

    func answer(_ description: SessionDescription) {
        proceed()
        var body: [String: JSONValue] = ["answer": description.json()]
        if isLineTest { body["line_test"] = true }
        publish(.call(call, "answer", .object(body)))
    }

    func reject(_ end: CallEnd) { finish(end) }

    func hangUp(_ end: CallEnd) { finish(end) }

    /// A call that fails before the client knows it is an error of its request; later it is an event.
    private func finish(_ end: CallEnd) {
        offers.end()
        if let reply {
            self.reply = nil
            reply.fail(end.apiError)
        } else {
            publish(.call(call, "hangup", end.json))
        }
    }
}
