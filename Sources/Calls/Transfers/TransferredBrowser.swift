internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import ProxyCore
internal import Routing

/// A client of the browser API that goes on in another call: it makes a new connection for the other session, and keeps the one
/// that it has until then. It knows the other call by the id of its former one.
@LoopActor
final class TransferredBrowser: TransferredLeg, BrowserLeg {
    /// How long a client may take to make its offer or answer.
    private static let limit = Duration.seconds(10)

    let client: BrowserClient
    let call: String
    let offers: BrowserOffers
    let origin: CallOrigin
    var onRinging: (@LoopActor () -> Void)?
    var onMoved: (@LoopActor (String?, Bool) -> Void)?
    var onFailed: (@LoopActor (CallEnd) -> Void)?
    var onArrived: (@LoopActor (String?) -> Void)?
    var onGone: (@LoopActor () -> Void)?
    var isAlone = false { didSet { if isAlone { onSettled?() } } }
    /// The call's id is now the other call's.
    var onSettled: (@LoopActor () -> Void)?
    private let session: String
    private let publish: @LoopActor (BrowserEvent) -> Void
    /// Whether it has the call.
    private(set) var isHere = false
    private var isOver = false

    init(
        _ former: any BrowserLeg, session: String, origin: CallOrigin, publish: @escaping @LoopActor (BrowserEvent) -> Void
    ) {
        client = former.client
        call = former.call
        self.session = session
        self.origin = origin
        self.publish = publish
        offers = BrowserOffers(session: session, client: former.client)
    }

    /// Asks for an offer for the other session.
    func makeOffer(_ done: @escaping @LoopActor (MovedOffer) -> Void) {
        replace(offer: nil, done)
    }

    private func replace(
        offer: String?, _ done: @escaping @LoopActor (MovedOffer) -> Void
    ) {
        var data: [String: JSONValue] = ["call_id": .string(call), "session_id": .string(session)]
        data["offer"] = offer.map { MediaDescriptionObject(sdp: $0).json }
        client.request(class: "media", cmd: "replace_session", data: .object(data), timeout: TransferredBrowser.limit) { result in
            let wanted = offer == nil ? "offer" : "answer"
            guard case .success(let data) = result, let object = data[wanted], let sdp = object["sdp"]?.stringValue else {
                return done(.failed(CallEnd(status: 488, reason: "The client sent no \(wanted)", by: .callee)))
            }
            done(.made(MediaDescriptionObject(sdp: sdp, trickleICE: object["trickle_ice"]?.boolValue ?? false)))
        }
    }

    func answer(_ sdp: String) {
        take(sdp)
        onMoved?(nil, false)
    }

    private func take(_ answer: String) {
        isHere = true
        client.subscribe(to: session)
        publish(.call(call, "answer", ["answer": MediaDescriptionObject(sdp: answer).json, "session_id": .string(session)]))
    }

    func invite(offer: String?) {
        client.subscribe(to: session)
        replace(offer: offer) { [weak self] result in
            guard let self, !isOver else { return }
            switch result {
            case .failed(let end): onFailed?(end)
            case .made(let description):
                isHere = offer != nil
                onMoved?(description.sdp, description.trickleICE)
            }
        }
    }

    /// The answer to its offer.
    func confirm(answer: String?) {
        guard let answer else { return }
        take(answer)
        onArrived?(nil)
    }

    func giveBack() { isHere = false }

    func settle(at side: SessionSide, with party: CallParty?) {
        onSettled?()
        var body: [String: JSONValue] = ["session_id": .string(session), "side": .string(side.rawValue)]
        body["remote_id"] = party.map { .string($0.id) }
        body["remote_name"] = party?.name.map(JSONValue.string)
        publish(.call(call, "transfer", .object(body)))
    }

    func end(_ end: CallEnd) {
        guard isHere || isAlone, !isOver else { return }
        isOver = true
        offers.end()
        publish(.call(call, "hangup", end.json))
    }

    func carryOffer(_ sdp: String) { offers.carryOffer(sdp) }

    func carryAnswer(_ sdp: String) { offers.carryAnswer(sdp) }

    func refuseOffer(_ failure: SessionFailure) { offers.refuseOffer(failure) }
}
