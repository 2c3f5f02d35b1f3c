public import EventLoop
public import Registrar
public import SIP

/// Keeps the way open to phones behind NAT that registered over UDP: an OPTIONS now and then, so that the NAT remembers them.
///
/// Phones on connections see to it themselves, by the keepalives of RFC 5626 section 3.5.1.
@LoopActor
public final class FlowKeeper {
    /// How long a phone may take to answer. Whether it does is of no account: the request on its way is what counts.
    private static let patience = Duration.seconds(4)

    private let registrar: RegistrarService
    private weak var endpoint: (any SIPUserAgent)?
    private let interval: Int64
    private let domain: String
    private var second: Int64 = 0
    private var timer: LoopTimer?

    /// - Parameter interval: Nil sends none.
    public init(registrar: RegistrarService, endpoint: any SIPUserAgent, interval: Duration?, domain: String) {
        self.registrar = registrar
        self.endpoint = endpoint
        self.interval = max(1, interval?.components.seconds ?? 1)
        self.domain = domain
        guard interval != nil else { return }
        timer = LoopTimer.schedule(after: .seconds(1), every: .seconds(1)) { [weak self] in self?.tick() }
    }

    public func stop() {
        timer?.cancel()
        timer = nil
    }

    /// Each second is for its share of the contacts, so that they are not all asked at once.
    private func tick() {
        second = (second + 1) % interval
        for binding in registrar.all where binding.id % interval == second {
            guard let flow = SIPFlow(binding.flow), FlowKeeper.needsKeeping(binding, flow) else { continue }
            let request = SIPClientRequest(
                .options, target: binding.contact.target, hop: SIPHop(flow), from: "sip:\(domain)", timeout: FlowKeeper.patience)
            LoopActor.task { [endpoint] in _ = await endpoint?.request(request) }
        }
    }

    /// Over UDP, from another address or port than the contact says: there is a NAT between.
    static func needsKeeping(_ binding: Binding, _ flow: SIPFlow) -> Bool {
        guard flow.transport == .udp else { return false }
        return binding.contact.host != flow.peerAddress.lowercased() || (binding.contact.port ?? 5_060) != flow.peerPort
    }
}
