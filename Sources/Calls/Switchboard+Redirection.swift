internal import EventLoop
internal import ProxyCore
internal import Routing

// Called phones that say where they are instead (RFC 3261 section 8.1.3.4): call forwarding.
extension Switchboard {
    /// Follows a redirection of a user's phone, as if the user had dialled the targets; those of others are passed on.
    func redirect(_ leg: Call.Leg, of call: CallController, to contacts: [String], instead end: CallEnd) {
        guard settings.followsRedirections, let origin = call.callees[leg]?.origin, case .user(let user) = origin.source,
            let context = call.context
        else { return call.handle(.calleeEnded(leg, end)) }
        let parties = planner.redirected(contacts, by: user, context, followed: &call.redirections) { uri in
            (try? admission.destinations(uri: uri, for: origin.source)) ?? []
        }
        guard let parties else {
            return call.handle(.calleeEnded(leg, CallEnd(status: 482, reason: "The call was forwarded too often", by: .gateway)))
        }
        log.info("call forwarded", metadata: ["call": "\(call.id)", "by": "\(user)", "legs": "\(parties.count)"])
        let session = call.session.id
        call.redirect(
            leg, to: parties, instead: CallEnd(status: 480, reason: CallEnd.words(for: 480), by: .callee),
            makeSession: { sessions.add($0, to: session, inherited: context.inherited) },
            tie: { number, leg in tie(leg, number, to: call) })
    }
}
