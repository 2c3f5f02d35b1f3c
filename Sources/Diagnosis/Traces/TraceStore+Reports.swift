internal import CoreMetrics

extension TraceStore {
    /// Why no trace is given.
    public enum Failure: Error {
        case none
        /// The ids of calls that begin so.
        case ambiguous([String])
    }

    /// The traces, the newest first.
    ///
    /// - Parameters:
    ///   - count: At most so many.
    ///   - onlyFailed: Those of calls that were not answered alone.
    public func list(count: Int, onlyFailed: Bool = false) -> [TraceSummary] {
        Array(current.newestFirst.lazy.filter { !onlyFailed || ($0.answered == nil && $0.ended != nil) }.prefix(max(0, count)).map(\.summary))
    }

    /// The trace of a call.
    ///
    /// - Parameter call: The call's id, a beginning of it that no other has, a Call-ID of it, its session's id, or `last`.
    public func trace(of call: String) throws(Failure) -> TraceDocument {
        try find(call).document
    }

    /// Sets the gauges of a registry.
    public func note(in registry: MetricsRegistry) {
        Meter(label: "tern_traces", dimensions: [], factory: registry).set(Double(callCount))
        Meter(label: "tern_trace_memory_bytes", dimensions: [], factory: registry).set(Double(memory))
    }

    /// Shortest beginning of an id that is taken for one.
    private static let shortestPrefix = 3

    private func find(_ call: String) throws(Failure) -> Trace {
        let traces = current
        if let trace = traces[call] { return trace }
        if call == "last" {
            // The one that began last: what came of an earlier one may be known later.
            guard let newest = traces.newestFirst.max(by: { $0.began < $1.began }) else { throw .none }
            return newest
        }
        let tied = traces.newestFirst.filter { $0.sessions.contains(call) || $0.dialogs.contains { $0.callID == call } }
        if let newest = tied.max(by: { $0.began < $1.began }) { return newest }
        guard call.utf8.count >= TraceStore.shortestPrefix else { throw .none }
        let beginning = traces.newestFirst.filter { $0.id.hasPrefix(call) }
        guard let found = beginning.first else { throw .none }
        guard beginning.count == 1 else { throw .ambiguous(beginning.map(\.id).sorted()) }
        return found
    }
}

extension Trace {
    var summary: TraceSummary {
        var summary = TraceSummary(id: id, began: began.microseconds)
        summary.isCall = isCall
        (summary.answered, summary.ended) = (answered?.microseconds, ended?.microseconds)
        if let start {
            (summary.caller, summary.callerKind, summary.source, summary.dialled) = (start.caller, start.callerKind, start.source, start.dialled)
        } else if let invite = entries.first(where: { $0.message?.isSent == false }), let message = invite.message {
            summary.callerKind = "phone"
            summary.dialled = TraceDocument.user(of: String(invite.label.split(separator: " ").dropFirst().first ?? ""))
            summary.caller = TraceDocument.caller(in: message.text)
        } else if let client = clients.first {
            (summary.callerKind, summary.caller) = ("browser", client.user)
        }
        if let outcome { (summary.status, summary.reason, summary.by) = (outcome.status, outcome.reason, outcome.by) }
        summary.callIDs = dialogs.map(\.callID)
        summary.sessions = sessions
        return summary
    }

    var document: TraceDocument {
        var columns = TraceColumns(self)
        let timeLine = timeLine
        let places = Dictionary(timeLine.enumerated().map { ($0.element.number, $0.offset) }) { first, _ in first }
        let entries = timeLine.map { entry in
            var written = TraceDocument.Entry(microseconds: entry.time.microseconds, kind: entry.kind, label: entry.label)
            written.party = entry.party.map { columns.id(of: $0, entry) }
            written.isSent = entry.isSent ?? false
            written.text = entry.text
            written.repeats = entry.first.flatMap { places[$0] }
            if let message = entry.message { (written.transport, written.peer, written.local) = (message.transport, message.peer, message.local) }
            return written
        }
        var document = TraceDocument(summary: summary, parties: columns.parties, entries: entries)
        document.dropped = dropped
        return document
    }
}

/// Which party a dialog or client is.
private struct TraceColumns {
    private(set) var parties: [TraceDocument.Party] = []
    private var ids: [TraceEntry.Party: String] = [:]
    private let trace: Trace

    init(_ trace: Trace) {
        self.trace = trace
        for dialog in trace.dialogs where dialog.isCaller { insert(.dialog(dialog.callID), isCaller: true) }
        for client in trace.clients where client.isCaller { insert(.client(client.id), isCaller: true) }
        for dialog in trace.dialogs where !dialog.isCaller { insert(.dialog(dialog.callID), isCaller: false) }
        for client in trace.clients where !client.isCaller { insert(.client(client.id), isCaller: false) }
    }

    private mutating func insert(_ party: TraceEntry.Party, isCaller: Bool) {
        guard ids[party] == nil else { return }
        let role = isCaller ? "caller" : "callee"
        let others = parties.count { $0.id == role || $0.id.hasPrefix(role + " ") }
        var made = TraceDocument.Party(id: others == 0 ? role : "\(role) \(others + 1)", name: isCaller ? trace.start?.caller ?? "" : "")
        switch party {
        case .dialog(let callID): made.callID = callID
        case .client(let id): made.name = trace.clients.first { $0.id == id }?.user ?? made.name
        case .janus: (made.id, made.name) = ("janus", "")
        }
        ids[party] = made.id
        parties.append(made)
    }

    /// The party that sent or received an entry; one that the call says nothing of is the caller, or a further callee.
    mutating func id(of party: TraceEntry.Party, _ entry: TraceEntry) -> String {
        if ids[party] == nil { insert(party, isCaller: party != .janus && !parties.contains { $0.id == "caller" }) }
        let id = ids[party] ?? ""
        if let peer = entry.message?.peer, let index = parties.firstIndex(where: { $0.id == id && $0.address.isEmpty }) { parties[index].address = peer.description }
        return id
    }
}

extension TraceDocument {
    /// The user of a SIP URI, else the URI.
    static func user(of uri: String) -> String {
        guard let colon = uri.firstIndex(of: ":"), let at = uri.lastIndex(of: "@"), colon < at else { return uri }
        return String(uri[uri.index(after: colon)..<at])
    }

    /// The user of the From header, without secrets; empty where there is none.
    static func caller(in message: String) -> String {
        var line: Substring?
        var rest = message[...]
        while line == nil, !rest.isEmpty {
            let text = TraceLabels.startLine(of: rest)
            let name = text.prefix(8).prefix { $0 != ":" }.lowercased().filter { $0 != " " && $0 != "\t" }
            if text.utf8.count > name.utf8.count, name == "from" || name == "f" { line = text }
            rest = rest[text.endIndex...].dropFirst()
        }
        // The URI is in angle brackets, unless it stands alone (RFC 3261 section 20.20).
        guard let text = line.map({ SecretRemoval.clean(String($0)) }), let colon = text.firstIndex(of: ":") else { return "" }
        let value = text[text.index(after: colon)...]
        let uri = value.lastIndex(of: "<").map { value[value.index(after: $0)...] } ?? value.drop { $0 == " " }
        return user(of: String(uri.prefix { $0 != ">" && $0 != ";" }))
    }
}
