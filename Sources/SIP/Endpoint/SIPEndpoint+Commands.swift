/// The commands of ``SIPUserAgent``.
extension SIPEndpoint {
    public func ring(_ leg: SIPLegID, status: Int, sdp: String?) {
        legs[leg]?.handle(.ring(status: status, sdp: sdp))
    }

    public func proceed(_ leg: SIPLegID) { legs[leg]?.endSetUp() }

    public func suspend(_ leg: SIPLegID) { legs[leg]?.abandonSetUp() }

    public func answer(_ leg: SIPLegID, sdp: String) {
        legs[leg]?.handle(.answer(sdp: sdp))
    }

    public func reject(_ leg: SIPLegID, _ response: SIPResponse) {
        legs[leg]?.handle(.reject(response))
    }

    public func acknowledge(_ leg: SIPLegID, sdp: String) {
        legs[leg]?.handle(.acknowledge(sdp: sdp))
    }

    public func end(_ leg: SIPLegID, status: Int, reason: SIPReason?) {
        resolving[leg] = nil
        legs[leg]?.handle(.end(status: status, reason: reason))
    }

    public func offer(_ leg: SIPLegID, sdp: String?) {
        legs[leg]?.handle(.offer(sdp: sdp))
    }

    public func isExchanging(_ leg: SIPLegID) -> Bool {
        guard case .established(_, let exchange)? = legs[leg]?.machine.state else { return false }
        return exchange != .idle
    }

    public func acceptOffer(_ leg: SIPLegID, sdp: String?) {
        legs[leg]?.handle(.acceptOffer(sdp: sdp))
    }

    public func rejectOffer(_ leg: SIPLegID, _ response: SIPResponse) {
        legs[leg]?.handle(.rejectOffer(response))
    }

    /// Has challenges to requests of a leg answered, where the INVITE was the peer's or did not say itself.
    public func authorize(_ leg: SIPLegID, by authorizer: @escaping SIPAuthorizer) {
        legs[leg]?.challenges.authorizer = authorizer
    }

    @discardableResult
    public func info(_ leg: SIPLegID, _ info: SIPInfo) -> Bool {
        guard let leg = legs[leg], case .established = leg.machine.state else { return false }
        leg.handle(.sendInfo(info))
        return true
    }

    public func listsInfo(_ leg: SIPLegID) -> Bool? { legs[leg]?.peerListsInfo }
}
