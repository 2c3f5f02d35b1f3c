internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import ProxyCore
internal import Recording

/// The sessions that live, and who may touch them.
@LoopActor
final class SessionRegistry {
    /// A session and whom it belongs to.
    struct Entry {
        /// The session; of those that a call may yet be carried by, the one that its clients hear of.
        var session: MediaSession
        /// The other ones of a call that has not been answered.
        var others: [MediaSession] = []
        /// The users who may touch it.
        var users: Set<String>
        /// The clients at its ends, by the client's id.
        var sides: [String: SessionSide]
        /// The client that gets its events without asking.
        var subscriber: String?
        /// The call that it serves; nil for one that an API client drives.
        var call: String?
        /// Recordings that are to be finished.
        var unfinished = 0

        /// All that may yet carry the call.
        var branches: [MediaSession] { [session] + others }
    }

    /// Who is told of the recordings of a session that has ended.
    private struct Audience {
        let users: Set<String>
        let subscriber: String?
        var unfinished: Int
    }

    private(set) var entries: [String: Entry] = [:]
    private var audiences: [String: Audience] = [:]
    /// Where the events of sessions go. Set once, before the first session.
    weak var api: BrowserAPI?
    private let context: SessionContext

    init(context: SessionContext) { self.context = context }

    var count: Int { entries.count }

    /// Makes a session. It is forgotten by ``end(_:_:)``, which whoever hears its end has to call.
    func create(
        kind: SessionKind, options: SessionOptions, profiles: [SessionSide: SIPProfile], users: Set<String> = [],
        sides: [String: SessionSide] = [:], subscriber: String? = nil
    ) -> MediaSession {
        let id = BrowserID.make()
        let session = MediaSession(id: id, kind: kind, options: options, profiles: profiles, context: context)
        entries[id] = Entry(session: session, users: users, sides: sides, subscriber: subscriber)
        return session
    }

    /// Makes the sessions of a call: one for each branch, which its clients know as one with this id.
    func create(
        id: String, branches: [Call.Branch: CallPlan.Branch], options change: SessionOptionsChange = SessionOptionsChange(),
        users: Set<String> = [], sides: [String: SessionSide] = [:], subscriber: String? = nil,
        inherited: [SessionSide: DialogInheritance] = [:]
    ) -> [Call.Branch: MediaSession] {
        let sessions = branches.mapValues { branch in
            MediaSession(
                id: id, kind: branch.kind, options: SessionOptions().applying(change), profiles: branch.profiles,
                inherited: inherited, context: context)
        }
        let ordered = sessions.sorted { $0.key < $1.key }.map(\.value)
        guard let first = ordered.first else { return [:] }
        entries[id] = Entry(
            session: first, others: Array(ordered.dropFirst()), users: users, sides: sides, subscriber: subscriber)
        return sessions
    }

    /// Makes another session that may carry a call, beside those that it has.
    func add(
        _ branch: CallPlan.Branch, to id: String, inherited: [SessionSide: DialogInheritance]
    ) -> MediaSession? {
        guard var entry = entries[id] else { return nil }
        let session = MediaSession(
            id: id, kind: branch.kind, options: entry.session.options, profiles: branch.profiles,
            inherited: inherited, context: context)
        entry.others.append(session)
        entries[id] = entry
        return session
    }

    /// The clients of a session hear of this one of its branches from now on.
    func select(_ session: MediaSession) {
        guard var entry = entries[session.id] else { return }
        let all = entry.branches
        entry.session = session
        entry.others = all.filter { $0 !== session && !$0.isEnded }
        entries[session.id] = entry
    }

    /// Sends an event of a session to those who are subscribed to it.
    func publish(_ event: BrowserEvent) {
        guard let entry = entries[event.objID] else { return }
        api?.publish(event, owners: entry.users, creator: entry.subscriber)
    }

    func publish(_ event: SessionEvent, of id: String) {
        if case .record(.stopped, _, _) = event { entries[id]?.unfinished += 1 }
        publish(.session(id, event.type, event.body))
    }

    /// Tells of the session's end, and forgets it, all but whom its recordings are told to.
    func end(_ id: String, _ end: SessionEnd) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        if entry.unfinished > 0 {
            audiences[id] = Audience(users: entry.users, subscriber: entry.subscriber, unfinished: entry.unfinished)
        }
        api?.publish(
            .session(id, "stop", ["code": .integer(end.code), "reason": .string(end.reason)]), owners: entry.users,
            creator: entry.subscriber, isFollowed: entry.unfinished > 0)
    }

    /// Tells what has become of a recording; of one of before the start only admins hear.
    func finished(_ name: RecordingName, _ outcome: RecordingOutcome) {
        let event = SessionEvent(name, outcome), id = name.session
        // Of one that is tried again they hear once more.
        let isLast = if case .failed(_, isTriedAgain: true) = outcome { false } else { true }
        guard entries[id] == nil else {
            if isLast { entries[id]?.unfinished -= 1 }
            return publish(event, of: id)
        }
        let audience = audiences[id]
        guard isLast || audience == nil else {
            api?.publish(.session(id, event.type, event.body), owners: audience?.users ?? [], creator: audience?.subscriber)
            return
        }
        api?.publish(.session(id, event.type, event.body), owners: audience?.users ?? [], creator: audience?.subscriber)
        guard let audience, audience.unfinished > 1 else {
            audiences[id] = nil
            api?.forget(id, owners: audience?.users ?? [])
            return
        }
        audiences[id]?.unfinished -= 1
    }

    /// Gives a session that an API client started to a call.
    func assign(_ id: String, to call: String, users: Set<String>, sides: [String: SessionSide]) {
        entries[id]?.call = call
        entries[id]?.users.formUnion(users)
        entries[id]?.sides.merge(sides) { old, _ in old }
    }

    /// The session with this id, if `client` may touch it.
    func entry(_ id: String, for client: BrowserClient) throws(APIError) -> Entry {
        guard let entry = entries[id] else { throw .unknownSession() }
        guard entry.users.contains(client.user.name) || client.user.isAdmin else {
            throw .notYours(field: "session_id")
        }
        return entry
    }

    /// The ids of the sessions of `user`, in alphabetical order; all of them for `*`.
    func list(of user: String) -> [String] {
        entries.filter { user == "*" || $0.value.users.contains(user) }.keys.sorted()
    }

    /// The ids of the sessions that `client` is at an end of.
    func list(of client: BrowserClient) -> [String] {
        entries.filter { $0.value.sides[client.id] != nil }.keys.sorted()
    }
}
