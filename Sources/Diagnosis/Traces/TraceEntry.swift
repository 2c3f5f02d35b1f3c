internal import Events
internal import SIPNames

/// One line of a call's time line, without secrets.
struct TraceEntry: Sendable {
    /// Who sent or received it, besides the gateway.
    enum Party: Sendable, Hashable {
        /// A phone or trunk, by the Call-ID of its dialog.
        case dialog(String)
        /// A client of the browser API.
        case client(String)
        case janus
    }

    /// In the order in which events came, also where the wall clock was set.
    var number: Int
    let time: EventTime
    let kind: TraceDocument.Kind
    /// For messages: whether the gateway sent it.
    var isSent: Bool?
    var party: Party?
    /// One line: `INVITE sip:bob@example.org`, `start_call`, `call answered`.
    let label: String
    /// The message as a whole; empty where the label says all.
    var text = ""
    var transport: String?
    var peer: SocketAddress?
    var local: SocketAddress?
    /// The number of the entry that has the same message, where this one repeats it.
    var first: Int?

    init(_ number: Int, _ time: EventTime, _ kind: TraceDocument.Kind, _ label: String) {
        self.number = number
        self.time = time
        self.kind = kind
        self.label = label
    }

    /// What it takes in memory, in bytes, about.
    var cost: Int { text.utf8.count + label.utf8.count + 240 }
}
