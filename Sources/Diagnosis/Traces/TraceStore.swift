internal import CoreMetrics
public import EventLoop
public import Events
internal import JSON

/// Keeps a time line of each of the last calls: SIP of all legs, messages of the browser API, requests to the media engine and its events, changes
/// of state, and lines of the log. Secrets are removed when a trace is read: see ``TraceEntry``.
///
/// What comes before its call is known waits apart, for a minute: the INVITE that begins a call, or the REGISTER that belongs to none. An INVITE that is
/// refused before it is a call is kept under its Call-ID, a session without a call under its own id.
@LoopActor
public final class TraceStore {
    /// What may be kept.
    public struct Limits: Sendable {
        /// For everything, in bytes.
        public var memory: Int
        /// Of one call, in bytes.
        public var call = 512 << 10
        public var calls = 10_000
        /// Dialogs, sessions and handles that belong to no call yet.
        public var loose = 5_000
        /// How long something may belong to no call, in seconds.
        public var patience = 60
        /// Requests whose answer is to come.
        public var requests = 4_000

        public init(memory: Int) { self.memory = memory }
    }

    private let limits: Limits
    private var listening: EventListening?
    /// What was known when the events that have been looked at were told: the stream's own index knows more.
    private let index = CallIndex()
    private var traces: KeptTraces
    private(set) lazy var waiting = WaitingEvents(memory: limits.memory / 16) { [weak self] event in self?.receive(event) }
    /// Dialogs and sessions that have a trace of their own.
    private(set) var own: [Event.Subject: String] = [:]
    /// The one trace that a dialog, session or handle of a call belongs to, as it was found before: most events are about these.
    private var places: [Event.Subject: Trace] = [:]
    /// The client whose call was not admitted last, the call, and the number of the event.
    private var refusedClient: (client: String, call: String, number: Int)?
    private var loose: LooseTraces
    private var requests: OpenRequests
    private var count = 0

    private let full = Counter(label: "tern_trace_entries_dropped_total", dimensions: [("reason", "call_full")])
    private let strangers = Counter(label: "tern_trace_entries_dropped_total", dimensions: [("reason", "no_call")])
    private let evicted = Counter(label: "tern_traces_evicted_total")

    /// Listens from here on, unless there is no memory for it.
    public init(limits: Limits, stream: EventStream = .shared) {
        self.limits = limits
        traces = KeptTraces(most: limits.calls, memory: limits.memory / 4 * 3)
        loose = LooseTraces(memory: limits.memory / 8, most: limits.loose, patience: limits.patience * 1_000_000)
        requests = OpenRequests(most: limits.requests, memory: limits.memory / 8)
        guard limits.memory > 0 else { return }
        listening = stream.listen(to: .all) { [weak self] event in self?.take(event) }
    }

    public func stop() {
        listening = nil
        waiting.stop()
    }

    /// What is kept, with all that has been told so far.
    var current: KeptTraces {
        waiting.catchUp()
        return traces
    }

    /// Traces that are kept.
    public var callCount: Int { current.count }
    /// What everything takes that is kept, in bytes, about.
    public var memory: Int { current.memory + loose.memory + requests.memory }

    // MARK: Events

    private func take(_ event: Event) {
        if TraceStore.isShown(event) { return waiting.add(event) }
        // Time goes on with it all the same.
        guard loose.isWaitedFor(until: event.time) else { return }
        waiting.catchUp()
        expire(at: event.time)
    }

    private static func isShown(_ event: Event) -> Bool {
        switch event.content {
        // Records have what a trace has, and more.
        case .call(.recorded): false
        // That a request has arrived says nothing, nor that it was counted.
        case .engine(let message) where message.isSent: message.name != count
        case .engine(let message): message.name != "ack" && message.name != "keepalive"
        case .log: event.subject != .gateway
        default: true
        }
    }

