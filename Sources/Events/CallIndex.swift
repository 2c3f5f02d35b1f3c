public import EventLoop

/// Which dialogs, sessions and handles belong to which calls, as ``CallEvent`` and ``SessionChange`` say.
///
/// Live calls are always known, those that have ended until ``CallIndex/mostEnded`` others have ended after them: the last messages of a call, and what has been counted
/// of its media, come after its end.
@LoopActor
public final class CallIndex {
    /// What belongs to one call.
    private struct Call {
        var dialogs: [String] = []
        var sessions: [String] = []
        /// The first dialog of its caller.
        var caller: String?
        var isLive = true
    }

    private enum Ended {
        case call(String)
        /// A session that no call has.
        case session(String)
    }

    /// Calls and sessions that have ended, and are still known.
    public nonisolated static let mostEnded = 4_000
    /// Dialogs, sessions and handles that one call or session may have.
    private nonisolated static let most = 64

    private var calls: [String: Call] = [:]
    /// The calls of each dialog, the newest last: a transferred party keeps its dialog.
    private var dialogs: [String: [String]] = [:]
    private var sessions: [String: [String]] = [:]
    private var sessionOfHandle: [UInt64: String] = [:]
    private var handlesOfSession: [String: [UInt64]] = [:]
    /// In the order in which they ended, from ``first`` on.
    private var ended: [Ended] = []
    private var first = 0

    public nonisolated init() {}

    /// Takes in what an event says about who belongs to whom.
    public func learn(_ event: Event) {
        switch event.content {
        case .call(let change): if case .call(let id) = event.subject { learn(id, change) }
        case .session(let change): if case .session(let id) = event.subject { learn(id, change) }
        default: break
        }
    }

    private func learn(_ id: String, _ change: SessionChange) {
        switch change {
        case .hasHandle(let handle, _):
            guard handlesOfSession[id, default: []].count < CallIndex.most else { return }
            sessionOfHandle[handle] = id
            handlesOfSession[id, default: []].append(handle)
        case .ended:
            // That of a call is forgotten with the call.
            if sessions[id] == nil, handlesOfSession[id] != nil { end(.session(id)) }
        default: break
        }
    }

    private func learn(_ id: String, _ change: CallEvent) {
        switch change {
        case .began: calls[id] = calls[id] ?? Call()
        case .hasDialog(let callID, let isCaller):
            guard let call = calls[id], call.dialogs.count < CallIndex.most, !call.dialogs.contains(callID) else { return }
            calls[id]?.dialogs.append(callID)
            if isCaller, call.caller == nil { calls[id]?.caller = callID }
            dialogs[callID, default: []].append(id)
        case .hasSession(let session):
            guard let call = calls[id], call.sessions.count < CallIndex.most, !call.sessions.contains(session) else { return }
            calls[id]?.sessions.append(session)
            sessions[session, default: []].append(id)
        case .ended:
            guard calls[id]?.isLive == true else { return }
            calls[id]?.isLive = false
            end(.call(id))
        default: break
        }
    }

    private func end(_ one: Ended) {
        ended.append(one)
        guard ended.count - first > CallIndex.mostEnded else { return }
        switch ended[first] {
        case .call(let id): forget(id)
        case .session(let id): if sessions[id] == nil { forgetHandles(of: id) }
        }
        first += 1
        if first >= CallIndex.mostEnded {
            ended.removeFirst(first)
            first = 0
        }
    }

    /// The session that a handle is a leg of.
    public func session(of handle: UInt64) -> String? { sessionOfHandle[handle] }

    /// Whether the session belongs, or belonged, to more than one call.
    public func hasMoved(session: String) -> Bool { (sessions[session]?.count ?? 0) > 1 }

    public func knows(_ call: String) -> Bool { calls[call] != nil }

    public func isLive(_ call: String) -> Bool { calls[call]?.isLive ?? false }

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
        guard let ids, let last = ids.last, ids.count > 1 else { return ids ?? [] }
        let living = ids.filter { calls[$0]?.isLive == true }
        return living.isEmpty ? [last] : living
    }

    /// The Call-ID that stands for a call: that of its caller's dialog, else of its first one; nil as long as it has none.
    public func dialog(of call: String) -> String? { calls[call].flatMap { $0.caller ?? $0.dialogs.first } }

    private func forget(_ id: String) {
        guard let call = calls.removeValue(forKey: id) else { return }
        for dialog in call.dialogs { dialogs[dialog] = without(id, dialogs[dialog]) }
        for session in call.sessions {
            sessions[session] = without(id, sessions[session])
            if sessions[session] == nil { forgetHandles(of: session) }
        }
    }

    private func forgetHandles(of session: String) {
        for handle in handlesOfSession.removeValue(forKey: session) ?? [] where sessionOfHandle[handle] == session { sessionOfHandle[handle] = nil }
    }

    private func without(_ id: String, _ ids: [String]?) -> [String]? {
        let left = (ids ?? []).filter { $0 != id }
        return left.isEmpty ? nil : left
    }
}
