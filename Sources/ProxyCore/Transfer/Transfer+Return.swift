/// The end of a transfer that fails: the way back.
extension Transfer {
    /// - Parameter callEnd: The new call's end, where it is not the reported one.
    mutating func fail(_ end: CallEnd, callEnd: CallEnd? = nil) -> [Action] {
        guard isUnderWay else { return [] }
        let hasCall = state == .calling
        state = .failed
        var actions: [Action] = [.report(.failed(end))]
        for (side, transferee) in ordered where !transferee.phase.isLast {
            actions += transferee.isAlone ? hangUp(side, end) : giveBack(side, transferee)
        }
        return actions + (hasCall ? [.endCall(callEnd ?? end)] : []) + finished()
    }

    private mutating func hangUp(_ side: SessionSide, _ end: CallEnd) -> [Action] {
        transferees[side]?.phase = .gone
        return [.hangUp(side, end)]
    }

    private mutating func giveBack(_ side: SessionSide, _ transferee: Transferee) -> [Action] {
        guard transferee.kind == .phone else { return stay(side) }
        switch transferee.phase {
        case .offered:
            transferees[side]?.phase = .turning(hasArrived: false)
            return [.followFormer(side)]
        case .arrived: return [.followFormer(side)] + offerFormer(side)
        case .former, .asked, .waiting, .turning, .returning, .settled, .stayed, .gone: return stay(side)
        }
    }

    mutating func offerFormer(_ side: SessionSide) -> [Action] {
        transferees[side]?.phase = .returning
        return [.offerFormer(side)]
    }

    mutating func stay(_ side: SessionSide) -> [Action] {
        transferees[side]?.phase = .stayed
        return [.stayInFormer(side)]
    }

    mutating func left(_ side: SessionSide, _ end: CallEnd) -> [Action] {
        guard let transferee = transferees[side], !transferee.phase.isLast else { return [] }
        transferees[side]?.phase = .gone
        let back: [Action] = transferee.isAlone || transferee.kind == .browser ? [] : [.followFormer(side)]
        return back + [.forget(side)] + fail(.transfereeGone, callEnd: end) + finished()
    }

    mutating func formerEnded(_ side: SessionSide, _ end: CallEnd) -> [Action] {
        guard let transferee = transferees[side], !transferee.isAlone, !transferee.phase.isLast else { return [] }
        transferees[side]?.phase = .gone
        return [.forget(side)] + fail(end) + finished()
    }

    /// Says once that there is nothing more to do.
    mutating func finished() -> [Action] {
        guard state == .succeeded || state == .failed, transferees.values.allSatisfy(\.phase.isLast) else { return [] }
        state = .over
        return [.over]
    }
}
