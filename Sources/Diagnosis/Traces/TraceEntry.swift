internal import Events
internal import SIPNames

/// One line of a call's time line.
///
/// A message is kept as it was told: what is written of it is made, and its secrets are removed, when the trace is read. Most never are.
final class TraceEntry: Sendable {
    /// Who sent or received it, besides the gateway.
    enum Party: Sendable, Hashable {
        /// A phone or trunk, by the Call-ID of its dialog.
        case dialog(String)
        /// A client of the browser API.
        case client(String)
        case janus
    }

    /// In the order in which events came, also where the wall clock was set.
    let number: Int
    /// What happened; secrets included.
    let event: Event
    /// Of an answer of the browser API: the command of the request.
    private let request: String?
    /// The number of the entry that has the same message, where this one repeats it.
    let first: Int?
    /// What it takes in memory, in bytes, about.
    let cost: Int

    init(_ number: Int, _ event: Event, answering request: String? = nil, first: Int? = nil) {
        self.number = number
        self.event = event
        self.request = request
        self.first = first
        cost = TraceEntry.cost(of: event.content)
    }

    /// The same with another message.
    private func with(_ content: Event.Content, first: Int?) -> TraceEntry {
        TraceEntry(number, Event(time: event.time, event.subject, content), answering: request, first: first)
    }

    var time: EventTime { event.time }

    var kind: TraceDocument.Kind {
        switch event.content {
        case .call: .call
        case .session: .session
        case .sip: .sip
        case .api: .api
        case .engine: .engine
        case .log: .log
        }
    }

    /// Whether it is a change of the call or session, and no message or line.
    var isState: Bool {
        switch event.content {
        case .call, .session: true
        default: false
        }
    }

    /// For messages: whether the gateway sent it.
    var isSent: Bool? {
        switch event.content {
        case .sip(let message): message.isSent
        case .api(let message): message.isSent
        case .engine(let message): message.isSent
        case .call, .session, .log: nil
        }
    }

    /// Of a message.
    var party: Party? {
        switch (event.content, event.subject) {
        case (.sip, .dialog(let id)): .dialog(id)
        case (.api, .client(let id)): .client(id)
        case (.engine, _): .janus
        default: nil
        }
    }

    /// One line without secrets: `INVITE sip:bob@example.org`, `start_call`, `call answered`.
    var label: String {
        switch event.content {
        case .call(let event): TraceLabels.call(event) ?? ""
        case .session(let change): TraceLabels.session(change) ?? ""
        case .sip(let message): TraceLabels.sip(message)
        case .api(let message): TraceLabels.api(MessageScan(message.text), answering: request)
        case .engine(let message): TraceLabels.engine(message)
        case .log(let line): TraceLabels.log(line)
        }
    }

    /// The message as a whole, without secrets; empty where the label says all, or where it repeats an earlier one.
    var text: String {
        switch event.content {
        case _ where first != nil: ""
        case .call, .session: ""
        case .sip(let message): SecretRemoval.clean(message.text)
        case .api(let message): SecretRemoval.clean(message.text)
        case .engine(let message): SecretRemoval.clean(message.text)
        case .log(let line): TraceLabels.fields(of: line)
        }
    }

    /// The SIP message that it is; of one that repeats an earlier one the start line alone.
    var message: SIPMessage? { if case .sip(let message) = event.content { message } else { nil } }

    /// How a call ended with this response to its INVITE, where the label has a status.
    var refusal: CallOutcome? {
        let words = label.split(separator: " ").dropLast()
        guard let status = words.first.flatMap({ Int($0) }) else { return nil }
        return CallOutcome(status: status, reason: words.dropFirst().joined(separator: " "), by: "gateway")
    }

    /// The entry without its message, which the one with that number has.
    func repeating(_ first: Int) -> TraceEntry {
        guard case .sip(let message) = event.content else { return with(event.content, first: first) }
        let short = SIPMessage(
            isSent: message.isSent, transport: message.transport, peer: message.peer, local: message.local, method: message.method, status: message.status,
            text: String(TraceLabels.startLine(of: message.text[...])))
        return with(.sip(short), first: first)
    }

    /// The entry with its message, which `first` has where this one repeats it.
    func whole(_ first: TraceEntry?) -> TraceEntry {
        guard self.first != nil else { return self }
        return with(first?.event.content ?? event.content, first: nil)
    }

    private static func cost(of content: Event.Content) -> Int {
        switch content {
        case .call(let event): TraceEntry.textBytes(of: event) + 400
        case .session(.ended(_, let reason)): reason.utf8.count + 400
        case .session: 400
        case .sip(let message): message.text.utf8.count + 400
        case .api(let message): message.text.utf8.count + 300
        case .engine(let message): message.text.utf8.count + 300
        case .log(let line): line.size + 300
        }
    }

    /// Of what a peer may make long.
    private static func textBytes(of event: CallEvent) -> Int {
        func bytes(_ start: CallStart) -> Int { start.caller.utf8.count + start.dialled.utf8.count + start.source.utf8.count }
        return switch event {
        case .began(let start): bytes(start)
        case .invited(_, let party, let trunk): party.utf8.count + (trunk?.utf8.count ?? 0)
        case .refused(_, _, let reason): reason.utf8.count
        case .ended(let outcome): outcome.reason.utf8.count
        case .notAdmitted(let start, _, _, let outcome): bytes(start) + outcome.reason.utf8.count
        default: 0
        }
    }
}
