internal import BrowserAPI
internal import ProxyCore

/// The rights of clients in a call; docs/browser-api.md has the same table.
extension CallTable {
    /// A client's part in a call.
    enum Role: Equatable, Sendable {
        /// The client that started the call, or was transferred into the caller's place.
        case caller
        /// A client that rings.
        case ringing(Call.Leg)
        /// The client that has answered.
        case answered(Call.Leg)
        /// Another client of a party's user. It may speak for these sides, and speaks for the first unless it names one.
        case watching([SessionSide])
        /// An admin's client without another part.
        case admin

        /// The sides that the client may speak for; the first is the default.
        var sides: [SessionSide] {
            switch self {
            case .caller: [.caller]
            case .ringing, .answered: [.callee]
            case .watching(let sides): sides
            case .admin: [.callee, .caller]
            }
        }
    }

    /// A group of commands that a client may have the right to.
    enum Right: CaseIterable, Sendable {
        /// `get_info`, subscriptions, events.
        case watch
        /// `hangup_call`, `stop_session`.
        case hangUp
        /// `reject_call`.
        case reject
        /// `ring_call`, `answer_call`.
        case answer
        /// An offer in `update_session`, `set_candidate`.
        case negotiate
        /// Options in `update_session`, `hold_call`, `send_dtmf`.
        case control
        /// `transfer_call`.
        case transfer

        /// The error for a client with this role; nil where it has the right.
        ///
        /// - Parameter isAnswered: Whether a called party has taken the call.
        func refusal(for role: Role, isAnswered: Bool, field: String) -> APIError? {
            switch (self, role) {
            case (.watch, _), (.hangUp, _): nil
            case (.reject, .watching), (.reject, .admin): isAnswered ? .answered : nil
            case (.reject, _): nil
            case (.answer, .ringing): nil
            case (.answer, .answered): .answered
            case (.answer, .watching) where isAnswered && role.sides.first == .callee: .answered
            // What a client sends before its answer is kept for that.
            case (.negotiate, .caller), (.negotiate, .ringing), (.negotiate, .answered): nil
            case (.control, .ringing): .notAnswered
            case (.control, .watching) where !isAnswered && !role.sides.contains(.caller): .notAnswered
            case (.control, _): nil
            case (.transfer, .caller), (.transfer, .answered): nil
            case (.answer, _), (.negotiate, _), (.transfer, _): .notYours(field: field)
            }
        }
    }

    /// The client's role in the call that it means by this id; nil where it has none.
    ///
    /// By the id of a former call the transferred client, and the other clients of its user, speak for the client's side alone.
    func role(of client: Client, in id: String) -> Role? {
        guard let call = call(id, for: client), let row = rows[call] else { return nil }
        guard let alias = alias(id), alias.client.user == client.user else { return role(of: client, in: row) }
        guard alias.client.id != client.id else { return alias.side == .caller ? .caller : calledRole(of: client, in: row) }
        return .watching(client.isAdmin ? [alias.side, alias.side.other] : [alias.side])
    }

    func role(of client: Client, in row: Row) -> Role? {
        if row.caller.client == client.id { return .caller }
        if let role = calledRole(of: client, in: row) { return role }
        var sides: [SessionSide] = row.caller.user == client.user ? [.caller] : []
        let called = row.answered.map { [$0] } ?? row.ringing.sorted()
        if called.contains(where: { row.callees[$0]?.user == client.user }) { sides.append(.callee) }
        guard !sides.isEmpty else { return client.isAdmin ? .admin : nil }
        return .watching(client.isAdmin ? sides + SessionSide.allCases.filter { !sides.contains($0) } : sides)
    }

    /// The role of a client that is called.
    private func calledRole(of client: Client, in row: Row) -> Role? {
        if let answered = row.answered, row.callees[answered]?.client == client.id { return .answered(answered) }
        return row.ringing.sorted().first { row.callees[$0]?.client == client.id }.map { .ringing($0) }
    }

    /// The ringing legs of a user, which another client of that user may refuse.
    func ringing(_ user: String, in id: String) -> [Call.Leg] {
        guard let row = rows[id] else { return [] }
        return row.ringing.filter { row.callees[$0]?.user == user }.sorted()
    }

    /// The client's role, where it has the right.
    ///
    /// - Parameter field: What the client named the call by.
    /// - Throws: `unknownCall` (3002), `notYours` (2005), or `wrongState` (3004) where it has the right at another time.
    func require(_ right: Right, of client: Client, in id: String, field: String = "call_id") throws(APIError) -> Role {
        guard let call = call(id, for: client), let row = rows[call] else { throw .unknownCall() }
        guard let role = role(of: client, in: id) else { throw .notYours(field: field) }
        if let refusal = right.refusal(for: role, isAnswered: row.answered != nil, field: field) { throw refusal }
        return role
    }
}

extension APIError {
    fileprivate static let answered = APIError(.wrongState, "the call has been answered")
    fileprivate static let notAnswered = APIError(.wrongState, "the call is not answered yet")
}

extension BrowserClient {
    /// What the table knows of it.
    nonisolated var place: CallTable.Client { CallTable.Client(id: id, user: user.name, isAdmin: user.isAdmin) }
}
