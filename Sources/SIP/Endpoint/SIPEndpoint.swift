public import EventLoop

/// Calls over SIP: the legs of a B2BUA, on Sofia's NUA.
///
/// The core tells it what to do with a leg and hears of it by ``SIPEvent``. A call on a leg that is gone, or in a state in
/// which it makes no sense, does nothing: the event that says so is on its way.
@LoopActor
public final class SIPEndpoint {
    /// Addresses that the endpoint listens on, with their real ports. Empty while it is stopped.
    public private(set) var listening: [SIPListenAddress] = []

    /// Legs that are not gone: also those that still wait for the answer to a BYE or CANCEL.
    public var openLegs: Int { 0 }

    public init(configuration: SIPEndpointConfiguration, onEvent: @escaping @LoopActor (SIPEvent) -> Void) {}

    public func start() throws(SIPError) {}
    public func stop() async {}
    public func ring(_ leg: SIPLegID, status: Int, sdp: String?) {}
    public func answer(_ leg: SIPLegID, sdp: String) {}
    public func reject(_ leg: SIPLegID, _ response: SIPResponse) {}
    public func invite(_ request: SIPInviteRequest) -> SIPLegID { SIPLegID(number: 0) }
    public func acknowledge(_ leg: SIPLegID, sdp: String) {}
    public func end(_ leg: SIPLegID, status: Int, reason: SIPReason?) {}
    public func offer(_ leg: SIPLegID, sdp: String?) {}
    public func acceptOffer(_ leg: SIPLegID, sdp: String?) {}
    public func rejectOffer(_ leg: SIPLegID, _ response: SIPResponse) {}
    public func info(_ leg: SIPLegID, contentType: String, body: String) {}
}
