public import BrowserAPI
public import EventLoop
internal import JSON
public import Media
public import ProxyCore
public import Recording

/// The sessions that live, and who may touch them.
@LoopActor
public final class SessionRegistry {
    /// A session and whom it belongs to.
    struct Entry {
        /// The session; of those that a call may yet be carried by, the one that its clients hear of.
        var session: any MediaSession
        /// The other ones of a call that has not been answered.
        var others: [any MediaSession] = []
        var owner: Owner
        /// The client that gets its events without asking.
        var subscriber: String?
        /// Recordings that are to be finished.
        var unfinished = 0

        /// The call that it serves; nil for one that an API client drives.
        var call: String? { if case .call(let id) = owner { id } else { nil } }

        /// All that may yet carry the call.
        var branches: [any MediaSession] { [session] + others }
    }

    /// Whose a session is.
    enum Owner {
        /// A client of the API drives it.
        case client(id: String, user: String)
        /// It serves a call: who may do what with it, the call's place in the ``CallTable`` says.
        case call(String)
        /// Its call is over: these users hear of its end.
        case users(Set<String>)
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
    public weak var api: BrowserAPI?
    private let factory: any SessionFactory
    private let table: CallTable

    /// - Parameter factory: Makes the sessions.
    public init(factory: any SessionFactory, table: CallTable) {
        self.factory = factory
        self.table = table
    }

    /// Whether a session can be started now.
    var isReady: Bool { factory.isReady }

    public var count: Int { entries.count }

    /// Ends all, as the gateway does before it stops.
    public func stopAll(_ end: SessionEnd) {
        for entry in Array(entries.values) { entry.session.stop(end) }
    }

    /// Makes a session. It is forgotten by ``end(_:_:)``, which whoever hears its end has to call.
    func create(
        kind: SessionKind, options: SessionOptions, profiles: [SessionSide: SIPProfile], client: BrowserClient, subscriber: String?
    ) -> any MediaSession {
        let id = BrowserID.make()
        let session = factory.session(id, kind, options: options, profiles: profiles, inherited: [:])
        entries[id] = Entry(session: session, owner: .client(id: client.id, user: client.user.name), subscriber: subscriber)
        return session
    }

    /// Makes the sessions of a call: one for each branch, which its clients know as one with this id.
    func create(
        id: String, branches: [Call.Branch: CallPlan.Branch], call: String,
        options change: SessionOptionsChange = SessionOptionsChange(), subscriber: String? = nil,
        inherited: [SessionSide: DialogInheritance] = [:]
    ) -> [Call.Branch: any MediaSession] {
        let sessions = branches.mapValues { branch in
            factory.session(
                id, branch.kind, options: SessionOptions().applying(change), profiles: branch.profiles, inherited: inherited)
        }
        let ordered = sessions.sorted { $0.key < $1.key }.map(\.value)
        guard let first = ordered.first else { return [:] }
        for session in ordered { session.serve(call: call) }
        entries[id] = Entry(
            session: first, others: Array(ordered.dropFirst()), owner: .call(call), subscriber: subscriber)
        return sessions
    }

    /// Makes another session that may carry a call, beside those that it has.
    func add(
        _ branch: CallPlan.Branch, to id: String, inherited: [SessionSide: DialogInheritance]
    ) -> (any MediaSession)? {
        guard var entry = entries[id] else { return nil }
        let session = factory.session(
            id, branch.kind, options: entry.session.options, profiles: branch.profiles, inherited: inherited)
        if let call = entry.call { session.serve(call: call) }
        entry.others.append(session)
        entries[id] = entry
        return session
    }

    /// The clients of a session hear of this one of its branches from now on.
    func select(_ session: any MediaSession) {
        guard var entry = entries[session.id] else { return }
        let all = entry.branches
        entry.session = session
        entry.others = all.filter { $0 !== session && !$0.isEnded }
        entries[session.id] = entry
    }

