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
        let report: @LoopActor (Int, String?) -> Void = { [weak self] status, words in
            self?.endpoint?.reportTransfer(leg, status: status, phrase: words)
        }
        do throws(TransferRefusal) {
            guard request.method == "INVITE" else { throw TransferRefusal(403, "only an INVITE can be sent to the target") }
            try check(seat)
            if let replaces = request.replaces, let other = endpoint?.leg(replacedBy: replaces) {
                let second = try self.seat(of: other)
                guard seat.isOf(second) else { throw .notYours }
                guard seat.call !== second.call else { throw .sameCall }
                try check(second)
                endpoint?.acceptTransfer(leg)
                join(seat.other, second.other, report: report)
            } else {
                let destinations: [RouteDestination]
                do throws(TransferRefusal) {
                    destinations = try self.destinations(of: request, by: seat)
                } catch {
                    // The response can not say it: a 404 would be about the dialog.
                    guard !request.isSilent else { throw error }
                    endpoint?.acceptTransfer(leg)
                    return report(error.status, error.reason)
                }
                endpoint?.acceptTransfer(leg)
                var order = TransferOrder(destinations: destinations, dialled: request.user, headers: referredBy(request, by: seat))
                if let replaces = request.replaces { order.headers.append(.init(name: "Replaces", value: replaces.text)) }
                start(order, of: seat.other, report: report)
            }
        } catch {
            log.info("transfer refused", metadata: ["call": "\(seat.call.id)", "status": "\(error.status)", "reason": "\(error.reason)"])
            endpoint?.refuseTransfer(leg, error.response)
        }
    }

    /// A client hands the other side of its call over to `dest`.
    func transfer(_ id: String, to dest: String, by client: BrowserClient) throws(APIError) {
        let seat = try seat(of: client, in: id)
        let destinations = try destinations(of: dest, by: client)
        let order = TransferOrder(destinations: destinations, dialled: dest, headers: referredBy(nil, by: seat))
        start(order, of: seat.other, report: report(to: client, of: seat))
    }

    /// A client hands the other side of its call over to that of another call of its own.
    func transfer(_ id: String, toCall other: String, by client: BrowserClient) throws(APIError) {
        let seat = try seat(of: client, in: id)
        let second = try self.seat(of: client, in: other)
        guard seat.call !== second.call else { throw APIError(.invalidField, "`other_call_id` is the same call") }
        join(seat.other, second.other, report: report(to: client, of: seat))
    }

    private func seat(of client: BrowserClient, in id: String) throws(APIError) -> Seat {
        let (call, role) = try call(id, for: client, .transfer)
        let seat = Seat(call: call, side: role == .caller ? .caller : .callee)
        do throws(TransferRefusal) {
            try check(seat)
        } catch {
            throw error.apiError
        }
        return seat
    }

    func seat(of leg: SIPLegID) throws(TransferRefusal) -> Seat {
        guard let binding = sipLegs[leg] else { throw TransferRefusal(481, "there is no such dialog") }
        return Seat(call: binding.call, side: binding.callee == nil ? .caller : .callee)
    }

    /// Whether the other side of `seat` can be transferred now.
    func check(_ seat: Seat) throws(TransferRefusal) {
        guard !isDraining else { throw .overload }
        guard seat.call.isEstablished else { throw .notEstablished }
        guard seat.call.transfer == nil else { throw .another }
        guard seat.other.leg != nil else { throw .nobody }
        guard sessions.count < configuration.sip.maximumCalls, hasRoom(for: seat.other.origin?.source ?? .anonymous), sessions.isReady else {
            throw .overload
        }
    }

    private func report(to client: BrowserClient, of seat: Seat) -> @LoopActor (Int, String?) -> Void {
        let call = seat.browser?.call ?? seat.call.id
        return { [weak self] status, words in
            var body: [String: JSONValue] = ["status": .integer(status)]
            body["reason"] = words.map(JSONValue.string)
            self?.api?.publish(.call(call, "transfer", .object(body)), owners: [client.user.name], creator: client.id)
        }
    }

    /// Where whoever sits at `seat` may have somebody call: what it may dial itself.
    private func destinations(of request: SIPTransferRequest, by seat: Seat) throws(TransferRefusal) -> [RouteDestination] {
        try destinations(
            user: request.user, host: request.host, uri: request.target, isNumber: request.scheme == "tel",
            for: seat.origin?.source ?? .anonymous)
    }

    /// The same for any URI.
    func destinations(
        user: String, host: String, uri: String, isNumber: Bool, for source: CallSource
    ) throws(TransferRefusal) -> [RouteDestination] {
        let host = isNumber ? configuration.sip.domain : host
        if case .user = source, !isNumber, configuration.calls.allowsDirectURIs, !ownAddresses.contain(host: host) {
            return [.sip(uri: uri)]
        }
        let written = isNumber ? String(uri.drop { $0 != ":" }.dropFirst()) : user
        let dialled = DialledNumber.plain(written, isName: isUser)
        switch routing.decide(RoutingRequest(source: source, dialled: dialled, domain: host), isGuest: isGuest) {
        case .targets(let destinations, _):
            for case .sip(let uri, _) in destinations where ownAddresses.contain(uri: uri) { throw TransferRefusal(482, "it leads back here") }
            return destinations
        case .challenge, .forbidden: throw TransferRefusal(403, "the target may not be called")
        case .none: throw TransferRefusal(404, "nobody is reached by the target")
        }
    }

    /// RFC 3892. What a party says itself counts for as much as it is trusted.
    private func referredBy(_ request: SIPTransferRequest?, by seat: Seat) -> [CallOrigin.Header] {
        guard let origin = seat.origin else { return [] }
        if case .trunk(let name) = origin.source, configuration.trunks.first(where: { $0.name == name })?.isTrusted == true,
            let said = request?.referredBy
        {
            return [.init(name: "Referred-By", value: said)]
        }
        guard !origin.isPrivate, !origin.user.isEmpty else { return [] }
        let host = configuration.sip.domain
        return [.init(name: "Referred-By", value: NameAddress(user: origin.user, host: host, displayName: nil).text)]
    }
}
