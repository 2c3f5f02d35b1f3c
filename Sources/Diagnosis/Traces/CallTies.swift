public import Events

/// Which dialogs, sessions and handles belong to which calls, as ``CallEvent`` and ``SessionChange`` say.
public struct CallTies {
    /// What belongs to one call.
    private struct Call {
        var dialogs: [String] = []
        var sessions: [String] = []
        var isLive = true
    }

    /// Dialogs and sessions that one call may tie.
    private static let most = 64

    private var calls: [String: Call] = [:]
    /// The calls of each dialog, the newest last: a transferred party keeps its dialog.
    private var dialogs: [String: [String]] = [:]
    private var sessions: [String: [String]] = [:]
    private var sessionOfHandle: [UInt64: String] = [:]
    private var handlesOfSession: [String: [UInt64]] = [:]

    public init() {}

    /// Takes in what an event says about who belongs to whom.
    public mutating func learn(_ event: Event) {
        switch (event.subject, event.content) {
        case (.call(let id), .call(let change)): learn(id, change)
        case (.session(let id), .session(.hasHandle(let handle, _))):
            guard handlesOfSession[id, default: []].count < CallTies.most else { return }
            sessionOfHandle[handle] = id
            handlesOfSession[id, default: []].append(handle)
        default: break
        }
    }

    private mutating func learn(_ id: String, _ change: CallEvent) {
        switch change {
        case .began: calls[id] = calls[id] ?? Call()
        case .hasDialog(let callID, _):
            guard let call = calls[id], call.dialogs.count < CallTies.most, !call.dialogs.contains(callID) else { return }
            calls[id]?.dialogs.append(callID)
            dialogs[callID, default: []].append(id)
        case .hasSession(let session):
            guard let call = calls[id], call.sessions.count < CallTies.most, !call.sessions.contains(session) else { return }
            calls[id]?.sessions.append(session)
            sessions[session, default: []].append(id)
        case .ended: calls[id]?.isLive = false
        default: break
        }
    }

    public func knows(_ call: String) -> Bool { calls[call] != nil }

    /// The session that a handle is a leg of.
    public func session(of handle: UInt64) -> String? { sessionOfHandle[handle] }

    /// The calls that something belongs to: those that live, else the last one. A client is told by the ids in its messages.
    public func calls(of subject: Event.Subject) -> [String] {
        switch subject {
        case .call(let id): calls[id] == nil ? [] : [id]
        case .dialog(let id): living(dialogs[id])
        case .session(let id): living(sessions[id])
        case .handle(let id): sessionOfHandle[id].map { living(sessions[$0]) } ?? []
        case .client, .gateway: []
        }
    }

    private func living(_ ids: [String]?) -> [String] {
        guard let ids, let last = ids.last else { return [] }
        let living = ids.filter { calls[$0]?.isLive == true }
        return living.isEmpty ? [last] : living
    }

    /// The dialogs of a call, in the order in which it got them.
    public func dialogs(of call: String) -> [String] { calls[call]?.dialogs ?? [] }

    public mutating func forget(_ id: String) {
        guard let call = calls.removeValue(forKey: id) else { return }
        for dialog in call.dialogs { dialogs[dialog] = without(id, dialogs[dialog]) }
        for session in call.sessions {
            sessions[session] = without(id, sessions[session])
            if sessions[session] == nil { forgetHandles(of: session) }
        }
    }

    /// Forgets the handles of a session that no call has.
    public mutating func forgetHandles(of session: String) {
        for handle in handlesOfSession.removeValue(forKey: session) ?? [] { sessionOfHandle[handle] = nil }
    }

    private func without(_ id: String, _ ids: [String]?) -> [String]? {
        let left = (ids ?? []).filter { $0 != id }
        return left.isEmpty ? nil : left
    }
}
