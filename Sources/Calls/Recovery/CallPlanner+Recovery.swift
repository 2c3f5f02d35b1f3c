internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SIP
internal import SIPNames

extension CallPlanner {
    /// How long a phone may say nothing to the INVITE that takes a place: one that is there answers at once.
    private static let phoneSilence = Duration.seconds(5)

    /// The phone of a call that another node had is called in that one's place; nobody where its trunk is gone. A phone that does not know Replaces has to
    /// refuse it (RFC 3261 section 8.2.2.3).
    func plan(recovering ticket: RecoveryTicket, _ context: CallContext) -> CallPlan {
        var plan = CallPlan()
        let trunk = ticket.node == nil ? ticket.trunk.flatMap { name in settings.trunks.first { $0.name == name } } : nil
        guard let agent, ticket.node != nil || ticket.trunk == nil || trunk != nil else {
            plan.note(absence: "trunk \(ticket.trunk ?? "") cannot be called")
            return plan
        }
        let identity = if ticket.node != nil {
            OutgoingIdentity(toNode: context.origin, domain: settings.domain)
        } else if let trunk {
            OutgoingIdentity(of: context.origin, to: trunk, domain: settings.domain)
        } else {
            OutgoingIdentity(of: context.origin, keepsHistory: false)
        }
        var request = SIPInviteRequest(
            target: ticket.dialog.target, identity: identity, maxForwards: nil, more: [.init(name: "Replaces", value: ticket.dialog.replaces.text)])
        request.required = "replaces"
        request.routes = ticket.dialog.routes
        request.hop = ticket.dialog.hop
        request.firstResponseLimit = ticket.node == nil ? CallPlanner.phoneSilence : CallPlanner.nodeSilence
        if let trunk { request.authorize = trunks.authorizer(for: trunk) }
        let origin = CallOrigin(source: ticket.source, user: ticket.party.id, displayName: ticket.party.name)
        // No target of a trunk's: what comes of it says nothing of these.
        let attempts = [SIPCalleeLeg.Attempt(request: request, target: ticket.node == nil ? -1 : 0)]
        let leg: SIPCalleeLeg
        if let node = ticket.node {
            let user = SIPURI(ticket.dialog.target)?.user ?? "", source = context.origin.source.nodeText
            leg = SIPCalleeLeg(endpoint: agent, origin: origin, attempts: attempts, nodes: [node], failsOver: { _ in false }) { [weak users] _ in
                users?.others?.authorization(toNode: node, user: user, source: source)
            }
        } else {
            leg = SIPCalleeLeg(endpoint: agent, origin: origin, attempts: attempts, trunk: trunk, service: trunk == nil ? nil : trunks) { _ in false }
        }
        let first = ticket.dialog.hop.flatMap { IPAddress($0.address) } ?? SIPURI(ticket.dialog.routes.first ?? ticket.dialog.target)?.address
        let isLocal = ticket.dialog.routes.isEmpty && (first.map { settings.isLocal("\($0)") } ?? false)
        let srtp = ticket.node == nil ? ticket.srtp : nil
        plan.add([(leg, branch(.proxy(caller: context.callerType, callee: .rtp), context, srtp: srtp, family: first?.isIPv6 == true ? .ip6 : .ip4, isLocal: isLocal))])
        return plan
    }
}
