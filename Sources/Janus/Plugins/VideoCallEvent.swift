public import JSON

/// What VideoCall says on a handle without being asked: the content of a ``JanusHandleEvent/plugin(_:_:)``.
public enum VideoCallEvent: Sendable, Equatable {
    /// Somebody calls this handle's name, with an offer for its peer.
    case incomingCall(from: String, JSEP)
    /// The callee accepted, with an answer for the caller's peer.
    case accepted(by: String, JSEP)
    /// The other side renegotiates, or answers the renegotiation.
    case update(JSEP)
    /// The call is over.
    case hangup(by: String, reason: String)

    /// `nil` when it is none of these, or lacks what belongs to it.
    public init?(_ data: JSONValue, _ jsep: JSEP?) {
        let result = data["result"]
        let name = result?["username"]?.stringValue
        switch (result?["event"]?.stringValue, jsep) {
        case ("incomingcall", let jsep?): self = .incomingCall(from: name ?? "", jsep)
        case ("accepted", let jsep?): self = .accepted(by: name ?? "", jsep)
        case ("update", let jsep?): self = .update(jsep)
        case ("hangup", _): self = .hangup(by: name ?? "", reason: result?["reason"]?.stringValue ?? "")
        default: return nil
        }
    }
}
