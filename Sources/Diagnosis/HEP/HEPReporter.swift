public import EventLoop
public import Events
internal import JSON
public import Logging
internal import SIPNames

/// Tells a Homer of SIP messages, of what is counted of media, and of the log's lines about calls, each without secrets.
///
/// All that belongs to one call has one correlation id: the Call-ID of its caller's dialog, or of its first dialog where a browser calls; the call's id
/// where it has no dialog. What a dialog belongs to may be told after its first message, and a line of the log may come before the dialog: those wait for
/// a second at most.
@LoopActor
public final class HEPReporter {
    private struct Waiting {
        let subject: Event.Subject
        var packet: HEPPacket
        let since: ContinuousClock.Instant
    }

    private static let patience = Duration.seconds(1)
    private static let mostWaiting = 1_000

    private let send: @LoopActor (HEPPacket) -> Void
    private let mediaAddress: SocketAddress?
    private var listening: EventListening?
    private let index: CallIndex
    private var waiting: [Waiting] = []
    private var timer: LoopTimer?
    /// The call that was not admitted last, and the Call-ID of its INVITE: its line of the log follows.
    private var refused: (call: String, callID: String)?

    private var transport: (any HEPTransport)?

    /// Begins to tell a Homer.
    ///
    /// - Parameters:
    ///   - mediaAddress: Where phones send their RTP.
    ///   - lookUp: The addresses of a host name.
    public convenience init(
        _ settings: HEPSender.Settings, mediaAddress: String, log: Logger, stream: EventStream = .shared, lookUp: @escaping @LoopActor (String) async -> [String]
    ) {
        let transport: any HEPTransport = settings.isTCP ? HEPStream(settings, log: log, lookUp: lookUp) : HEPSender(settings, log: log, lookUp: lookUp)
        self.init(mediaAddress: mediaAddress, stream: stream) { transport.send($0) }
        self.transport = transport
        transport.start()
    }

    init(mediaAddress: String, stream: EventStream, send: @escaping @LoopActor (HEPPacket) -> Void) {
        self.send = send
        index = stream.index
        self.mediaAddress = SocketAddress(address: mediaAddress, port: 0)
        listening = stream.listen(to: [.call, .session, .sip, .log]) { [weak self] event in self?.receive(event) }
    }

    public func stop() {
        listening = nil
        timer?.cancel()
        timer = nil
        for held in waiting { send(held.packet) }
        waiting = []
        transport?.stop()
        transport = nil
    }

    // MARK: Events

    func receive(_ event: Event) {
        switch (event.subject, event.content) {
        case (.call(let id), .call(let change)): receive(change, of: id)
        case (.dialog(let dialog), .sip(let message)): receive(message, in: dialog, event.time)
        case (.session, .session(.counted(let count))): receive(count, event)
        case (_, .log(let line)): receive(line, event)
        default: break
        }
    }

    private func receive(_ change: CallEvent, of id: String) {
        switch change {
        case .hasDialog, .hasSession, .ended: release()
        case .notAdmitted(_, let callID?, _, _): refused = (id, callID)
        default: break
        }
    }

    private func receive(_ message: SIPMessage, in dialog: String, _ time: EventTime) {
        var packet = HEPPacket(kind: .sip, time: time, payload: SecretRemoval.clean(message.text))
        (packet.source, packet.destination) = message.isSent ? (message.local, message.peer) : (message.peer, message.local)
        packet.isTCP = message.transport != "udp"
        packet.correlation = dialog
        // A called party's dialog belongs to its caller's.
        let begins = message.isSent && message.method == "INVITE" && message.status == nil
        deliver(packet, of: .dialog(dialog), waits: begins || waiting.contains { $0.subject == .dialog(dialog) })
    }

    private func receive(_ line: LogLine, _ event: Event) {
        guard event.subject != .gateway else { return }
        let fields = line.fields.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
        let text = SecretRemoval.clean("\(line.level) \(line.label): \(line.message) \(fields)")
        let (source, destination) = (mediaAddress, mediaAddress)
        var packet = HEPPacket(kind: .log, time: event.time, source: source, destination: destination, payload: text)
        if case .dialog(let dialog) = event.subject { packet.correlation = dialog }
        deliver(packet, of: event.subject, waits: true)
    }

    private func receive(_ count: MediaCount, _ event: Event) {
        guard count.received.packets > 0 || count.sent.packets > 0 else { return }
        let (source, destination) = (count.source, mediaAddress)
        let report = HEPPacket(kind: .rtcp, time: event.time, source: source, destination: destination, payload: HEPReports.rtcp(count, event.time).text)
        deliver(report, of: event.subject, waits: true)
        let call = index.calls(of: event.subject).first.map(correlation) ?? ""
        let quality = HEPReports.quality(count, event.time, correlation: call, source: source, destination: destination)
        deliver(
            HEPPacket(kind: .quality, time: event.time, source: source, destination: destination, payload: quality.text), of: event.subject, waits: true)
    }

    // MARK: Which call

    private func correlation(of call: String) -> String { index.dialog(of: call) ?? call }

    /// Whether it is known what all of the call has in common.
    private func isCorrelated(_ call: String) -> Bool { index.dialog(of: call) != nil }

    private func deliver(_ packet: HEPPacket, of subject: Event.Subject, waits: Bool) {
        var packet = packet
        let call = index.calls(of: subject).first
        if let call { packet.correlation = correlation(of: call) }
        if case .call(let id) = subject, let refused, refused.call == id {
            packet.correlation = refused.callID
            return send(packet)
        }
        guard waits, call.map(isCorrelated) != true, waiting.count < HEPReporter.mostWaiting else { return finish(packet, subject) }
        waiting.append(Waiting(subject: subject, packet: packet, since: .now))
        guard timer == nil else { return }
        timer = LoopTimer.schedule(after: HEPReporter.patience, every: HEPReporter.patience / 2) { [weak self] in self?.release() }
    }

    /// Homer files reports and lines under their correlation id alone.
    private func finish(_ packet: HEPPacket, _ subject: Event.Subject) {
        var packet = packet
        if packet.correlation.isEmpty {
            switch subject {
            case .call(let id), .session(let id): packet.correlation = id
            default: return
            }
        }
        send(packet)
    }

    /// Sends what waits for nothing any more, in its order.
    private func release() {
        guard !waiting.isEmpty else {
            timer?.cancel()
            timer = nil
            return
        }
        let held = waiting
        waiting = []
        for var one in held {
            let call = index.calls(of: one.subject).first
            if let call { one.packet.correlation = correlation(of: call) }
            if call.map(isCorrelated) == true || one.since.duration(to: .now) >= HEPReporter.patience {
                finish(one.packet, one.subject)
            } else {
                waiting.append(one)
            }
        }
    }
}
