public import JSON
public import SIPNames

/// One call's time line as `get_trace` gives it: what `tern trace` and the operators' page draw.
public struct TraceDocument: Sendable {
    public enum Kind: String, Sendable, CaseIterable {
        /// A SIP message.
        case sip
        /// A message of the browser API.
        case api
        /// A request to the media engine, its reply, or an event of it.
        case engine
        /// A change of the call's state.
        case call
        /// A change of the session's state.
        case session
        /// A line of the log.
        case log
    }

    /// A column of the ladder.
    public struct Party: Sendable, Equatable {
        /// `caller`, `callee`, `callee 2` …, `janus`.
        public var id: String
        /// Its user or number, where that is known.
        public var name: String
        /// Where its messages come from, where that is known.
        public var address: String
        /// The Call-ID of its dialog; nil for browsers and Janus.
        public var callID: String?

        public init(id: String, name: String, address: String = "", callID: String? = nil) {
            (self.id, self.name, self.address, self.callID) = (id, name, address, callID)
        }
    }

    public struct Entry: Sendable, Equatable {
        /// Since 1970, UTC.
        public var microseconds: Int
        public var kind: Kind
        /// For messages: the party, and whether the gateway sent it.
        public var party: String?
        public var isSent = false
        public var label: String
        /// Empty where it repeats an earlier one.
        public var text = ""
        public var transport: String?
        public var peer: SocketAddress?
        public var local: SocketAddress?
        /// The index of the entry that has the same message, where this one repeats it.
        public var repeats: Int?

        public var isRepetition: Bool { repeats != nil }

        public init(microseconds: Int, kind: Kind, label: String) { (self.microseconds, self.kind, self.label) = (microseconds, kind, label) }
    }

    public var summary: TraceSummary
    public var parties: [Party]
    public var entries: [Entry]
    /// Entries that found no room.
    public var dropped = 0

    public init(summary: TraceSummary, parties: [Party], entries: [Entry]) { (self.summary, self.parties, self.entries) = (summary, parties, entries) }

    /// The message of an entry, also of one that repeats another.
    public func text(of entry: Entry) -> String {
        guard let first = entry.repeats else { return entry.text }
        return entries.indices.contains(first) ? entries[first].text : ""
    }
}

/// One call in the list of traces.
public struct TraceSummary: Sendable, Equatable {
    public var id: String
    /// Whether there was a call: an INVITE may be refused before.
    public var isCall = true
    /// Microseconds since 1970, UTC.
    public var began: Int
    public var answered: Int?
    public var ended: Int?
    public var caller = ""
    public var callerKind = ""
    public var source = ""
    public var dialled = ""
    public var status: Int?
    public var reason = ""
    public var by = ""
    public var callIDs: [String] = []
    public var sessions: [String] = []

    public init(id: String, began: Int) { (self.id, self.began) = (id, began) }
}

// MARK: As JSON

extension TraceDocument {
    public var json: JSONValue {
        guard case .object(var members) = summary.json else { return .null }
        members["parties"] = .array(parties.map { party in
            var members: [String: JSONValue] = ["id": .string(party.id), "name": .string(party.name), "address": .string(party.address)]
            members["sip_call_id"] = party.callID.map { .string($0) }
            return .object(members)
        })
        members["entries"] = .array(entries.map(\.json))
        members["dropped"] = .integer(dropped)
        return .object(members)
    }

    /// Nil for what is none.
    public init?(_ json: JSONValue) {
        guard let summary = TraceSummary(json), let entries = json["entries"]?.arrayValue else { return nil }
        let parties = (json["parties"]?.arrayValue ?? []).map { party in
            Party(
                id: party["id"]?.stringValue ?? "", name: party["name"]?.stringValue ?? "", address: party["address"]?.stringValue ?? "",
                callID: party["sip_call_id"]?.stringValue)
        }
        self.init(summary: summary, parties: parties, entries: entries.compactMap(Entry.init))
        dropped = json["dropped"]?.intValue ?? 0
    }
}

extension TraceDocument.Entry {
    var json: JSONValue {
        var members: [String: JSONValue] = ["time": .integer(microseconds), "kind": .string(kind.rawValue), "label": .string(label)]
        if let party {
            members["party"] = .string(party)
            members["direction"] = isSent ? "sent" : "received"
        }
        if !text.isEmpty { members["text"] = .string(text) }
        members["transport"] = transport.map { .string($0) }
        members["peer"] = peer.map { .string($0.description) }
        members["local"] = local.map { .string($0.description) }
        if let repeats { (members["repetition"], members["repeats"]) = (true, .integer(repeats)) }
        return .object(members)
    }

    init?(_ json: JSONValue) {
        guard let time = json["time"]?.intValue, let kind = json["kind"]?.stringValue.flatMap(TraceDocument.Kind.init) else { return nil }
        self.init(microseconds: time, kind: kind, label: json["label"]?.stringValue ?? "")
        party = json["party"]?.stringValue
        isSent = json["direction"]?.stringValue == "sent"
        text = json["text"]?.stringValue ?? ""
        transport = json["transport"]?.stringValue
        peer = json["peer"]?.stringValue.flatMap(SocketAddress.init)
        local = json["local"]?.stringValue.flatMap(SocketAddress.init)
        repeats = json["repeats"]?.intValue
    }
}

extension TraceSummary {
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "id": .string(id), "is_call": .bool(isCall), "began": .integer(began), "caller": .string(caller), "caller_kind": .string(callerKind),
            "source": .string(source), "dialled": .string(dialled), "sip_call_ids": .array(callIDs.map { .string($0) }),
            "session_ids": .array(sessions.map { .string($0) }),
        ]
        members["answered"] = answered.map { .integer($0) }
        members["ended"] = ended.map { .integer($0) }
        if let status { members.merge(["status": .integer(status), "reason": .string(reason), "by": .string(by)]) { $1 } }
        return .object(members)
    }

    public init?(_ json: JSONValue) {
        guard let id = json["id"]?.stringValue, let began = json["began"]?.intValue else { return nil }
        self.init(id: id, began: began)
        func text(_ name: String) -> String { json[name]?.stringValue ?? "" }
        isCall = json["is_call"]?.boolValue ?? true
        (answered, ended, status) = (json["answered"]?.intValue, json["ended"]?.intValue, json["status"]?.intValue)
        (caller, callerKind, source, dialled, reason, by) =
            (text("caller"), text("caller_kind"), text("source"), text("dialled"), text("reason"), text("by"))
        callIDs = (json["sip_call_ids"]?.arrayValue ?? []).compactMap(\.stringValue)
        sessions = (json["session_ids"]?.arrayValue ?? []).compactMap(\.stringValue)
    }
}

extension TraceSummary {
    /// One line of a list: `2026-11-29T11:30:43.123Z 0b9e1a64-… alice → echo: 200 OK`.
    public var line: String {
        let end = status.map { "\($0) \(reason) (\(by))" } ?? "lasts"
        let result = answered != nil && status != nil ? "answered, \(end)" : end
        let name = isCall ? id : id + " (no call)"
        return LogText.plain("\(LogTime(milliseconds: began / 1_000).text) \(name)  \(caller.isEmpty ? "?" : caller) -> \(dialled.isEmpty ? "?" : dialled): \(result)")
    }
}
