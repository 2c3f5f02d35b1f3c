internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import ProxyCore

/// The sessions that live, and who may touch them.
@LoopActor
final class SessionRegistry {
    /// A session and whom it belongs to.
    struct Entry {
        let session: MediaSession
        /// The users who may touch it.
        var users: Set<String>
        /// The clients at its ends, by the client's id.
        var sides: [String: SessionSide]
        /// The client that gets its events without asking.
        var subscriber: String?
        /// The call that it serves; nil for one that an API client drives.
        var call: String?
    }

    private(set) var entries: [String: Entry] = [:]
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
        let session = MediaSession(
            id: BrowserID.make(), kind: kind, options: options, profiles: profiles, context: context)
        entries[session.id] = Entry(session: session, users: users, sides: sides, subscriber: subscriber)
        return session
    }

    /// Sends an event of a session to those who are subscribed to it.
    func publish(_ event: BrowserEvent) {
        guard let entry = entries[event.objID] else { return }
        api?.publish(event, owners: entry.users, creator: entry.subscriber)
    }

    func publish(_ event: SessionEvent, of id: String) { publish(.session(id, event.type, event.body)) }

    /// Tells of the session's end, and forgets it.
    func end(_ id: String, _ end: SessionEnd) {
        publish(.session(id, "stop", ["code": .integer(end.code), "reason": .string(end.reason)]))
        entries[id] = nil
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

    /// The ids of the sessions of `user`, in alphabetical order.
    func list(of user: String) -> [String] {
        entries.filter { $0.value.users.contains(user) }.keys.sorted()
    }

    /// The ids of the sessions that `client` is at an end of.
    func list(of client: BrowserClient) -> [String] {
        entries.filter { $0.value.sides[client.id] != nil }.keys.sorted()
    }
}
