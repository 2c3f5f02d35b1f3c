internal import BrowserAPI
internal import EventLoop
internal import JSON
internal import ProxyCore
internal import Routing
internal import SDP

/// A party of a call that goes on in another one, as a leg of that: until the other call is answered, it stays where it is.
@LoopActor
protocol TransferredLeg: CallerLeg, CalleeLeg {
    /// Its side in the other call.
    var side: SessionSide { get }
    /// The transfer, which is told what happens; nil once that is over.
    var transfer: TransferRunner? { get set }

    /// Makes an offer for the other session.
    func makeOffer()
    /// Offers it the other session.
    func offer(_ offer: SessionDescription)
    /// Gives it the answer to its offer.
    func deliver(answer: SessionDescription)
    /// It has the other session, and may still return.
    func arrive()
    /// It is to return, or does not go.
    func leave()
    /// It stays in the other call for good, with this party.
    func settle(with party: CallParty?)
    /// It stays in its former call for good.
    func stay()
    /// Hangs up: its former call is over as well.
    func close(_ end: CallEnd)
    /// It has hung up; `isAlone`: no former call is left to hear of it.
    func forget(isAlone: Bool)
}

extension TransferredLeg {
    func proceed() {}
    func ring() { transfer?.handle(.ringing) }
    /// It hears the other party of its former call meanwhile.
    func progress(_ answer: SessionDescription) { ring() }
    func answer(_ description: SessionDescription) { transfer?.handle(.described(side, description)) }
    func invite(offer: SessionDescription?) { transfer?.handle(offer.map { .described(side, $0) } ?? .offerWanted(side)) }
    func confirm(answer: SessionDescription?) { if let answer { transfer?.handle(.described(side, answer)) } }
    func refuse(_ failure: SessionFailure) { transfer?.handle(.callEnded(.failed(failure))) }
    func reject(_ end: CallEnd) { self.end(end) }
    func hangUp(_ end: CallEnd) { self.end(end) }
}

/// A client of the browser API that goes on in another call: it makes a new connection for the other session, and keeps the one
/// that it has until then. It knows the other call by the id of its former one.
@LoopActor
final class TransferredBrowser: TransferredLeg, BrowserLeg {
    /// How long a client may take to make its offer or answer.
    private static let limit = Duration.seconds(10)

    let client: BrowserClient
    let call: String
    let side: SessionSide
    let offers: BrowserOffers
    let origin: CallOrigin
    weak var transfer: TransferRunner?
    private let session: String
    private weak var api: BrowserAPI?
    /// Whether it has the call.
    private(set) var isHere = false
    private var isSettled = false
    private var isOver = false

    init(_ former: any BrowserLeg, side: SessionSide, session: String, origin: CallOrigin, api: BrowserAPI?) {
        client = former.client
        call = former.call
        self.side = side
        self.session = session
        self.origin = origin
        self.api = api
        offers = BrowserOffers(session: session, client: former.client)
    }

    private func publish(_ event: BrowserEvent) { api?.publish(event, owners: [client.user.name], creator: client.id) }

    // MARK: On its way

    func makeOffer() {
        replace(offer: nil) { leg, offer in leg.transfer?.handle(.offered(leg.side, offer)) }
    }

    func offer(_ offer: SessionDescription) {
        client.subscribe(to: session)
        replace(offer: offer) { leg, answer in leg.transfer?.handle(.accepted(leg.side, answer)) }
    }

    /// `replace_session`; `done` gets the client's offer or answer.
    private func replace(offer: SessionDescription?, done: @escaping @LoopActor (TransferredBrowser, RemoteDescription) -> Void) {
        var data: [String: JSONValue] = ["call_id": .string(call), "session_id": .string(session)]
        data["offer"] = offer?.json()
        client.request(class: "media", cmd: "replace_session", data: .object(data), timeout: TransferredBrowser.limit) { [weak self] result in
            guard let self else { return }
            let wanted = offer == nil ? "offer" : "answer"
            guard case .success(let data) = result, let description = RemoteDescription(json: data[wanted]) else {
                let end = CallEnd(status: 488, reason: "The client sent no \(wanted)", by: .callee)
                transfer?.handle(.rejected(side, end))
                return
            }
            done(self, description)
        }
    }

    func deliver(answer: SessionDescription) {
        client.subscribe(to: session)
        publish(.call(call, "answer", ["answer": answer.json(), "session_id": .string(session)]))
    }

    func arrive() { isHere = true }

    func leave() { isHere = false }

    func settle(with party: CallParty?) {
        isSettled = true
        var body: [String: JSONValue] = ["session_id": .string(session), "side": .string(side.rawValue)]
        body["remote_id"] = party.map { .string($0.id) }
        body["remote_name"] = party?.name.map(JSONValue.string)
        publish(.call(call, "transfer", .object(body)))
    }

    func stay() {
        isHere = false
        offers.end()
    }

    func forget(isAlone: Bool) {
        isHere = false
        isOver = true
        offers.end()
    }

    // MARK: As a leg

    func end(_ end: CallEnd) { if isSettled { close(end) } }

    func close(_ end: CallEnd) {
        guard !isOver else { return }
        isOver = true
        isHere = false
        offers.end()
        publish(.call(call, "hangup", end.json))
    }
}
