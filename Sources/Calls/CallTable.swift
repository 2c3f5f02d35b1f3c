internal import ProxyCore

/// The parties of each call: the caller, the ringing legs, the answering leg.
///
/// The rights of a client of the browser API follow from its place in here (`CallTable+Rights.swift`). A called party has a place from its
/// invitation until its stage ends. A party of a later stage has none.
public final class CallTable {
    public init() {}

    /// A client of the browser API.
    struct Client: Equatable, Sendable {
        /// Its `connection_id`.
        let id: String
        let user: String
        var isAdmin = false
    }

    /// A party of a call.
    struct Party: Equatable, Sendable {
        /// The id of its client; nil for phones and trunks.
        var client: String?
        /// Its user; nil for a party without a proven identity.
        var user: String?
    }

    /// The parties of one call.
    struct Row: Equatable, Sendable {
        let caller: Party
        var callees: [Call.Leg: Party]
        /// The legs that ring.
        var ringing: Set<Call.Leg> = []
        /// The leg that has taken the call, from its answer on.
        var answered: Call.Leg?
        /// The call's id for clients that were in another call before, by the client's id.
        var names: [String: String] = [:]

        /// The users with the right to watch the call.
        var users: Set<String> {
            var legs = ringing
            if let answered { legs.insert(answered) }
            return Set(([caller] + legs.compactMap { callees[$0] }).compactMap(\.user))
        }
    }

    private(set) var rows: [String: Row] = [:]
    /// The ids of calls that have gone over into others, for the clients that know them by those.
    private(set) var aliases: [String: String] = [:]

    // MARK: Calls

    /// Adds a call without ringing legs.
    func insert(_ id: String, caller: Party, callees: [Call.Leg: Party] = [:]) {
        rows[id] = Row(caller: caller, callees: callees)
    }

    /// Adds a leg that may be rung.
    func add(_ leg: Call.Leg, _ party: Party, to id: String) { rows[id]?.callees[leg] = party }

    /// Sets the ringing legs and the answering leg.
    ///
    /// - Returns: The users that lost their rights by it.
    func update(_ id: String, ringing: Set<Call.Leg>, answered: Call.Leg?) -> Set<String> {
        guard var row = rows[id] else { return [] }
        let before = row.users
        row.ringing = ringing
        row.answered = answered
        rows[id] = row
        return before.subtracting(row.users)
    }

    /// Removes a call that is over.
    func remove(_ id: String) {
        rows[id] = nil
        aliases = aliases.filter { $0.value != id }
    }

    /// The users with the right to watch a call; none for an unknown call.
    func users(of id: String) -> Set<String> { rows[current(id)]?.users ?? [] }

    // MARK: Names

    /// Makes `former` another name of the call `id`; nil removes the name.
    func rename(_ former: String, to id: String?) { aliases[former] = id }

    /// The client knows the call by this id.
    func name(_ id: String, _ name: String, for client: String) { rows[id]?.names[client] = name }

    /// The id of the call that a client knows by this one.
    func current(_ id: String) -> String {
        if let alias = aliases[id], rows[alias] != nil { return alias }
        return id
    }

    /// The ids, as the client knows them, of the calls in which it is a party.
    func calls(of client: Client) -> [String] {
        let ids = rows.compactMap { id, row -> String? in
            switch role(of: client, in: row) {
            case .caller, .ringing, .answered: row.names[client.id] ?? id
            case .watching, .admin, nil: nil
            }
        }
        return Set(ids).sorted()
    }
}
