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
        do throws(TransferRefusal) {
            guard request.method == "INVITE" else { throw TransferRefusal(403, "only an INVITE can be sent to the target") }
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
                do throws(TransferRefusal) {
                    destinations = try self.destinations(of: request, by: seat)
                } catch {
                    // The response can not say it: a 404 would be about the dialog.
                    guard !request.isSilent else { throw error }
                    endpoint?.acceptTransfer(leg)
                    return report(error.status, error.reason, to: .phone(leg))
                }
                endpoint?.acceptTransfer(leg)
                var order = TransferOrder(destinations: destinations, dialled: request.user, headers: referredBy(request, by: seat))
                if let replaces = request.replaces { order.headers.append(.init(name: "Replaces", value: replaces.text)) }
                start(order, of: seat.other, by: .phone(leg))
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

/// Why a transfer is not even tried.
struct TransferRefusal: Error {
    let status: Int
    let reason: String

    init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    init(_ end: CallEnd) { self.init(end.sipResponse.status, end.reason) }

    static let another = TransferRefusal(491, "another transfer of this call is under way")
    static let notEstablished = TransferRefusal(491, "the call is not answered")
    static let nobody = TransferRefusal(403, "there is nobody to be transferred")
    static let notYours = TransferRefusal(403, "that dialog is somebody else's")
    static let sameCall = TransferRefusal(403, "both dialogs are of one call")
    static let overload = TransferRefusal(503, "no room for another call")

    var response: SIPResponse {
        SIPResponse(status: status, warning: reason, retryAfter: status == 503 ? 5 : nil)
    }

    var apiError: APIError {
        switch status {
        case 404: APIError(.unknownDestination, reason)
        case 503: APIError(.tooManySessions, reason)
        default: APIError(.wrongState, reason)
        }
    }
}
