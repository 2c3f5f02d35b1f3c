/// One offer and its answer, on their way through a session (RFC 3264).
struct Exchange: Sendable, Equatable {
    enum Phase: Sendable, Equatable {
        /// The offer is on its way; `rest` are the stages after the one that is being done.
        case offering(rest: [MediaStage])
        /// The other side has the offer.
        case awaitingAnswer
        /// The answer is on its way.
        case answering(rest: [MediaStage])
    }

    /// What becomes of the offer and of the answer.
    enum Purpose: Sendable, Equatable {
        /// Each is delivered to the side that it is for.
        case parties
        /// Nobody waits for the answer: the gateway offered on behalf of its side.
        case other
        /// Nobody hears of it: Janus is taken back to what stands.
        case janus
        /// The offerer's path alone changes: it is answered with what the other side has agreed on, which hears nothing of it.
        case path
        /// The gateway offers to the other side what stands, for the sake of a limit; the answer is for nobody.
        case limit
    }

    /// Who made the offer.
    let offerer: SessionSide
    let paths: ExchangePaths
    /// Whether nothing was agreed before it: when it fails, the session ends.
    let isFirst: Bool
    let purpose: Purpose
    /// What the description is at the moment: behind an echo an offer has become an answer.
    var role = DescriptionRole.offer
    var phase: Phase
    /// The NoSIP handles that have been told of it; when it comes to nothing they are told again what stands.
    var processed: [SessionHandle.Role] = []
    /// Whether the offerer has withdrawn its offer, and hears nothing more of it.
    var isWithdrawn = false

    init(offerer: SessionSide, paths: ExchangePaths, isFirst: Bool, purpose: Purpose = .parties) {
        self.offerer = offerer
        self.paths = paths
        self.isFirst = isFirst
        self.purpose = purpose
        phase = .offering(rest: paths.offer)
    }

    var isOffering: Bool { if case .offering = phase { true } else { false } }

    /// Whether the offerer waits for the answer.
    var awaitsAnswer: Bool { !isWithdrawn && (purpose == .parties || purpose == .path) }

    /// Whether the other side has accepted the offer.
    var isAccepted: Bool { if case .answering = phase { purpose == .parties || purpose == .other } else { false } }

    /// Whether it is the offer that a phone asked of the echo.
    var isForEcho: Bool { isFirst && purpose == .other }

    /// The stages that are left in the phase.
    var rest: [MediaStage] {
        switch phase {
        case .offering(let rest), .answering(let rest): rest
        case .awaitingAnswer: []
        }
    }

    /// The same with these stages left.
    func with(rest: [MediaStage]) -> Exchange {
        var next = self
        switch phase {
        case .offering: next.phase = .offering(rest: rest)
        case .answering: next.phase = .answering(rest: rest)
        case .awaitingAnswer: break
        }
        return next
    }
}
