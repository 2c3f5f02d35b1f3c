internal import Configuration
internal import EventLoop
internal import ProxyCore
internal import Routing
internal import SIP
internal import SIPNames

// Called phones that say where they are instead (RFC 3261 section 8.1.3.4): call forwarding.
extension Switchboard {
    /// A call is forwarded this often; the next redirection is its end.
    private static let most = 5

    /// Follows a redirection of a user's phone, as if the user had dialled the targets; those of others are passed on.
    func redirect(_ leg: Call.Leg, of call: CallController, to contacts: [String], instead end: CallEnd) {
        guard configuration.calls.redirects == .follow, let origin = call.callees[leg]?.origin, case .user(let user) = origin.source,
            var context = call.context
        else { return call.handle(.calleeEnded(leg, end)) }
        let uris = contacts.prefix(3).filter { !call.redirections.contains($0) }
        guard !uris.isEmpty, call.redirections.count + uris.count <= Switchboard.most, context.maxForwards.map({ $0 > 0 }) ?? true else {
            return call.handle(.calleeEnded(leg, CallEnd(status: 482, reason: "The call was forwarded too often", by: .gateway)))
        }
        call.redirections.formUnion(uris)
        context.maxForwards = context.maxForwards.map { $0 - 1 }
        context.origin.history = history(context.origin, from: user, to: uris.first ?? "", count: call.redirections.count)
        let targets = uris.flatMap { (try? destinations(uri: $0, for: origin.source)) ?? [] }
        let plan = plan(targets, context)
        var parties: [Party] = []
        for stage in plan.stages {
            guard case .parties(let called) = stage else { continue }
            for party in called { if let leg = plan.callees[party.leg], let branch = plan.branches[party.branch] { parties.append((leg, branch)) } }
        }
        log.info("call forwarded", metadata: ["call": "\(call.id)", "by": "\(user)", "legs": "\(parties.count)"])
        let session = call.session.id
        call.redirect(
            leg, to: parties, instead: CallEnd(status: 480, reason: CallEnd.words(for: 480), by: .callee),
            makeSession: { sessions.add($0, to: session, inherited: context.inherited) },
            tie: { number, leg in tie(leg, number, to: call) })
    }

    /// Who forwarded the call: Diversion (RFC 5806) and, where nobody has begun one, History-Info (RFC 7044).
    private func history(_ origin: CallOrigin, from user: String, to target: String, count: Int) -> [CallOrigin.Header] {
        let former = NameAddress(user: user, host: configuration.sip.domain, displayName: nil).text
        var history = origin.history
        history.insert(.init(name: "Diversion", value: "\(former);reason=unconditional;counter=\(count)"), at: 0)
        if !history.contains(where: { $0.name.lowercased() == "history-info" }), SIPURI(target) != nil {
            history.append(.init(name: "History-Info", value: "\(former);index=1, <\(target.filter { $0 != ">" })>;index=1.1;mp=1"))
        }
        return history
    }

    /// Where a URI leads for somebody who dials it.
    private func destinations(uri: String, for source: CallSource) throws(TransferRefusal) -> [RouteDestination] {
        if uri.lowercased().hasPrefix("tel:") { return try destinations(user: "", host: "", uri: uri, isNumber: true, for: source) }
        guard let parts = SIPURI(uri) else { throw TransferRefusal(416, "no URI that can be called") }
        return try destinations(user: parts.user ?? "", host: parts.uriHost, uri: uri, isNumber: false, for: source)
    }
}
