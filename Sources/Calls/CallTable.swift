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
        /// The ids by which transferred clients know the call.
        var names: [String] = []

        /// The users with the right to watch the call.
        var users: Set<String> {
            var legs = ringing
            if let answered { legs.insert(answered) }
            return Set(([caller] + legs.compactMap { callees[$0] }).compactMap(\.user))
        }
    }

    /// A call that the clients of a transferred party know by the id of the party's former call.
    struct Alias: Equatable, Sendable {
        let call: String
        /// The transferred client, and its side in the call.
        let client: Client
        let side: SessionSide
    }

    private(set) var rows: [String: Row] = [:]
    /// By the id of the transferred client's first call; the calls in the order of its transfers.
    private(set) var aliases: [String: [Alias]] = [:]

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
        guard let row = rows.removeValue(forKey: id) else { return }
        for name in row.names {
            aliases[name]?.removeAll { $0.call == id }
            if aliases[name]?.isEmpty == true { aliases[name] = nil }
        }
    }

    /// The users with the right to watch a call; none for an unknown call.
    func users(of id: String) -> Set<String> { rows[id]?.users ?? [] }

    // MARK: Names

    /// The clients of a transferred client's user know the call by the id `name` of the former call, from the end of that on.
    func name(_ id: String, _ name: String, for client: Client, at side: SessionSide) {
        guard rows[id] != nil else { return }
        rows[id]?.names.append(name)
        aliases[name, default: []].append(Alias(call: id, client: client, side: side))
    }

    /// The call that goes on under the id of one that is over.
    func alias(_ id: String) -> Alias? { rows[id] == nil ? aliases[id]?.first : nil }

    /// The id of the call that a client means by this one; nil where it knows none by it.
    func call(_ id: String, for client: Client) -> String? {
        guard let alias = alias(id) else { return rows[id] == nil ? nil : id }
        return alias.client.user == client.user || client.isAdmin ? alias.call : nil
    }

    /// The id by which a client knows a call.
    func name(of id: String, for client: Client) -> String {
        rows[id]?.names.first { name in alias(name).map { $0.call == id && $0.client.user == client.user } == true } ?? id
    }

    /// The users whose clients know a call by this id; nil where there is none.
    func owners(of id: String) -> Set<String>? { rows[id]?.users ?? alias(id).map { [$0.client.user] } }

    /// The ids, as the client knows them, of the calls in which it is a party.
    func calls(of client: Client) -> [String] {
        let ids = rows.flatMap { id, row -> [String] in
            switch role(of: client, in: row) {
            case .caller, .ringing, .answered:
                let names = row.names.filter { aliases[$0]?.contains { $0.call == id && $0.client.id == client.id } == true }
                return names.isEmpty ? [id] : names
            case .watching, .admin, nil: return []
            }
        }
        return Set(ids).sorted()
    }
}
