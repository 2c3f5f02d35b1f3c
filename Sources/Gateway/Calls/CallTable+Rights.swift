internal import BrowserAPI
internal import ProxyCore

/// What each client may do with a call; docs/browser-api.md has the same table.
extension CallTable {
    /// What a client is in a call.
    enum Role: Equatable, Sendable {
        /// It started the call, or was transferred into the caller's place.
        case caller
        /// It is being rung.
        case ringing(Call.Leg)
        /// It has taken the call.
        case answered(Call.Leg)
        /// It is another client of a user who is a party: at these sides, the one that it speaks for first.
        case watching([SessionSide])
        /// It is an admin's, and nothing else.
        case admin

        /// The sides that it may speak for, the usual one first.
        var sides: [SessionSide] {
            switch self {
            case .caller: [.caller]
            case .ringing, .answered: [.callee]
            case .watching(let sides): sides
            case .admin: [.callee, .caller]
            }
        }
    }

    /// What a client asks for.
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

        /// Why a client with this role is refused; nil where it has the right.
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

    /// The client's role in a call; nil where it has none.
    func role(of client: Client, in id: String) -> Role? { rows[current(id)].flatMap { role(of: client, in: $0) } }

    func role(of client: Client, in row: Row) -> Role? {
        if row.caller.client == client.id { return .caller }
        if let answered = row.answered, row.callees[answered]?.client == client.id { return .answered(answered) }
        if let leg = row.ringing.sorted().first(where: { row.callees[$0]?.client == client.id }) { return .ringing(leg) }
        var sides: [SessionSide] = row.caller.user == client.user ? [.caller] : []
        let called = row.answered.map { [$0] } ?? row.ringing.sorted()
        if called.contains(where: { row.callees[$0]?.user == client.user }) { sides.append(.callee) }
        guard !sides.isEmpty else { return client.isAdmin ? .admin : nil }
        return .watching(client.isAdmin ? sides + SessionSide.allCases.filter { !sides.contains($0) } : sides)
    }

    /// The ringing legs of a user, which another client of that user may refuse.
    func ringing(_ user: String, in id: String) -> [Call.Leg] {
        guard let row = rows[current(id)] else { return [] }
        return row.ringing.filter { row.callees[$0]?.user == user }.sorted()
    }

    /// The client's role, where it has the right.
    ///
    /// - Parameter field: What the client named the call by.
    /// - Throws: `unknownCall` (3002), `notYours` (2005), or `wrongState` (3004) where it has the right at another time.
    func require(_ right: Right, of client: Client, in id: String, field: String = "call_id") throws(APIError) -> Role {
        guard let row = rows[current(id)] else { throw .unknownCall() }
        guard let role = role(of: client, in: row) else { throw .notYours(field: field) }
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
