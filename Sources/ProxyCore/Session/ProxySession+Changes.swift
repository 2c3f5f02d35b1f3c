import SDP

/// Changes of options, holds, and what their outcome means for the session.
extension ProxySession {
    mutating func request(_ number: Int, _ request: OptionChanges.Request) -> [Action] {
        guard changes.add(number, request) else { return [.updateFailed(number: number, .state("too many updates are waiting"))] }
        return takeTurn()
    }

    mutating func requestHold(_ number: Int, by side: SessionSide, _ isOn: Bool) -> [Action] {
        guard kind.sides.contains(side) else { return [.updateFailed(number: number, .unsupported("the session has no such side"))] }
        guard isEstablished else { return [.updateFailed(number: number, .state("the session is not established"))] }
        return request(number, .hold(side, isOn))
    }

    /// Begins the change that has waited longest.
    mutating func beginChange() -> [Action] {
        if let renewals = changes.renewals { return renewNext(renewals) }
        guard let (number, request) = changes.next() else { return [] }
        switch request {
        case .hold(let side, let isOn): return beginHold(Exchange.Hold(number: number, holder: side, isOn: isOn))
        case .options(let change):
            let options = options.applying(change)
            let limited = options.bitrate == self.options.bitrate ? [] : kind.sidesLimitedByDescription
            return renewNext(OptionChanges.Renewals(update: number, options: options, rest: limited))
        }
    }

    // MARK: Offers of the current session

    /// Offers the current session to the next side; after the last one the update goes on.
    private mutating func renewNext(_ renewals: OptionChanges.Renewals) -> [Action] {
        var renewals = renewals
        guard renewals.failure == nil, !renewals.rest.isEmpty else { return renewed(renewals) }
        let side = renewals.rest.removeFirst()
        if let last = renewals.last { renewals.done.append(last) }
        renewals.last = side
        changes.renewals = renewals
        if kind.sidesLimitedByDescription.contains(side) { offers.sides[side]?.limit(to: renewals.options.bitrate) }
        return act(on: offers.renew(side, .changed))
    }

    private mutating func renewed(_ renewals: OptionChanges.Renewals) -> [Action] {
        changes.renewals = nil
        guard let update = renewals.update else { return takeTurn() }
        guard let failure = renewals.failure else {
            let before = options
            options = renewals.options
            return apply(.update(update, before: before))
        }
        for side in kind.sidesLimitedByDescription { offers.sides[side]?.limit(to: options.bitrate) }
        // The sides that have accepted the new limit are offered the old one.
        for side in renewals.done { changes.renew(side, options) }
        return [.updateFailed(number: update, failure)] + takeTurn()
    }

    /// A side declined an offer that Tern made on its own: what was agreed before holds.
    mutating func declined(_ purpose: Exchange.Purpose, _ failure: SessionFailure) -> [Action] {
        switch purpose {
        case .hold(let hold):
            if hold.isOn { holds.forgetHold(of: hold.holder.other) }
            return [.updateFailed(number: hold.number, failure)]
        case .renewal(.changed):
            // Where an update waits for it, it is a limit.
            changes.renewals?.failure =
                if case .refused(let reason) = failure { .refused("the phone does not take the limit: \(reason)") } else { failure }
            return []
        case .renewal(.requested), .parties, .echo, .path, .forwarded: return []
        }
    }

    // MARK: Hold

    private mutating func beginHold(_ hold: Exchange.Hold) -> [Action] {
        guard hold.isOn != holds.commanded.contains(hold.holder) else { return [.holdDone(number: hold.number)] + takeTurn() }
        let other = hold.holder.other
        guard case .sip? = offers.sides[other] else {
            holds.command(hold.holder, hold.isOn)
            return apply(.hold(hold, isAgreed: false))
        }
        if hold.isOn { holds.beginHold(of: other, offers.sides[other]) }
        return act(on: offers.offerHold(hold))
    }

