internal import BrowserAPI
internal import Configuration
internal import EventLoop
internal import JSON
internal import ProxyCore
internal import Routing
internal import SIP
internal import SIPNames

// Who asks for a transfer: a phone by REFER, a browser by `transfer_call`.
extension Switchboard {
    /// A phone's REFER (RFC 3515). It is answered at once; what becomes of it is told by NOTIFYs.
    func transfer(_ leg: SIPLegID, _ request: SIPTransferRequest, in binding: SIPBinding) {
        let seat = Seat(call: binding.call, side: binding.callee == nil ? .caller : .callee)
        do throws(Admission.Refusal) {
            guard request.method == "INVITE" else { throw Admission.Refusal(403, "only an INVITE can be sent to the target") }
            try check(seat)
            if let replaces = request.replaces, let other = endpoint?.leg(replacedBy: replaces) {
                let second = try self.seat(of: other)
                guard seat.isOf(second) else { throw .notYours }
                guard seat.call !== second.call else { throw .sameCall }
                try check(second)
                endpoint?.acceptTransfer(leg)
                join(seat.other, second.other, by: .phone(leg))
            } else {
                let destinations: [RouteDestination]
                do throws(Admission.Refusal) {
                    destinations = try admission.destinations(
                        user: request.user, host: request.host, uri: request.target, isNumber: request.scheme == "tel",
                        for: seat.origin?.source ?? .anonymous)
                } catch {
                    // The response can not say it: a 404 would be about the dialog.
                    guard !request.isSilent else { throw error }
                    endpoint?.acceptTransfer(leg)
                    TransferRunner.Transferor.phone(leg).count(.failed)
                    return report(error.status, error.reason, to: .phone(leg))
                }
                endpoint?.acceptTransfer(leg)
                var order = TransferOrder(destinations: destinations, dialled: request.user, headers: referredBy(request, by: seat))
                if let replaces = request.replaces { order.headers.append(.init(name: "Replaces", value: replaces.text)) }
                start(order, of: seat.other, by: .phone(leg))
            }
        } catch {
            log.info("transfer refused", metadata: ["call": "\(seat.call.id)", "status": "\(error.status)", "reason": "\(error.reason)"])
            TransferRunner.Transferor.phone(leg).count(.refused)
            endpoint?.refuseTransfer(leg, error.referResponse)
        }
    }

    /// A client hands the other side of its call over to `dest`.
    func transfer(_ id: String, to dest: String, by client: BrowserClient) throws(APIError) {
        let seat = try seat(of: client, in: id)
        let destinations = try admission.destinations(of: dest, by: client.user.name)
        let order = TransferOrder(destinations: destinations, dialled: dest, headers: referredBy(nil, by: seat))
        start(order, of: seat.other, by: .client(client, call: seat.browser?.call ?? id))
    }

    /// A client hands the other side of its call over to that of another call of its own.
    func transfer(_ id: String, toCall other: String, by client: BrowserClient) throws(APIError) {
        let seat = try seat(of: client, in: id)
        let second = try self.seat(of: client, in: other)
        guard seat.call !== second.call else { throw APIError(.invalidField, "`other_call_id` is the same call") }
        join(seat.other, second.other, by: .client(client, call: seat.browser?.call ?? id))
    }

    private func seat(of client: BrowserClient, in id: String) throws(APIError) -> Seat {
        let (call, role) = try call(id, for: client, .transfer)
        let seat = Seat(call: call, side: role == .caller ? .caller : .callee)
        do throws(Admission.Refusal) {
            try check(seat)
        } catch {
            throw error.apiError
        }
        return seat
    }

    func seat(of leg: SIPLegID) throws(Admission.Refusal) -> Seat {
        guard let binding = sipLegs[leg] else { throw Admission.Refusal(481, "there is no such dialog") }
        return Seat(call: binding.call, side: binding.callee == nil ? .caller : .callee)
    }

    /// Whether the other side of `seat` can be transferred now.
    func check(_ seat: Seat) throws(Admission.Refusal) {
        guard !isStopping else { throw .overload }
        guard seat.call.isEstablished else { throw .notEstablished }
        guard seat.call.transfer == nil else { throw .another }
        guard seat.other.leg != nil else { throw .nobody }
        try admission.checkRoom(for: seat.other.origin?.source ?? .anonymous)
    }

    /// RFC 3892. What a party says itself counts for as much as it is trusted.
    private func referredBy(_ request: SIPTransferRequest?, by seat: Seat) -> [CallOrigin.Header] {
        guard let origin = seat.origin else { return [] }
        if settings.trunk(of: origin.source)?.isTrusted == true, let said = request?.referredBy {
            return [.init(name: "Referred-By", value: said)]
        }
        guard !origin.isPrivate, !origin.user.isEmpty else { return [] }
        let host = settings.domain
        return [.init(name: "Referred-By", value: NameAddress(user: origin.user, host: host, displayName: nil).text)]
    }
}

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
        guard origin.source != .anonymous else { throw caller.challenge.map { Admission.Refusal($0(), "nobody knows who sends it") } ?? .notYours }
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
        let plan = CallPlan(joining: callee, type: .rtp, caller: SIPProfile(srtp: settings.srtp, isLocal: invite.flow.map { !invite.isProxied && settings.isLocal($0.peerAddress) } ?? false))
        let sessions = sessions.create(
            id: session, branches: plan.branches, call: id,
            inherited: seat.call.session.inheritance(of: seat.other.side).map { [.callee: $0] } ?? [:])
        guard let first = sessions[1] else {
            place?.leave()
            throw Admission.Refusal(500, "no session can be made")
        }
        let call = CallController(
            id: id, session: first, sessions: sessions, caller: SIPCallerLeg(endpoint: endpoint, leg: leg, flow: invite.flow, place: place, node: caller.handedOn?.node),
            origin: origin, plan: plan, limits: limits, log: log)
        log.info("call in place of another", metadata: ["call": "\(id)", "replaced": "\(seat.call.id)", "by": "\(origin.source)"])
        sipLegs[leg] = SIPBinding(call: call, callee: nil)
        run([.callee: callee], to: .made(call, offer: invite.sdp.map { RemoteDescription(parsing: $0) }), session: session, by: .replaced)
    }
}

extension Admission.Refusal {
    static let another = Admission.Refusal(491, "another transfer of this call is under way")
    static let notEstablished = Admission.Refusal(491, "the call is not answered")
    static let nobody = Admission.Refusal(403, "there is nobody to be transferred")
    static let notYours = Admission.Refusal(403, "that dialog is somebody else's")
    static let sameCall = Admission.Refusal(403, "both dialogs are of one call")

    /// The response to a REFER.
    var referResponse: SIPResponse { SIPResponse(status: status, warning: reason, retryAfter: status == 503 ? 5 : nil) }

    /// The error of `transfer_call`.
    var apiError: APIError {
        switch status {
        case 404: APIError(.unknownDestination, reason)
        case 503: APIError(.tooManySessions, reason)
        default: APIError(.wrongState, reason)
        }
    }
}
