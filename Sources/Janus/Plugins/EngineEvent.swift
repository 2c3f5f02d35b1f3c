public import JSON
public import SIPNames

/// What the plugin says on a leg's handle unasked: the content of a ``JanusHandleEvent/plugin(_:_:)``.
public enum EngineEvent: Sendable, Equatable {
    /// The leg's party pressed a DTMF digit (RFC 4733), once for each press.
    case digit(JanusMediaKind, Character, duration: Duration)
    /// A phone's packets come from elsewhere than signalled, or have moved from `former`.
    case latched(JanusMediaKind, SocketAddress, former: SocketAddress?)
    /// RTP of a phone arrives, again or for the first time.
    case flowing(JanusMediaKind)
    /// RTP of a phone has ceased for about a second.
    case silent(JanusMediaKind)
    /// The port at which a phone wants its RTP has been closed for two seconds, as ICMP says, and no RTP comes from it.
    case unreachable(JanusMediaKind)
    /// The peer needs a keyframe of this leg's phone, which takes no RTCP feedback for it.
    case keyframeWanted
    /// Something failed, as `recording`.
    case error(what: String, reason: String)

    /// The name that the engine gives it.
    public var name: String {
        switch self {
        case .digit: "digit"
        case .latched: "latched"
        case .flowing: "flowing"
        case .silent: "silent"
        case .unreachable: "unreachable"
        case .keyframeWanted: "keyframe_wanted"
        case .error: "error"
        }
    }

    /// `nil` when it is none of these, or lacks what belongs to it.
    public init?(_ data: JSONValue) {
        guard data["tern"]?.stringValue == "event", let name = data["event"]?.stringValue else { return nil }
        let kind = data["kind"]?.stringValue.flatMap(JanusMediaKind.init)
        switch (name, kind) {
        case ("digit", let kind?):
            guard let text = data["digit"]?.stringValue, let digit = text.first, text.count == 1 else { return nil }
            self = .digit(kind, digit, duration: .milliseconds(data["duration"]?.intValue ?? 0))
        case ("latched", let kind?):
            guard let address = SocketAddress(data) else { return nil }
            self = .latched(kind, address, former: SocketAddress(data["former"]))
        case ("flowing", let kind?): self = .flowing(kind)
        case ("silent", let kind?): self = .silent(kind)
        case ("unreachable", let kind?): self = .unreachable(kind)
        case ("keyframe_wanted", _): self = .keyframeWanted
        case ("error", _): self = .error(what: data["what"]?.stringValue ?? "", reason: data["reason"]?.stringValue ?? "")
        default: return nil
        }
    }
}

extension SocketAddress {
    /// The source of a phone's packets, as the engine writes it; nil when `address` or `port` is missing, or is none.
    init?(_ json: JSONValue?) {
        guard let address = json?["address"]?.stringValue, let port = json?["port"]?.intValue else { return nil }
        self.init(address: address, port: port)
    }
}
