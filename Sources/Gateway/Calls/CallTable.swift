internal import ProxyCore

/// The calls that live, and the parties of each: who calls, who is being rung, who has answered.
///
/// What a client of the browser API may do with a call follows from its place in here (`CallTable+Rights.swift`). A called party has a place
/// from the moment it is rung until its stage ends; a party of a stage that has not begun has none yet.
final class CallTable {
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
        /// The user that it is; nil where nobody has proven to be one.
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

        /// The users who may watch the call at the moment.
        var users: Set<String> {
            var legs = ringing
            if let answered { legs.insert(answered) }
            return Set(([caller] + legs.compactMap { callees[$0] }).compactMap(\.user))
        }
    }

    private(set) var rows: [String: Row] = [:]
    /// The ids of calls that have gone over into others, for the clients that know them by those.
    private var aliases: [String: String] = [:]

    // MARK: Calls

    /// Adds a call, of which nobody is rung yet.
    func insert(_ id: String, caller: Party, callees: [Call.Leg: Party] = [:]) {
        rows[id] = Row(caller: caller, callees: callees)
    }

    /// Adds a leg that may be rung.
    func add(_ leg: Call.Leg, _ party: Party, to id: String) { rows[id]?.callees[leg] = party }

    /// Takes over who rings and who has answered.
    ///
    /// - Returns: The users who had rights in the call and have none any more.
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

    /// The users who may watch a call; none where there is no such call.
    func users(of id: String) -> Set<String> { rows[current(id)]?.users ?? [] }

    // MARK: Names

    /// From now on `former` names the call `id`; nil takes that back.
    func rename(_ former: String, to id: String?) { aliases[former] = id }

    /// The client knows the call by this id.
    func name(_ id: String, _ name: String, for client: String) { rows[id]?.names[client] = name }

    /// The id of the call that a client knows by this one.
    func current(_ id: String) -> String {
        if let alias = aliases[id], rows[alias] != nil { return alias }
        return id
    }

    /// The ids, as the client knows them, of the calls that it makes, has answered or is rung by.
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
