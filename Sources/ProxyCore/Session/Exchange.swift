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
        /// The caller hears and sees itself: its offer is answered at once.
        case echo
        /// Nobody waits for the answer: the gateway offered on behalf of its side.
        case other
        /// The offerer's path alone changes: it is answered with what the other side has agreed on, which hears nothing of it.
        case path
        /// The gateway offers to the other side what stands; the answer is for nobody.
        case renewal
    }

    /// Who made the offer.
    let offerer: SessionSide
    /// Whether nothing was agreed before it: when it fails, the session ends.
    let isFirst: Bool
    let purpose: Purpose
    var role = DescriptionRole.offer
    var phase: Phase
    /// The browsers whose PeerConnections have been told of it. When it comes to nothing they are told again what stands.
    var told: [SessionSide] = []
    /// Whether the offerer has withdrawn its offer, and hears nothing more of it.
    var isWithdrawn = false

    init(offerer: SessionSide, isFirst: Bool, purpose: Purpose = .parties) {
        self.offerer = offerer
        self.isFirst = isFirst
        self.purpose = purpose
        phase =
            switch purpose {
            case .parties, .other: .offering(rest: [.take(offerer), .give(offerer.other)])
            case .echo, .path: .offering(rest: [.take(offerer)])
            case .renewal: .awaitingAnswer
            }
    }

    /// The stages of the answer.
    var answerStages: [MediaStage] {
        switch purpose {
        case .parties: [.take(offerer.other), .give(offerer)]
        case .other: [.take(offerer.other)]
        case .echo, .path: [.give(offerer)]
        case .renewal: []
        }
    }

    var isOffering: Bool { if case .offering = phase { true } else { false } }

    /// Whether the offerer waits for the answer.
    var awaitsAnswer: Bool { !isWithdrawn && (purpose == .parties || purpose == .echo || purpose == .path) }

    /// Whether the other side has accepted the offer.
    var isAccepted: Bool { if case .answering = phase { purpose == .parties || purpose == .other } else { false } }

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

    /// The same on the way back, with the answer.
    var answering: Exchange {
        var next = self
        next.role = .answer
        next.phase = .answering(rest: answerStages)
        return next
    }
}