    /// Sends an event of a session to those who are subscribed to it.
    func publish(_ event: BrowserEvent) {
        guard let entry = entries[event.objID] else { return }
        api?.publish(event, owners: users(of: entry), creator: entry.subscriber)
    }

    func publish(_ event: SessionEvent, of id: String) {
        if case .record(.stopped, _, _) = event { entries[id]?.unfinished += 1 }
        publish(.session(id, event.type, event.body))
    }

    /// Tells of the session's end, and forgets it, all but whom its recordings are told to.
    func end(_ id: String, _ end: SessionEnd) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        let users = users(of: entry)
        if entry.unfinished > 0 {
            audiences[id] = Audience(users: users, subscriber: entry.subscriber, unfinished: entry.unfinished)
        }
        api?.publish(
            .session(id, "stop", ["code": .integer(end.code), "reason": .string(end.reason)]), owners: users,
            creator: entry.subscriber, isFollowed: entry.unfinished > 0)
    }

    /// Tells the user of an echo that is over, and admins, what it has measured.
    func publish(lineTest result: JSONValue, of id: String, to user: String) { api?.publish(.session(id, "line_test", result), owners: [user], creator: nil) }

    /// Tells what has become of a recording; of one of before the start only admins hear.
    public func finished(_ name: RecordingName, _ outcome: RecordingOutcome) {
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

    // MARK: Owners

    /// Gives a session that an API client started to a call.
    func assign(_ id: String, to call: String) {
        entries[id]?.owner = .call(call)
        for session in entries[id]?.branches ?? [] { session.serve(call: call) }
    }

    /// The call of a session is over; its end is still told to these users.
    func release(_ id: String, to users: Set<String>) { entries[id]?.owner = .users(users) }

    /// For these users a session of a call ends, which goes on for others.
    func leave(_ id: String, _ users: Set<String>, _ end: SessionEnd) {
        api?.publishLast(.session(id, "stop", ["code": .integer(end.code), "reason": .string(end.reason)]), to: users)
    }

    /// The session with this id, if `client` has that right.
    ///
    /// The driver of a session, other clients of its user, and admins have every right in it.
    func entry(_ id: String, for client: BrowserClient, _ right: CallTable.Right) throws(APIError) -> Entry {
        guard let entry = entries[id] else { throw .unknownSession() }
        if let call = entry.call {
            do throws(APIError) {
                _ = try table.require(right, of: client.place, in: call, field: "session_id")
            } catch {
                // The client named a session, whatever has become of the call.
                throw error.known == .unknownCall ? .unknownSession() : error
            }
        } else if !users(of: entry).contains(client.user.name), !client.user.isAdmin {
            throw .notYours(field: "session_id")
        }
        return entry
    }

    /// The users who may watch a session; nil when there is none with this id.
    func users(of id: String) -> Set<String>? { entries[id].map(users(of:)) }

    private func users(of entry: Entry) -> Set<String> {
        switch entry.owner {
        case .client(_, let user): [user]
        case .call(let id): table.users(of: id)
        case .users(let users): users
        }
    }

    /// The ids of the sessions of `user`, in alphabetical order; all of them for `*`.
    func list(of user: String) -> [String] {
        entries.filter { user == "*" || users(of: $0.value).contains(user) }.keys.sorted()
    }

    /// The ids of the sessions that `client` drives, or is a party in.
    func list(of client: BrowserClient) -> [String] {
        entries.filter { _, entry in
            switch entry.owner {
            case .client(let id, _): return id == client.id
            case .users: return false
            case .call(let call):
                switch table.role(of: client.place, in: call) {
                case .caller, .ringing, .answered: return true
                case .watching, .admin, nil: return false
                }
            }
        }.keys.sorted()
    }

    /// The sessions that `client` drives itself.
    func driven(by client: BrowserClient) -> [any MediaSession] {
        entries.values.compactMap { if case .client(client.id, _) = $0.owner { $0.session } else { nil } }
    }
}
