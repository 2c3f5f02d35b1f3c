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

    /// Who made the offer.
    let offerer: SessionSide
    let paths: ExchangePaths
    /// Whether nothing was agreed before it: when it fails, the session ends.
    let isFirst: Bool
    /// What the description is at the moment: behind an echo an offer has become an answer.
    var role = DescriptionRole.offer
    var phase: Phase

    init(offerer: SessionSide, paths: ExchangePaths, isFirst: Bool) {
        self.offerer = offerer
        self.paths = paths
        self.isFirst = isFirst
        phase = .offering(rest: paths.offer)
    }

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