    private func receive(_ event: Event) {
        count += 1
        index.learn(event)
        switch event.content {
        case .call(let change): if case .call(let id) = event.subject { receive(change, of: id, event) }
        case .session(let change): if case .session(let id) = event.subject { receive(change, of: id, event) }
        case .sip(let message): if case .dialog(let id) = event.subject { receive(message, in: id, event) }
        case .api(let message): if case .client(let id) = event.subject { receive(message, of: id, event) }
        case .engine(let message): if case .handle(let id) = event.subject { receive(message, of: id, event) }
        case .log(let line): receive(line, event)
        }
        expire(at: event.time)
    }

    private func receive(_ change: CallEvent, of id: String, _ event: Event) {
        if case .began = change, traces[id] == nil { insert(Trace(id: id, isCall: true, began: event.time)) }
        if let trace = traces[id] {
            self.change(trace) { $0.note(change, at: event.time) }
            switch change {
            case .began: adopt(.call(id), into: trace)
            case .hasDialog(let callID, _): adopt(.dialog(callID), into: trace)
            case .hasSession(let session): adopt(.session(session), into: trace)
            default: break
            }
        }
        switch change {
        // A transferred party keeps its dialog, and may keep its session.
        case .hasDialog(let callID, _): places[.dialog(callID)] = nil
        case .hasSession(let session):
            places[.session(session)] = nil
            // Its handles have moved as well.
            if index.hasMoved(session: session) { places = [:] }
        default: break
        }
        if TraceLabels.isShown(change) { keep(TraceEntry(count, event), of: event.subject) }
        if case .notAdmitted(let start, let callID, let client, let outcome) = change { keepRefused(id, start, callID, client, outcome, at: event.time) }
    }

    private func keepRefused(_ id: String, _ start: CallStart, _ callID: String?, _ client: String?, _ outcome: CallOutcome, at time: EventTime) {
        guard traces[id] == nil else { return }
        let trace = Trace(id: id, isCall: false, began: time)
        trace.note(.began(start), at: time)
        if let callID, index.calls(of: .dialog(callID)).isEmpty {
            trace.addDialog(callID, isCaller: true)
            if let waiting = take(.dialog(callID)) { trace.absorb(waiting, limit: limits.call) }
            claim(.dialog(callID), for: id)
        }
        if let client {
            trace.note(.hasClient(id: client, isCaller: true), at: time)
            trace.name(client: client, start.caller)
            refusedClient = (client, id, count)
        }
        if let waiting = take(.call(id)) { trace.absorb(waiting, limit: limits.call) }
        trace.end(outcome, at: time)
        insert(trace)
        claim(.call(id), for: id)
    }

    /// From now on this trace has what is about the subject.
    private func claim(_ subject: Event.Subject, for id: String) {
        own[subject] = id
        places[subject] = nil
    }

    private func receive(_ change: SessionChange, of id: String, _ event: Event) {
        if case .hasHandle(let handle, _) = change, let waiting = take(.handle(handle)) { keep(waiting, as: event.subject) }
        if TraceLabels.isShown(change) { keep(TraceEntry(count, event), of: event.subject) }
        switch change {
        case .up: promote(event.subject, id, outcome: nil, at: event.time)
        case .ended(let code, let reason):
            promote(event.subject, id, outcome: nil, at: event.time)
            // That of a call ends with the call.
            guard let trace = own[event.subject].flatMap({ traces[$0] }) else { break }
            self.change(trace) { $0.end(CallOutcome(status: code, reason: reason, by: "gateway"), at: event.time) }
        default: break
        }
    }

    private func receive(_ message: SIPMessage, in dialog: String, _ event: Event) {
        let entry = TraceEntry(count, event)
        if !message.isSent, message.method == "INVITE", message.status == nil { beginAnew(dialog, entry) }
        keep(entry, of: event.subject)
        // A challenge is answered by another INVITE.
        guard message.method == "INVITE", message.isSent, let status = message.status, status >= 300, status != 401, status != 407 else { return }
        promote(event.subject, dialog, outcome: entry.refusal, at: event.time)
    }

