import SDP

/// The way into the new call.
extension Transfer {
    mutating func start() -> [Action] {
        guard state == .new else { return [] }
        guard transferees[.caller] != nil else {
            state = .calling
            return [.startCall(nil)]
        }
        state = .preparing
        transferees[.caller]?.phase = .asked
        return [.askOffer(.caller)]
    }

    mutating func offered(_ side: SessionSide, _ offer: RemoteDescription) -> [Action] {
        guard transferees[side]?.phase == .asked else { return [] }
        transferees[side]?.phase = .former
        transferees[side]?.hasOffered = true
        guard side == .caller else { return [.acceptCall(offer)] }
        state = .calling
        return [.makeCall] + alone.map { .follow($0) } + [.startCall(offer)]
    }

    mutating func offerWanted(_ side: SessionSide) -> [Action] {
        guard state == .calling, let transferee = transferees[side], transferee.phase == .former, !transferee.hasOffered else { return [] }
        transferees[side]?.phase = .asked
        return [.askOffer(side)]
    }

    mutating func described(_ side: SessionSide, _ description: SessionDescription) -> [Action] {
        guard state == .calling, let transferee = transferees[side], transferee.phase == .former else { return [] }
        guard transferee.kind == .browser, transferee.hasOffered else { return offer(side, description, attempt: 1) }
        transferees[side]?.phase = .arrived
        return [.answer(side, description), .arrive(side)] + succeed()
    }

    mutating func offer(_ side: SessionSide, _ description: SessionDescription, attempt: Int) -> [Action] {
        transferees[side]?.phase = .offered(description, attempt: attempt)
        return [.offer(side, description)] + (transferees[side]?.kind == .phone ? [.follow(side)] : [])
    }

    mutating func busy(_ side: SessionSide) -> [Action] {
        guard let transferee = transferees[side] else { return [] }
        let back: [Action] = transferee.isAlone ? [] : [.followFormer(side)]
        switch transferee.phase {
        case .offered(let description, let attempt):
            guard attempt < Transfer.maximumAttempts else {
                transferees[side]?.phase = .former
                return back + fail(.failed(.state("the phone is busy with another offer")))
            }
            transferees[side]?.phase = .waiting(description, attempt: attempt + 1)
            return back + [.wait(side)]
        case .turning: return stay(side) + finished()
        // An offer of the new session's is under way.
        case .returning:
            transferees[side]?.phase = .turning(hasArrived: true)
            return []
        case .former, .asked, .waiting, .arrived, .settled, .stayed, .gone: return []
        }
    }

    mutating func accepted(_ side: SessionSide, _ answer: RemoteDescription?) -> [Action] {
        guard let transferee = transferees[side] else { return [] }
        switch transferee.phase {
        case .offered:
            transferees[side]?.phase = .arrived
            guard let answer else { return fail(CallEnd(status: 488, reason: "The phone accepted without an answer", by: .callee)) }
            guard side == .callee, !transferee.hasOffered else { return [.refreshCall(side, answer), .arrive(side)] + succeed() }
            return [.acceptCall(answer), .arrive(side)]
        case .turning: return offerFormer(side)
        case .returning: return [.returned(side, answer: answer)] + stay(side) + finished()
        case .former, .asked, .waiting, .arrived, .settled, .stayed, .gone: return []
        }
    }

    mutating func rejected(_ side: SessionSide, _ end: CallEnd) -> [Action] {
        guard let transferee = transferees[side] else { return [] }
        switch transferee.phase {
        case .asked:
            transferees[side]?.phase = .former
            return fail(end)
        case .offered:
            transferees[side]?.phase = .former
            let back: [Action] = transferee.kind == .browser || transferee.isAlone ? [] : [.followFormer(side)]
            return back + fail(end)
        case .turning(let hasArrived): return hasArrived ? offerFormer(side) : stay(side) + finished()
        case .returning: return [.returned(side, answer: nil)] + stay(side) + finished()
        case .former, .waiting, .arrived, .settled, .stayed, .gone: return []
        }
    }

    mutating func callAnswered() -> [Action] {
        guard transferees[.caller] == nil, transferees[.callee]?.phase == .arrived else { return [] }
        return succeed()
    }

    mutating func transferorLeft(_ side: SessionSide, _ end: CallEnd) -> [Action] {
        guard isUnderWay, let transferee = transferees[side], !transferee.phase.isLast else { return [.endFormer(side, end)] }
        guard !transferee.isAlone else { return [] }
        transferees[side]?.isAlone = true
        return [.follow(side), .leaveFormer(side, end)]
    }

    /// All who were to go are there.
    private mutating func succeed() -> [Action] {
        guard state == .calling, transferees.values.allSatisfy({ $0.phase == .arrived }) else { return [] }
        state = .succeeded
        var actions: [Action] = [.report(.succeeded), .continueRecordings]
        for (side, transferee) in ordered {
            transferees[side]?.phase = .settled
            actions.append(.settle(side))
            if !transferee.isAlone { actions.append(.leaveFormer(side, .transferred)) }
        }
        return actions + finished()
    }

    /// The transferees, the caller first.
    var ordered: [(SessionSide, Transferee)] {
        SessionSide.allCases.compactMap { side in transferees[side].map { (side, $0) } }
    }

    private var alone: [SessionSide] { ordered.filter { $0.1.isAlone && !$0.1.phase.isLast }.map(\.0) }
}
