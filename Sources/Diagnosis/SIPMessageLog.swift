public import EventLoop
public import Events
public import Logging

/// Writes a line of the log for each SIP message, its secrets removed, with the id of the call that it is of.
@LoopActor
public final class SIPMessageLog {
    /// The source of its lines. They are no events of the gateway: whoever listens to events has the messages themselves.
    nonisolated static let source = "SIPMessageLog"
    /// Lines in one second.
    private static let mostLines = 1_000
    /// How long the first messages of a dialog wait for the call that they make. An INVITE is there before its call is.
    private static let patience = Duration.milliseconds(100)
    private static let mostWaiting = 1_000

    private let log: Logger
    private let stream: EventStream
    private var listening: EventListening?
    private var lines = LineBudget(perSecond: mostLines)
    private var waiting: [(callID: String, message: SIPMessage)] = []
    private var timer: LoopTimer?

    public init(log: Logger, stream: EventStream = .shared) {
        self.log = log
        self.stream = stream
    }

    /// Whether messages are written.
    public var isOn: Bool {
        get { listening != nil }
        set {
            guard newValue != isOn else { return }
            listening = newValue ? stream.listen(to: [.sip, .call]) { [weak self] in self?.receive($0) } : nil
            if !newValue { forget() }
        }
    }

    private func forget() {
        write(where: { _ in true })
        timer?.cancel()
        timer = nil
    }

    private func receive(_ event: Event) {
        switch (event.subject, event.content) {
        case (.call, .call(.hasDialog(let callID, _))): write { $0 == callID }
        case (.dialog(let callID), .sip(let message)): receive(message, of: callID)
        default: break
        }
    }

    private func receive(_ message: SIPMessage, of callID: String) {
        let isUnknown = call(of: callID) == nil && ["INVITE", "ACK", "CANCEL"].contains(message.method)
        guard isUnknown, waiting.count < SIPMessageLog.mostWaiting else {
            write { $0 == callID }
            return write(message, of: callID)
        }
        waiting.append((callID, message))
        guard timer == nil else { return }
        timer = LoopTimer.schedule(after: SIPMessageLog.patience) { [weak self] in
            self?.timer = nil
            self?.write(where: { _ in true })
        }
    }

    private func call(of callID: String) -> String? { stream.index.calls(of: .dialog(callID)).last }

    /// Writes the messages that wait, of these dialogs, in their order.
    private func write(where isMeant: (String) -> Bool) {
        guard !waiting.isEmpty else { return }
        let ready = waiting.filter { isMeant($0.callID) }
        waiting.removeAll { isMeant($0.callID) }
        for (callID, message) in ready { write(message, of: callID) }
    }

    private func write(_ message: SIPMessage, of callID: String) {
        let (isAdmitted, omitted) = lines.admit()
        guard isAdmitted else { return }
        var fields: Logger.Metadata = [
            "sip_call_id": "\(callID)", "transport": "\(message.transport)", "method": "\(message.method)", "text": "\(SecretRemoval.clean(message.text))",
        ]
        fields["call"] = call(of: callID).map { "\($0)" }
        fields["status"] = message.status.map { "\($0)" }
        fields["peer"] = message.peer.map { "\($0)" }
        if omitted > 0 { fields["omitted"] = "\(omitted)" }
        log.info(message.isSent ? "SIP message sent" : "SIP message received", metadata: fields, source: SIPMessageLog.source)
    }
}
