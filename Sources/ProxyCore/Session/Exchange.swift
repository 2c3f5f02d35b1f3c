/// One offer and its answer (RFC 3264).
struct Exchange: Sendable, Equatable {
    /// Where the offer comes from, and who waits for the answer.
    enum Purpose: Sendable, Equatable {
        /// The offerer offers to the answerer, and waits for its answer.
        case parties
        /// The caller hears and sees itself: Tern answers its offer at once.
        case echo
        /// Only the ICE path of the offerer changes: Tern answers with the current description of the other side, which hears nothing of it.
        case path
        /// Tern offers what the offerer has said in an answer. Nobody waits for the answer to this offer.
        case forwarded
        /// Tern offers the current session to the answerer again.
        case renewal(Renewal)
        /// Tern offers a hold to a phone, or the end of one.
        case hold(Hold)
    }

    /// Why Tern offers the current session again.
    enum Renewal: Sendable, Equatable {
        /// The phone asked for an offer (RFC 3261, section 14.2), or answered a refresh.
        case requested
        /// The limit of the phone's bitrate has changed, or the answerer had accepted an offer that failed afterwards.
        case changed
    }

    /// A hold that a client has commanded for `holder`; the phone at the other side is offered it.
    struct Hold: Sendable, Equatable {
        /// Comes back with the outcome.
        let number: Int
        let holder: SessionSide
        let isOn: Bool
    }

    let offerer: SessionSide
    /// Whether nothing was agreed before it: when it fails, the session ends.
    let isFirst: Bool
    let purpose: Purpose
    private(set) var role = DescriptionRole.offer
    /// The stages through the media engine that are left for the offer or answer.
    var stages: [MediaStage]
    /// Whether the offerer has withdrawn the offer: it is told nothing more about it.
    var isWithdrawn = false

    init(offerer: SessionSide, isFirst: Bool = false, purpose: Purpose) {
        self.offerer = offerer
        self.isFirst = isFirst
        self.purpose = purpose
        stages =
            switch purpose {
            case .parties, .forwarded: [.take(offerer), .give(offerer.other)]
            case .echo, .path: [.take(offerer)]
            case .renewal, .hold: []
            }
    }

    var answerer: SessionSide { offerer.other }

    /// Whether the answer goes to the offerer.
    var hasAnswerForOfferer: Bool {
        switch purpose {
        case .parties, .echo, .path: true
        case .forwarded, .renewal, .hold: false
        }
    }

    /// Whether the offerer is to be told what becomes of its offer.
    var awaitsAnswer: Bool { hasAnswerForOfferer && !isWithdrawn }

    /// Whether the answerer has accepted the offer.
    var isAccepted: Bool { role == .answer && (purpose == .parties || purpose == .forwarded) }

    /// The same on the way back, with the answer.
    var answering: Exchange {
        var next = self
        next.role = .answer
        next.stages =
            switch purpose {
            case .parties: [.take(answerer), .give(offerer)]
            case .forwarded: [.take(answerer)]
            case .echo, .path: [.give(offerer)]
            case .renewal, .hold: []
            }
        return next
    }
}

/// One stage of a description's way through the media engine.
enum MediaStage: Sendable, Equatable {
    /// The side's leg takes what the side has said.
    case take(SessionSide)
    /// The side's leg makes ready what the side is to be told.
    case give(SessionSide)

    var side: SessionSide { switch self { case .take(let side), .give(let side): side } }
}
