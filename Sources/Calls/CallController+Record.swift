internal import EventLoop
internal import Events
internal import Media
internal import ProxyCore
internal import SIPNames

// What the call's record is told.
extension CallController {
    /// Begins the record.
    func beginRecord() -> CallJournal {
        var by = CallRecord.Caller(
            kind: CallReport.kind(of: origin, isBrowser: caller is any BrowserLeg), user: origin.user, name: origin.displayName, source: "\(origin.source)")
        if let client = (caller as? any BrowserLeg)?.client {
            by.client = client.id
            by.address = client.remoteAddress
        } else if let flow = (caller as? any PhoneLeg)?.flow {
            by.address = flow.peer
        }
        by.userAgent = context?.userAgent.map(CallRecord.bounded)
        let clock = CallClock()
        var record = CallRecord(id: id, caller: by, dialled: context?.dialled ?? "", began: clock.now)
        record.session = session.id
        record.route = context?.route
        let journal = CallJournal(record, clock: clock)
        journal.begin { [weak self] record in await self?.refresh(&record) }
        return journal
    }

    /// Puts in what the session has agreed on and counted so far.
    private func refresh(_ record: inout CallRecord) async {
        fill(&record)
        let session = session
        for side in session.kind.sides {
            var summary = SessionSummary()
            summary.statistics[side] = await session.statistics(of: side)
            summary.codecs[side] = Dictionary(session.agreedMedia(of: side).map { ($0.kind, $0.codec.rawValue) }) { first, _ in first }
            record[side].note(summary.statistics[side], codecs: summary.codecs[side] ?? [:])
            record[side].mos = summary.score(of: side).map { ($0 * 100).rounded() / 100 }
        }
    }

    /// Puts in the dialogs, and where the call went out.
    func fill(_ record: inout CallRecord) {
        for (side, callID) in callIDs { record[side].callID = CallRecord.bounded(callID) }
        guard let target = (reportedCallee as? SIPCalleeLeg)?.target else { return }
        record.target = CallRecord.bounded(target.uri)
        record.trunk = target.trunk
        record.number = number(of: target.uri, record.dialled)
    }

    /// The user part of the URI that the call went out to, where it is not what was dialled.
    private func number(of uri: String, _ dialled: String) -> String? {
        guard let user = SIPURI(uri)?.user, user != dialled else { return nil }
        return CallRecord.bounded(user)
    }

    /// Tells that a party is called.
    func tellInvited(_ leg: Call.Leg) {
        guard let callee = callees[leg] else { return }
        if let client = (callee as? any BrowserLeg)?.client.id { tell(.hasClient(id: client, isCaller: false)) }
        let target = (callee as? SIPCalleeLeg)?.target
        tell(.invited(leg: leg, party: target?.uri ?? callee.origin.user, trunk: target?.trunk))
        noteInvite(leg)
        tellDialogs()
    }

    /// Notes what a session tells its clients.
    func note(_ event: SessionEvent) {
        switch event {
        case .webrtc(up: true): journal?.flows()
        case .record(.started, let file, _): journal?.records(file)
        default: break
        }
    }

    /// Notes an INVITE to a party: the first one, or that to the next target of its trunk.
    func noteInvite(_ leg: Call.Leg) {
        guard let callee = callees[leg], let journal else { return }
        let phone = callee as? SIPCalleeLeg
        let kind: String = switch callee {
        case is any BrowserLeg: "browser"
        case _ where phone?.target?.trunk != nil: "trunk"
        case _ where callee.origin.provenUser != nil: "phone"
        default: "uri"
        }
        journal.invite(CallRecord.Leg(
            number: leg, kind: kind, target: phone?.target?.uri ?? callee.origin.user, trunk: phone?.target?.trunk, callID: phone?.dialog?.callID,
            client: (callee as? any BrowserLeg)?.client.id, invited: journal.clock.now))
    }

    /// Notes that a target of a trunk has refused, and the next one may be tried.
    func noteRefusal(of leg: Call.Leg, _ status: Int, _ reason: String) { journal?.ends(leg, status: status, reason: reason) }
}