    /// A phone may call again under the Call-ID of its call that was not admitted: that one's trace takes nothing but what belongs to its INVITE.
    private func beginAnew(_ dialog: String, _ invite: TraceEntry) {
        guard let id = own[.dialog(dialog)], id != dialog, let trace = traces[id], trace.outcome != nil, !trace.has(invite) else { return }
        own[.dialog(dialog)] = nil
    }

    private func receive(_ line: LogLine, _ event: Event) {
        let entry = TraceEntry(count, event)
        if entry.cost <= TraceStore.longestLine { return keep(entry, of: event.subject) }
        let fields = LogLine(
            level: line.level, label: line.label, message: TraceLabels.cut(line.message),
            fields: [("fields", String(TraceLabels.fields(of: line).prefix(TraceStore.longestLine / 8)) + "…")])
        keep(TraceEntry(count, Event(time: event.time, event.subject, .log(fields))), of: event.subject)
    }

    private func receive(_ message: EngineMessage, of handle: UInt64, _ event: Event) {
        let entry = TraceEntry(count, event)
        if message.request == TraceStore.count, entry.label == "\(TraceStore.count): ok" {
            visit(event.subject) { trace in change(trace) { $0.replaceCount(entry, of: handle) } }
            return
        }
        keep(entry, of: event.subject)
    }

    private func receive(_ message: APIMessage, of client: String, _ event: Event) {
        guard !client.isEmpty, message.text.utf8.count <= TraceStore.longestMessage else { return }
        let scan = MessageScan(message.text)
        let isAnswer = !scan.has("cmd") && scan.has("result")
        let key = scan.token("tid").map { OpenRequests.Key(peer: client, isOurs: message.isSent != isAnswer, id: TraceStore.written($0)) }
        let request = isAnswer ? key.flatMap { requests.look($0) } : nil
        // What admins ask about calls is no part of these.
        if isAnswer, request?.command == TraceStore.adminCommand { return key.map { requests.close($0) } ?? () }
        if !isAnswer, scan.string("class") == "admin" {
            return key.map { requests.open($0, OpenRequests.Request(command: TraceStore.adminCommand, entry: nil, subjects: [])) } ?? ()
        }
        var subjects = subjects(of: scan)
        for subject in request?.subjects ?? [] where !subjects.contains(subject) { subjects.append(subject) }
        let entry = TraceEntry(count, event, answering: request?.command)
        let isRefusal = isAnswer && scan.string("result") == "error"
        let isStart = request.map { ["start_call", "start_session"].contains($0.command) } ?? false
        guard !subjects.isEmpty || !isAnswer || (isRefusal && isStart) else { return key.map { requests.close($0) } ?? () }
        if subjects.isEmpty, isRefusal, let earlier = request?.entry {
            if let key { requests.close(key) }
            return keepRefused(entry, earlier, of: client, message, scan, event.time)
        }
        for subject in subjects { for trace in found(subject) { trace.name(client: client, message.user ?? "") } }
        if let earlier = request?.entry, request?.subjects.isEmpty == true { keep(earlier, of: subjects) }
        keep(entry, of: subjects)
        guard let key else { return }
        if !isAnswer {
            let command = scan.string("cmd") ?? ""
            requests.open(key, OpenRequests.Request(command: command, entry: subjects.isEmpty ? entry : nil, subjects: subjects))
        } else {
            requests.close(key)
        }
    }

