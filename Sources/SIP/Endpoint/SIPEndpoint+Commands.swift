/// What the core can do with a leg.
extension SIPEndpoint {
    /// Sends 180, 183 or another provisional response to the INVITE; any status but 101 to 199 is sent as 180.
    public func ring(_ leg: SIPLegID, status: Int, sdp: String?) {
        legs[leg]?.handle(.ring(status: status, sdp: sdp))
    }

    /// Sends 200 with the answer, or with our offer where the INVITE had none.
    public func answer(_ leg: SIPLegID, sdp: String) {
        legs[leg]?.handle(.answer(sdp: sdp))
    }

    /// Sends a final response other than 2xx. The leg is gone, without an event.
    public func reject(_ leg: SIPLegID, _ response: SIPResponse) {
        legs[leg]?.handle(.reject(response))
    }

    /// Sends the ACK that answers an offer in a 2xx (late offer).
    public func acknowledge(_ leg: SIPLegID, sdp: String) {
        legs[leg]?.handle(.acknowledge(sdp: sdp))
    }

    /// Ends a leg in any state: the final response `status` to an INVITE that waits, CANCEL to one of ours, else BYE.
    ///
    /// No event follows; the leg counts in ``openLegs`` until the peer has answered or was given up.
    public func end(_ leg: SIPLegID, status: Int, reason: SIPReason?) {
        resolving[leg] = nil
        legs[leg]?.handle(.end(status: status, reason: reason))
    }

    /// Offers anew within the dialog, by a re-INVITE; without `sdp` it asks the peer for its offer.
    ///
    /// `offerAccepted` or `offerRejected` follows. While another exchange is under way: `offerRejected` with 491.
    public func offer(_ leg: SIPLegID, sdp: String?) {
        legs[leg]?.handle(.offer(sdp: sdp))
    }

    /// Whether an offer is under way within an established dialog, in either direction (RFC 6337 section 2).
    public func isExchanging(_ leg: SIPLegID) -> Bool {
        guard case .established(_, let exchange)? = legs[leg]?.machine.state else { return false }
        return exchange != .idle
    }

    /// Answers a re-INVITE or UPDATE with 200. Without `sdp` it is the description that was sent last.
    public func acceptOffer(_ leg: SIPLegID, sdp: String?) {
        legs[leg]?.handle(.acceptOffer(sdp: sdp))
    }

    /// Refuses a re-INVITE or UPDATE; the session stands as it was. A status that would end the dialog is sent as 488.
    public func rejectOffer(_ leg: SIPLegID, _ response: SIPResponse) {
        legs[leg]?.handle(.rejectOffer(response))
    }

    /// Has challenges to requests of a leg answered, where the INVITE was the peer's or did not say itself.
    public func authorize(_ leg: SIPLegID, by authorizer: @escaping SIPAuthorizer) {
        legs[leg]?.challenges.authorizer = authorizer
    }

    /// Sends an INFO within the dialog (RFC 6086); `infoAnswered` follows.
    ///
    /// - Returns: False where there is no dialog yet, or no more.
    @discardableResult
    public func info(_ leg: SIPLegID, _ info: SIPInfo) -> Bool {
        guard let leg = legs[leg], case .established = leg.machine.state else { return false }
        leg.handle(.sendInfo(info))
        return true
    }

    /// Whether the peer lists INFO in its Allow; nil where it has shown none (RFC 3261 section 20.5).
    public func listsInfo(_ leg: SIPLegID) -> Bool? { legs[leg]?.peerListsInfo }
}
