internal import Events

/// What is kept of one call; or of a dialog or session without a call.
final class Trace {
    /// The call's id, or where there is no call the Call-ID or the session's id.
    let id: String
    let isCall: Bool
    private(set) var began: EventTime
    private(set) var answered: EventTime?
    private(set) var ended: EventTime?
    private(set) var start: CallStart?
    private(set) var outcome: CallOutcome?
    private(set) var dialogs: [(callID: String, isCaller: Bool)] = []
    private(set) var sessions: [String] = []
    private(set) var clients: [(id: String, isCaller: Bool, user: String)] = []
    private(set) var entries: [TraceEntry] = []
    /// The last reply about what was counted, for each handle: one is asked for from time to time.
    private(set) var counts: [UInt64: TraceEntry] = [:]
    private(set) var bytes = Trace.base
    /// Where it stands in ``KeptTraces``; nil while it is not kept there.
    var line: KeptTraces.Kind?
    /// Its numbers there.
    var number = (ofAll: 0, ofKind: 0)
    /// Under what the store finds it at once.
    var places: [Event.Subject] = []
    /// Entries that found no room.
    private(set) var dropped = 0
    /// The last SIP messages, each with the number of its entry: one that comes again is found among them. Most differ in their length.
    private var recent: [(number: Int, bytes: Int, message: SIPMessage)] = []

    /// What an empty one takes, in bytes, about.
    static let base = 1_000
    /// Room that stays for the calls' and sessions' own events, when messages have taken all other.
    private static let reserve = 16_384
    private static let mostTies = 64
    private static let mostRecent = 64

    init(id: String, isCall: Bool, began: EventTime) {
        self.id = id
        self.isCall = isCall
        self.began = began
        // What a short call has.
        if isCall { entries.reserveCapacity(40) }
    }

    /// Adds an entry in its place; false where there is no room.
    @discardableResult
    func add(_ entry: TraceEntry, limit: Int) -> Bool {
        var entry = entry
        if let first = earlier(entry) { entry = entry.repeating(first) }
        guard bytes + entry.cost <= limit - (entry.isState ? 0 : Trace.reserve) else {
            dropped += 1
            return false
        }
        if let message = entry.message, entry.first == nil {
            if recent.count == Trace.mostRecent { recent.removeFirst() }
            recent.append((entry.number, message.text.utf8.count, message))
        }
        bytes += entry.cost
        let last = entries.last?.number ?? -1
        if entry.number > last {
            entries.append(entry)
        } else {
            entries.insert(entry, at: entries.firstIndex { $0.number > entry.number } ?? entries.count)
        }
        return true
    }

    /// Keeps it in place of the last one about this handle.
    func replaceCount(_ entry: TraceEntry, of handle: UInt64) {
        guard counts.count < Trace.mostTies || counts[handle] != nil else { return }
        bytes += entry.cost - (counts[handle]?.cost ?? 0)
        counts[handle] = entry
    }

    /// All entries in their order.
    var timeLine: [TraceEntry] { counts.isEmpty ? entries : (entries + counts.values).sorted { $0.number < $1.number } }

    /// The entry with its message, also where it repeats an earlier one.
    func whole(_ entry: TraceEntry) -> TraceEntry { entry.whole(entry.first.flatMap { first in entries.first { $0.number == first } }) }

    /// The entry that has the same message. SIP messages are repeated (RFC 3261 section 17.1.1.2); two that are the same to the byte are one.
    private func earlier(_ entry: TraceEntry) -> Int? {
        guard let message = entry.message else { return nil }
        let bytes = message.text.utf8.count
        return recent.first { $0.bytes == bytes && $0.message.isSent == message.isSent && $0.message.text == message.text }?.number
    }

    /// Whether it has the message of this entry.
    func has(_ entry: TraceEntry) -> Bool { earlier(entry) != nil }

    /// Takes over what another one has.
    func absorb(_ other: Trace, limit: Int) {
        began = min(began, other.began)
        for dialog in other.dialogs { addDialog(dialog.callID, isCaller: dialog.isCaller) }
        for session in other.sessions { addSession(session) }
        for entry in other.entries { add(other.whole(entry), limit: limit) }
        for (handle, entry) in other.counts { replaceCount(entry, of: handle) }
        dropped += other.dropped
    }

    // MARK: What is known of the call

    func note(_ event: CallEvent, at time: EventTime) {
        switch event {
        case .began(let start):
            let (caller, dialled) = (TraceLabels.cut(start.caller), TraceLabels.cut(start.dialled))
            self.start = CallStart(callerKind: start.callerKind, caller: caller, dialled: dialled, source: TraceLabels.cut(start.source))
        case .hasDialog(let callID, let isCaller): addDialog(callID, isCaller: isCaller)
        case .hasSession(let id): addSession(id)
        case .hasClient(let id, let isCaller): addClient(id, isCaller: isCaller)
        case .answered: answered = answered ?? time
        case .ended(let outcome): end(outcome, at: time)
        default: break
        }
    }

    func end(_ outcome: CallOutcome, at time: EventTime) {
        self.outcome = CallOutcome(status: outcome.status, reason: TraceLabels.cut(outcome.reason), by: outcome.by)
        ended = time
    }

    func addDialog(_ callID: String, isCaller: Bool) {
        guard dialogs.count < Trace.mostTies, !dialogs.contains(where: { $0.callID == callID }) else { return }
        dialogs.append((callID, isCaller))
    }

    func addSession(_ id: String) {
        guard sessions.count < Trace.mostTies, !sessions.contains(id) else { return }
        sessions.append(id)
    }

    func addClient(_ id: String, isCaller: Bool) {
        guard clients.count < Trace.mostTies, !clients.contains(where: { $0.id == id }) else { return }
        clients.append((id, isCaller, ""))
    }

    func name(client id: String, _ user: String) {
        guard let index = clients.firstIndex(where: { $0.id == id && $0.user.isEmpty }) else { return }
        clients[index].user = user
    }

    /// Whether an INVITE from outside is in it, and how it was answered last.
    var invitation: (isThere: Bool, last: TraceEntry?) {
        let isThere = entries.contains { $0.message.map { !$0.isSent && $0.method == "INVITE" && $0.status == nil } ?? false }
        return (isThere, entries.last { $0.message.map { $0.isSent && $0.method == "INVITE" && $0.status != nil } ?? false })
    }
}
