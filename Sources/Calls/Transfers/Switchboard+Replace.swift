internal import BrowserAPI
internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SIP

// An INVITE that takes the place of a leg of ours (RFC 3891).
extension Switchboard {
    /// The caller goes on with the party at the other end of the dialog that it names; whoever had that dialog is hung up once
    /// the caller has its answer. It has to be its own: the same user's, or the same trunk's.
    func replace(
        _ replaces: SIPReplaces, by leg: SIPLegID, _ invite: SIPIncomingInvite, _ origin: CallOrigin, challenge: SIPResponse?
    ) throws(Refusal) {
        guard let endpoint, let named = endpoint.leg(replacedBy: replaces), let seat = try? seat(of: named) else { throw Refusal(481) }
        guard origin.source != .anonymous else { throw challenge.map { Refusal($0) } ?? Refusal(403) }
        guard seat.origin?.source == origin.source else { throw Refusal(403) }
        guard !replaces.isEarlyOnly else { throw Refusal(486) }
        do throws(TransferRefusal) {
            try check(seat)
        } catch {
            throw Refusal(error.response)
        }
        let (id, session) = (BrowserID.make(), BrowserID.make())
        guard let callee = transferee(seat.other, at: .callee, session: session) else { throw Refusal(500) }
        let place = try place(for: origin.source)
        let plan = CallPlan(joining: callee, type: .rtp, caller: SIPProfile(srtp: configuration.sip.srtp))
        let sessions = sessions.create(
            id: session, branches: plan.branches, call: id,
            inherited: seat.call.session.inheritance(of: seat.other.side).map { [.callee: $0] } ?? [:])
        guard let first = sessions[1] else {
            place?.leave()
            throw Refusal(500)
        }
        let call = CallController(
            id: id, session: first, sessions: sessions, caller: SIPCallerLeg(endpoint: endpoint, leg: leg, flow: invite.flow, place: place),
            origin: origin, plan: plan, limits: limits, log: log)
        log.info("call in place of another", metadata: ["call": "\(id)", "replaced": "\(seat.call.id)", "by": "\(origin.source)"])
        sipLegs[leg] = SIPBinding(call: call, callee: nil)
        run([.callee: callee], to: .made(call, offer: invite.sdp), session: session, by: .replaced)
    }
}
