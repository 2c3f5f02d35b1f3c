public import SDP

/// An offer or answer that a party has sent (RFC 3264), parsed once, where it came in.
///
/// A description that cannot be parsed travels as well: the session knows what its failure means for the offer and the other side.
public struct RemoteDescription: Sendable, Equatable {
    /// The session description, or why it is none.
    public let content: Result<SessionDescription, SDPError>
    /// Whether candidates follow by themselves (RFC 8838).
    public let trickle: Bool

    private init(_ content: Result<SessionDescription, SDPError>, trickle: Bool) {
        self.content = content
        self.trickle = trickle
    }

    public init(_ description: SessionDescription, trickle: Bool = false) { self.init(.success(description), trickle: trickle) }

    /// Parses the body of a SIP message, or the `sdp` of a message of the browser API.
    public init(parsing text: String, trickle: Bool = false) {
        do throws(SDPError) {
            self.init(.success(try SessionDescription(parsing: text)), trickle: trickle)
        } catch {
            self.init(.failure(error), trickle: trickle)
        }
    }

    /// The session description.
    ///
    /// - Throws: `malformed`.
    public func read() throws(NegotiationError) -> SessionDescription {
        switch content {
        case .success(let description): return description
        case .failure(let error): throw .malformed(error)
        }
    }

    /// The same with a changed session description; one that cannot be parsed stays as it is.
    public func map(_ change: (SessionDescription) -> SessionDescription) -> RemoteDescription {
        RemoteDescription(content.map(change), trickle: trickle)
    }
}

/// What a party of a session does about offers and answers: the same value at each station between the party's leg and its session.
public enum PartyEvent: Sendable, Equatable {
    /// It offers: the first time to start the session, later to change it. The first offer is the caller's, or the called party's when the
    /// caller leaves it to that one.
    case offered(RemoteDescription)
    /// A phone offers anew before the call is answered.
    case offeredEarly(RemoteDescription)
    /// A phone asks for an offer: within its dialog, or to begin with.
    case offerWanted
    /// It withdraws its offer: it was cancelled, or not answered in time.
    case withdrawn
    /// It answers the offer that it has.
    case answered(RemoteDescription)
    /// It declines the offer that it has.
    case declined(SessionFailure)
    /// A phone answers what it was sent last with another description than before: its refresh of the session timer.
    case refreshed(RemoteDescription)
    /// A phone was sent this description of ours by another session of its dialog: later ones need higher versions.
    case received(SessionDescription)
}