    /// A request's id as its answer has it: a text with escapes, or a number that is no integer, is written by the gateway in another way than by the client.
    private static func written(_ id: String) -> String {
        let isPlain = id.utf8.allSatisfy { $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: ".") && $0 | 0x20 != UInt8(ascii: "e") }
        return isPlain ? id : (try? JSONValue(parsing: id))?.text ?? id
    }

    private static let adminCommand = "admin"
    /// The request for what the engine has counted: it is made again and again.
    private static let count = "statistics"
    /// Longest message of the browser API that is looked at, in bytes: one with SDP is shorter.
    private static let longestMessage = 262_144
    /// Longest line of the log that is kept as it is, in bytes.
    private static let longestLine = 16_384

    /// The calls and sessions that a message names; one that names many is about none of them.
    private func subjects(of scan: MessageScan) -> [Event.Subject] {
        let ids = scan.ids
        var known: [Event.Subject] = []
        for id in ids {
            let subject: Event.Subject? =
                if traces[id]?.isCall == true || index.knows(id) { .call(id) } else if !index.calls(of: .session(id)).isEmpty || own[.session(id)] != nil { .session(id) } else { nil }
            if let subject, !known.contains(where: { found($0).first === found(subject).first }) { known.append(subject) }
        }
        if known.isEmpty, let session = scan.string("session_id"), ids.contains(session) { known = [.session(session)] }
        return known.count <= 4 ? known : []
    }

    /// A request for a call or session that was refused before there was one.
    private func keepRefused(_ answer: TraceEntry, _ request: TraceEntry, of client: String, _ message: APIMessage, _ scan: MessageScan, _ time: EventTime) {
        // The call has been told as one that was not admitted, a moment ago.
        if let refused = refusedClient, refused.client == client, request.number < refused.number, let trace = traces[refused.call] {
            refusedClient = nil
            for entry in [request, answer] { add(entry, to: trace) }
            return
        }
        let trace = Trace(id: "refused-\(answer.number)", isCall: false, began: request.time)
        trace.note(.hasClient(id: client, isCaller: true), at: time)
        trace.name(client: client, message.user ?? "")
        for entry in [request, answer] { trace.add(entry, limit: limits.call) }
        let reason = TraceLabels.cut(scan.string("error") ?? "")
        let outcome = CallOutcome(status: scan.token("code").flatMap { Int($0) } ?? 0, reason: reason, by: "gateway")
        trace.end(outcome, at: time)
        insert(trace)
    }

    // MARK: Traces

    /// A handle stands for its session.
    private func place(_ subject: Event.Subject) -> Event.Subject {
        if case .handle(let handle) = subject, let session = index.session(of: handle) { .session(session) } else { subject }
    }

    private func found(_ subject: Event.Subject) -> [Trace] {
        var found: [Trace] = []
        visit(subject) { found.append($0) }
        return found
    }

    /// Calls `body` with each trace that something belongs to: nearly always one.
    ///
    /// - Returns: Whether there is one.
    @discardableResult
    private func visit(_ event: Event.Subject, _ body: (Trace) -> Void) -> Bool {
        if case .call(let id) = event {
            guard let trace = own.isEmpty ? traces[id] : own[event].flatMap({ traces[$0] }) ?? traces[id] else { return false }
            body(trace)
            return true
        }
        // Nearly always.
        if let trace = places[event] {
            body(trace)
            return true
        }
        let subject = place(event)
        if !own.isEmpty, let trace = own[subject].flatMap({ traces[$0] }) {
            body(trace)
            return true
        }
        let calls = index.calls(of: subject)
        var isFound = false
        for id in calls {
            guard let trace = traces[id] else { continue }
            isFound = true
            if calls.count == 1, trace.places.count < TraceStore.mostPlaces {
                places[event] = trace
                trace.places.append(event)
            }
            body(trace)
        }
        return isFound
    }

    /// Of one trace.
    private static let mostPlaces = 64

    private func keep(_ entry: TraceEntry, of subjects: [Event.Subject]) { for subject in subjects { keep(entry, of: subject) } }

    private func keep(_ entry: TraceEntry, of subject: Event.Subject) {
        guard !visit(subject, { add(entry, to: $0) }) else { return }
        // What is left of a call whose trace had to go is not kept in parts.
        guard !index.calls(of: subject).contains(where: { index.isLive($0) }) else { return strangers.increment() }
        let dropped = loose.add(entry, place(subject), limit: limits.call)
        if dropped > 0 { strangers.increment(by: dropped) }
    }

    private func add(_ entry: TraceEntry, to trace: Trace) {
        let before = trace.bytes
        if !trace.add(entry, limit: limits.call) { full.increment() }
        traces.note(trace, before: before)
        makeRoom()
    }

    private func change(_ trace: Trace, _ body: (Trace) -> Void) {
        let before = trace.bytes
        body(trace)
        traces.note(trace, before: before)
        makeRoom()
    }

    private func insert(_ trace: Trace) {
        _ = remove(trace.id)
        traces.insert(trace)
        makeRoom()
    }

    /// What was kept of something before it was known which call has it. A call that was not admitted keeps its trace: it is looked for by the id in the log.
    private func take(_ subject: Event.Subject) -> Trace? {
        guard let id = own.removeValue(forKey: subject), let trace = traces[id] else { return loose.take(subject) }
        guard TraceStore.subjects(named: id).contains(subject) || trace.outcome == nil else { return loose.take(subject) }
        return remove(id)
    }

    private static func subjects(named id: String) -> [Event.Subject] { [.call(id), .dialog(id), .session(id)] }

    /// Nothing leads to it any more.
    private func remove(_ id: String) -> Trace? {
        guard let trace = traces.remove(id) else { return nil }
        for subject in trace.places where places[subject] === trace { places[subject] = nil }
        trace.places = []
        for subject in TraceStore.subjects(named: id) + trace.dialogs.map({ .dialog($0.callID) }) where own[subject] == id { own[subject] = nil }
        return trace
    }

    private func adopt(_ subject: Event.Subject, into trace: Trace) {
        guard let waiting = take(subject) else { return }
        change(trace) { $0.absorb(waiting, limit: limits.call) }
    }

    /// Puts what was kept of a handle to its session.
    private func keep(_ waiting: Trace, as subject: Event.Subject) {
        for entry in waiting.timeLine { keep(waiting.whole(entry), of: subject) }
    }

    /// Gives something that belongs to no call a trace of its own.
    private func promote(_ subject: Event.Subject, _ id: String, outcome: CallOutcome?, at time: EventTime) {
        if let known = own[subject].flatMap({ traces[$0] }) {
            // Why a call was not admitted says more than its response.
            if let outcome, known.outcome == nil { change(known) { $0.end(outcome, at: time) } }
            return
        }
        guard index.calls(of: subject).isEmpty, let waiting = loose.take(subject) else { return }
        keepAlone(waiting, subject, id, outcome: outcome, at: time)
    }

    private func keepAlone(_ waiting: Trace, _ subject: Event.Subject, _ id: String, outcome: CallOutcome?, at time: EventTime) {
        // A peer may choose a Call-ID that is a call's id.
        guard traces[id]?.isCall != true else { return }
        let trace = Trace(id: id, isCall: false, began: waiting.began)
        if case .dialog = subject { trace.addDialog(id, isCaller: true) } else { trace.addSession(id) }
        trace.absorb(waiting, limit: limits.call)
        if let outcome { trace.end(outcome, at: time) }
        insert(trace)
        claim(subject, for: id)
    }

    private func expire(at time: EventTime) {
        while let (subject, waiting) = loose.expired(at: time) {
            guard case .dialog(let id) = subject, case let invitation = waiting.invitation, invitation.isThere, index.calls(of: subject).isEmpty else { continue }
            keepAlone(waiting, subject, id, outcome: invitation.last?.refusal, at: time)
        }
    }

    // MARK: Room

    private func makeRoom() {
        while let id = traces.surplus(), remove(id) != nil { evicted.increment() }
    }
}
