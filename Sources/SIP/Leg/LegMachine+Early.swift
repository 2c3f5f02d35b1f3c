/// The called side before the answer is on the wire: ringing, reliably where the caller wants it so (RFC 3262).
///
/// One reliable response at a time: what comes while its PRACK is awaited waits here. Sofia would queue it as well, and falls
/// over its own queue when a 200 is at the end of it.
extension LegMachine {
    mutating func undecided(remote: String?, _ early: LegState.Early?, _ input: LegInput) -> [LegAction] {
        if let actions = offeredEarly(remote, early, input) { return actions }
        switch input {
        case .ring(let status, let sdp):
            return ring(remote, early, status: status, sdp: sdp)
        case .answer(let sdp):
            return answer(LegState.Descriptions(local: sdp, remote: remote), awaitsPrack: early?.awaitsPrack == true)
        case .reject(let response):
            return close(nil, after: .refuse(response))
        case .overdue:
            let response = SIPResponse(status: early == nil ? 503 : 480, warning: "the call was not decided in time")
            return close(SIPEnd(.undecided), after: .refuse(response))
        case .pracked(let sdp):
            return pracked(remote, early, sdp)
        default:
            return unanswered(input)
        }
    }

    /// The core has answered, and the 200 waits for a PRACK (RFC 3262 section 3).
    mutating func answering(_ answer: LegState.Answer, _ input: LegInput) -> [LegAction] {
        switch input {
        case .pracked(let sdp):
            let acceptance = acceptance(ofPrack: sdp, remote: answer.descriptions.remote, local: answer.descriptions.local)
            return [acceptance] + send(answer)
        case .offer(let sdp):
            return hold(sdp, answer) { .answering($0) }
        case .overdue:
            return close(SIPEnd(.acknowledgementLost), after: .refuse(SIPResponse(status: 504)))
        default:
            return unanswered(input)
        }
    }

    /// What means the same whether the core has decided or not.
    private mutating func unanswered(_ input: LegInput) -> [LegAction] {
        switch input {
        case .end(let status, let reason):
            close(nil, after: .refuse(SIPResponse(status: status, reason: reason)))
        case .stop:
            close(SIPEnd(.stopped), after: .refuse(SIPResponse(status: 480)))
        case .cancelled(let reason):
            close(SIPEnd(.cancelled, reason: reason))
        case .bye(let reason):
            close(SIPEnd(.hungUp, reason: reason))
        case .prackLost:
            close(SIPEnd(.acknowledgementLost))
        case .terminated:
            close(SIPEnd(.failed))
        case .offered(.update, let sdp):
            answerEarlyUpdate(sdp)
        case .offer:
            refuseOwnOffer()
        default:
            []
        }
    }

    private mutating func ring(_ remote: String?, _ early: LegState.Early?, status: Int, sdp: String?) -> [LegAction] {
        let status = (101...199).contains(status) ? status : 180
        // Without an offer there is nothing to answer yet: a description here would be an offer of ours.
        let sdp = remote == nil ? nil : sdp
        var next = early ?? LegState.Early()
        if next.awaitsPrack {
            // Of several that wait the last counts, but none takes the description of another away.
            if sdp != nil || next.waiting?.sdp == nil { next.waiting = LegState.Provisional(status: status, sdp: sdp) }
            return go(.ringing(remote: remote, next))
        }
        next.sdp = sdp ?? next.sdp
        next.awaitsPrack = provisionals.areReliable(status)
        next.carriesAnswer = next.awaitsPrack && sdp != nil
        let actions = go(.ringing(remote: remote, next), .respond(status: status, sdp: sdp))
        return early == nil ? actions + [.wait(.ringing)] : actions
    }

    /// After a PRACK: what waited for it.
    mutating func goOn(_ remote: String?, _ early: LegState.Early?) -> [LegAction] {
        guard var early else { return [] }
        let waiting = early.waiting
        early.awaitsPrack = false
        early.waiting = nil
        guard let waiting else { return go(.ringing(remote: remote, early)) }
        return ring(remote, early, status: waiting.status, sdp: waiting.sdp)
    }

    private mutating func answer(_ descriptions: LegState.Descriptions, awaitsPrack: Bool) -> [LegAction] {
        let answer = LegState.Answer(descriptions: descriptions, answerDue: descriptions.remote == nil)
        return awaitsPrack ? go(.answering(answer), .wait(.transaction)) : send(answer)
    }

    private mutating func send(_ answer: LegState.Answer) -> [LegAction] {
        go(.answered(answer), .respond(status: 200, sdp: answer.descriptions.local), .wait(.transaction))
    }

    /// A PRACK with the offer of before has the answer of before; with another one, when the core has answered the call already, it has to wait
    /// for that.
    func acceptance(ofPrack sdp: String?, remote: String?, local: String?) -> LegAction {
        guard let sdp else { return .respondToPrack(SIPResponse(status: 200), sdp: nil) }
        guard sdp == remote, local != nil else {
            return .respondToPrack(SIPResponse(status: 488, warning: "no other offer before the call is answered"), sdp: nil)
        }
        return .respondToPrack(SIPResponse(status: 200), sdp: local)
    }

    /// An UPDATE before the answer to the first offer can refresh the target, but not offer anew (RFC 3311 section 5.2).
    func answerEarlyUpdate(_ sdp: String?) -> [LegAction] {
        let response = sdp == nil ? SIPResponse(status: 200) : SIPResponse(status: 500, retryAfter: 2)
        return [.respondToUpdate(response, sdp: nil)]
    }
}

/// Which provisional responses the caller wants to acknowledge (RFC 3262 section 3).
enum ReliableProvisionals: Equatable {
    case never
    /// It supports 100rel: those that carry media.
    case sessionProgress
    /// It requires 100rel.
    case all

    func areReliable(_ status: Int) -> Bool {
        switch self {
        case .never: false
        case .sessionProgress: status == 183
        case .all: true
        }
    }
}
