public import JSON

/// What Janus tells about a handle on its own accord.
public enum JanusHandleEvent: Sendable, Equatable {
    /// ICE and DTLS are done: media can flow.
    case webrtcUp
    /// Janus began, or ceased for a second, to receive media of that kind from the peer.
    case media(JanusMediaKind, receiving: Bool)
    /// Packets get lost: `uplink` is the direction from the peer to Janus; `lost` counts the last second.
    case slowLink(JanusMediaKind, uplink: Bool, lost: Int)
    /// The PeerConnection is gone; the handle stays until it is detached.
    case hangup(reason: String)
    /// A candidate of Janus' own: only a Janus that does full trickle sends any.
    case candidate(JanusCandidate)
    /// Janus has no further candidates.
    case candidatesCompleted
    /// Something that the plugin says without being asked: an ``EngineEvent``.
    case plugin(JSONValue, JSEP?)
    /// The handle is gone: Janus or the connection to it died, or Janus detached it. The last event, and only once.
    case lost
}

public enum JanusMediaKind: String, Sendable, CaseIterable { case audio, video }