    /// The phone has agreed to the hold, or to its end.
    mutating func holdAnswered(_ hold: Exchange.Hold, _ answer: SessionDescription) -> [Action] {
        let phone = hold.holder.other
        holds.command(hold.holder, hold.isOn)
        holds.update(offers.sides)
        noteAgreement(by: phone)
        let applying = apply(.hold(hold, isAgreed: true))
        // What the phone changed during the hold goes to the other side.
        guard !hold.isOn, holds.endHold(of: phone, offers.sides[phone]) else { return applying }
        return applying + act(on: offers.forward(answer, from: phone))
    }

    // MARK: Outcomes

    /// A leg has taken its settings, or has failed to; after the last one the change is done.
    mutating func settled(_ failure: SessionFailure?) -> [Action] {
        guard let applied = changes.settle(failure) else { return [] }
        if let failure = applied.failure {
            let actions = notApplied(applied, failure)
            return isEnded ? actions : actions + holds.announcements() + takeTurn()
        }
        recording.confirm()
        return holds.announcements() + applied.recordings.map { .recording($0) } + done(applied.purpose) + takeTurn()
    }

    private func done(_ purpose: OptionChanges.Purpose) -> [Action] {
        switch purpose {
        case .agreement: []
        case .update(let number, _): [.updated(number: number, options)]
        case .hold(let hold, _): [.holdDone(number: hold.number)]
        }
    }

    /// An agreement that a leg cannot carry out ends the session. An update is taken back, and all legs are told the former settings. Where only the recording
    /// failed, the rest stays in force.
    private mutating func notApplied(_ applied: OptionChanges.Applying, _ failure: SessionFailure) -> [Action] {
        if failure.isOfRecording {
            let recordings = endRecording(applied.recordings, failure)
            repeatSettings()
            switch applied.purpose {
            case .agreement: return recordings
            case .hold: return recordings + done(applied.purpose)
            case .update(let number, _): return recordings + [.updateFailed(number: number, failure)]
            }
        }
        switch applied.purpose {
        case .update(_, let before): options = before
        case .hold(let hold, isAgreed: false): holds.command(hold.holder, !hold.isOn)
        case .agreement, .hold:
            // The number of a hold gets its outcome with the others.
            changes.beginApplying(applied.purpose, legs: 0, applied.recordings, applied.recording)
            return end(SessionEnd(code: failure.sipStatus, reason: failure.reason))
        }
        var recordings: [Action] = []
        if applied.recordings.contains(where: \.isStart) {
            recordings = endRecording(applied.recordings, failure)
        } else {
            recording.revert(to: applied.recording)
        }
        repeatSettings()
        return recordings + (applied.purpose.number.map { [.updateFailed(number: $0, failure)] } ?? [])
    }

    /// Nothing is recorded any more: `recordings` were to begin or end when a leg failed.
    private mutating func endRecording(_ recordings: [RecordingChange], _ failure: SessionFailure) -> [Action] {
        options.record = false
        let running = recording.end()
        if let started = recordings.last, case .started(let file) = started {
            return recordings.dropLast().map { .recording($0) } + [.recording(.failed(file: file, failure))]
        }
        return (recordings + (running.map { [.stopped(file: $0)] } ?? [])).map { .recording($0) }
    }

    /// The outcomes of recordings and requests when the session ends.
    ///
    /// - Parameter hold: The number of a hold that a phone has not answered.
    mutating func abandonChanges(hold: Int?) -> [Action] {
        let (numbers, stopping) = changes.abandon()
        let isConfirmed = recording.current?.isConfirmed == true
        // A recording that was being stopped is complete all the same.
        let running = recording.end().map { file in
            [isConfirmed ? RecordingChange.stopped(file: file) : .failed(file: file, .state("the session has ended"))]
        } ?? []
        let unanswered = (hold.map { [$0] } ?? []) + numbers
        return (stopping + running).map { .recording($0) } + unanswered.map { .updateFailed(number: $0, .state("the session has ended")) }
    }
}

extension ProxySession.RecordingChange {
    fileprivate var isStart: Bool { if case .started = self { true } else { false } }
}
