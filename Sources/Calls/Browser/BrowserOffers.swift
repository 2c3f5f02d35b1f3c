internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import ProxyCore
internal import SDP

/// The offers that change a session, between the gateway and one client: `renegotiate_session` to it, and the offer in its
/// `update_session`.
@LoopActor
final class BrowserOffers {
    /// How long a client may take to answer an offer.
    private static let answerTimeout = Duration.seconds(30)

    private let session: String
    private let client: BrowserClient
    /// Told when the client has answered or declined an offer of ours.
    var onOutcome: (@LoopActor (PartyEvent) -> Void)?
    /// The request that brought the client's offer.
    private var reply: BrowserReply?

    init(session: String, client: BrowserClient) {
        self.session = session
        self.client = client
    }

    /// Keeps the request that brings an offer of the client's. False when one is waiting already.
    func offering(_ reply: BrowserReply) -> Bool {
        guard self.reply == nil else { return false }
        self.reply = reply
        return true
    }

    func sendOffer(_ offer: SessionDescription) {
        let data: JSONValue = ["session_id": .string(session), "offer": offer.json()]
        client.request(
            class: "media", cmd: "renegotiate_session", data: data, timeout: BrowserOffers.answerTimeout
        ) { [weak self] result in
            self?.onOutcome?(BrowserOffers.outcome(of: result))
        }
    }

    private static func outcome(of result: Result<JSONValue, APIError>) -> PartyEvent {
        switch result {
        case .success(let data):
            RemoteDescription(json: data["answer"]).map { .answered($0) } ?? .declined(.refused("the client sent no answer"))
        case .failure(let error):
            .declined(.refused("the client declined: \(error.text)"))
        }
    }

    func sendAnswer(_ answer: SessionDescription) {
        reply?.ok(["answer": answer.json()])
        reply = nil
    }

    func refuseOffer(_ failure: SessionFailure) {
        reply?.fail(failure.apiError)
        reply = nil
    }

    /// The call is over: a request that still waits is told so.
    func end() {
        refuseOffer(.state("the call has ended"))
        onOutcome = nil
    }
}
