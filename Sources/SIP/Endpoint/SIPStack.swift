internal import CSofiaSIP
internal import EventLoop
internal import Logging
internal import SIPNames
internal import TLS

/// One NUA: one address and port, over UDP, TCP or both, or over TLS.
///
/// A NUA an address: with several addresses Sofia picks a Contact by itself, and leaves out loopback ones.
@LoopActor
final class SIPStack {
    /// Names the stack in Sofia's callbacks, which may come late: never an address.
    private let number: Int
    private(set) var nua: OpaquePointer?
    let address: String
    let port: Int
    let transports: [ListenAddress.Transport]
    private let onEvent: @LoopActor (StackEvent, SIPStack) -> Void
    /// Decides about requests of which Sofia has no state yet; false leaves one to Sofia.
    private let onOutside: @LoopActor (OutsideRequest) -> Bool
    private var onShutdown: (@LoopActor () -> Void)?
    let bodyLimit: Int
    /// What others are told in place of our address; nil where that is reached by itself.
    private let nat: NATMapping?
    /// The certificates of a stack that speaks TLS.
    private(set) var tls: TLSEndpointContext?

    private static var stacks: [Int: SIPStack] = [:]
    private static var lastNumber = 0

    var listening: [ListenAddress] {
        transports.map { ListenAddress(transport: $0, address: address, port: port) }
    }

    /// Listens at once.
    ///
    /// - Parameter registers: Whether REGISTER is served.
    init(
        address: String, port: Int, transports: [ListenAddress.Transport], configuration: SIPEndpointConfiguration,
        registers: Bool, onOutside: @escaping @LoopActor (OutsideRequest) -> Bool,
        onEvent: @escaping @LoopActor (StackEvent, SIPStack) -> Void
    ) throws(SIPError) {
        self.address = address
        self.transports = transports
        self.onEvent = onEvent
        self.onOutside = onOutside
        self.port = try PortProbe.freePort(address, port: port, transports: transports)
        bodyLimit = configuration.maximumBodySize
        SIPStack.lastNumber += 1
        number = SIPStack.lastNumber
        nat = SIPStack.mapping(of: address, configuration)
        let tags = SIPStack.tags(listening, configuration, registers: registers)
        if transports.contains(.tls) {
            try createWithTLS(tags, configuration.tls)
        } else {
            nua = tags.withTags { create($0) }
            guard nua != nil else { throw SIPError.stackFailed }
        }
        SIPStack.stacks[number] = self
    }

    private func create(_ tags: UnsafePointer<tagi_t>?) -> OpaquePointer? {
        tern_filter_requests(SIPStack.filter, number)
        let nua = tern_nua_create(EventLoop.shared.sofiaRoot, SIPStack.callback, UnsafeMutableRawPointer(bitPattern: number), tags)
        if nua == nil { tern_filter_nothing(number) }
        return nua
    }

    private func createWithTLS(
        _ tags: consuming TagList, _ settings: TLSEndpointContext.Settings?
    ) throws(SIPError) {
        guard let settings else { throw .tls("a listener with TLS needs a certificate") }
        let failure: SIPError? = tags.withTags { tags in
            do throws(TLSError) {
                tls = try TLSEndpointContext(settings, logger: Logger(label: "sip.tls")) { nua = create(tags) }
                return nil
            } catch {
                return nua == nil ? .stackFailed : .tls(error.description)
            }
        }
        guard let failure else { return }
        SIPStack.stacks[number] = self
        LoopActor.task { await self.shutDown() }
        throw failure
    }

    /// Ends Sofia's part and frees it. The legs must be gone: then it takes two turns of the loop.
    func shutDown() async {
        guard let nua else { return }
        await withCheckedContinuation { done in
            onShutdown = { done.resume() }
            nua_shutdown(nua)
        }
        nua_destroy(nua)
        tern_filter_nothing(number)
        tls?.close()
        self.nua = nil
        SIPStack.stacks[number] = nil
    }

    // MARK: The entries from Sofia

    /// Before Sofia has any state of a request.
    private static let filter: tern_filter_f = { number, agent, _, message in
        nonisolated(unsafe) let (agent, message) = (agent, message)
        return LoopActor.assumeIsolated {
            guard let stack = stacks[number], let request = OutsideRequest(agent, message, stack: stack) else { return 0 }
            return stack.onOutside(request) ? 1 : 0
        }
    }

    private static let callback: nua_callback_f = { event, status, phrase, nua, magic, handle, legMagic, sip, _ in
        nonisolated(unsafe) let (nua, handle, sip) = (nua, handle, sip)
        let stackNumber = Int(bitPattern: magic)
        let legNumber = UInt(bitPattern: legMagic)
        let text = SofiaText.field(phrase, limit: 128)
        LoopActor.assumeIsolated {
            guard let stack = stacks[stackNumber] else { return }
            if event == nua_r_shutdown { return stack.shutdownAnswered(status: Int(status)) }
            let arguments = CallbackArguments(
                event: event, status: Int(status), phrase: text, nua: nua, handle: handle, leg: legNumber, sip: sip)
            if let event = stack.copy(arguments) { stack.onEvent(event, stack) }
        }
    }

    private func shutdownAnswered(status: Int) {
        guard status >= 200 else { return }
        onShutdown?()
        onShutdown = nil
    }
}

extension SIPStack {
    /// Our Contact for a dialog: where the peer is to send its requests, over the transport that it came by
    /// (RFC 3261 sections 8.1.1.8 and 12.1.1).
    ///
    /// - Parameter peer: Numeric address of the peer, if known; decides between addresses when all are listened on, and whether the public one is told.
    /// - Parameter isSecure: Whether the dialog's URIs are `sips:`.
    func contact(_ transport: ListenAddress.Transport, peer: SocketAddress?, isSecure: Bool = false) -> String {
        let host = ListenAddress(transport: transport, address: contactAddress(peer), port: port).hostAndPort
        if isSecure { return "<sips:\(host)>" }
        return transport == .udp ? "<sip:\(host)>" : "<sip:\(host);transport=\(transport.rawValue)>"
    }

    private func contactAddress(_ peer: SocketAddress?) -> String {
        if let nat, peer.map({ !nat.isLocal($0.ip) }) ?? true { return nat.publicAddress.description }
        guard listening.first?.isWildcard == true else { return address }
        // Without a peer, the address towards anywhere: a documentation address (RFC 5737, RFC 3849) takes the default route.
        let elsewhere = address.contains(":") ? "2001:db8::1" : "192.0.2.1"
        let towards = peer ?? SocketAddress(address: elsewhere, port: 5_060)
        return towards?.localAddressTowards ?? address
    }

    /// The NAT that leads to a listener: to one of IPv4 that is not on loopback.
    static func mapping(of address: String, _ configuration: SIPEndpointConfiguration) -> NATMapping? {
        guard let own = IPAddress(address), !own.isIPv6, !own.isLoopback else { return nil }
        return configuration.nat
    }

    /// Whether requests to `target` can go out here.
    func serves(_ target: SIPTarget) -> Bool {
        // Without a transport it is UDP or TCP (RFC 3263 section 4.1).
        let isServed = target.transport.map { transports.contains($0) } ?? (transports != [.tls])
        guard isServed else { return false }
        let isV6 = address.contains(":")
        return target.address.map { $0.ip.isIPv6 == isV6 } ?? true
    }

    /// Whether requests can go out here over `transport`, to an address of that family.
    func serves(_ transport: ListenAddress.Transport, isV6: Bool) -> Bool {
        transports.contains(transport) && address.contains(":") == isV6
    }
}
