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
        _ replaces: SIPReplaces, by leg: SIPLegID, _ invite: SIPIncomingInvite, _ caller: Admission.Caller
    ) throws(Admission.Refusal) {
        let origin = caller.origin
        guard let endpoint, let named = endpoint.leg(replacedBy: replaces), let seat = try? seat(of: named) else {
            throw Admission.Refusal(481, "there is no such dialog")
        }
        guard origin.source != .anonymous else { throw caller.challenge.map { Admission.Refusal($0, "nobody knows who sends it") } ?? .notYours }
        guard seat.origin?.source == origin.source else { throw .notYours }
        guard !replaces.isEarlyOnly else { throw Admission.Refusal(486, "the dialog is answered") }
        do throws(Admission.Refusal) {
            try check(seat)
        } catch {
            throw Admission.Refusal(error.referResponse, error.reason)
        }
        let (id, session) = (BrowserID.make(), BrowserID.make())
        guard let callee = transferee(seat.other, at: .callee, session: session) else { throw Admission.Refusal(500, "the party has no dialog") }
        let place = try admission.place(for: origin.source)
        let plan = CallPlan(joining: callee, type: .rtp, caller: SIPProfile(srtp: settings.srtp))
        let sessions = sessions.create(
            id: session, branches: plan.branches, call: id,
            inherited: seat.call.session.inheritance(of: seat.other.side).map { [.callee: $0] } ?? [:])
        guard let first = sessions[1] else {
            place?.leave()
            throw Admission.Refusal(500, "no session can be made")
        }
        let call = CallController(
            id: id, session: first, sessions: sessions, caller: SIPCallerLeg(endpoint: endpoint, leg: leg, flow: invite.flow, place: place),
            origin: origin, plan: plan, limits: limits, log: log)
        log.info("call in place of another", metadata: ["call": "\(id)", "replaced": "\(seat.call.id)", "by": "\(origin.source)"])
        sipLegs[leg] = SIPBinding(call: call, callee: nil)
        run([.callee: callee], to: .made(call, offer: invite.sdp), session: session, by: .replaced)
    }
}
