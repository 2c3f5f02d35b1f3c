import Foundation

/// Phones that calls go out to, all at one address: the dialled user says what the called one does. They need nobody who waits for them.
final class SoakPhones: @unchecked Sendable {
    /// What a called phone does, by the user part of the Request-URI.
    enum Manner: String, CaseIterable {
        /// Rings, answers, and does what it is asked for.
        case answers
        /// Answers, and hangs up when it has the ACK.
        case leaves
        case refuses
        /// Rings until it is cancelled.
        case rings
        /// Says nothing.
        case vanishes
        /// Rings, answers, and says nothing more.
        case dies
    }

    private struct Dialog {
        let manner: Manner
        var dialog: SIPDialog
        /// Its INVITE, and the last response to it.
        var invite: SIPText
        var response = ""
    }

    private let socket: Socket
    private let gateway: (address: String, port: Int)
    private let contact: String
    /// The reading thread's.
    private var dialogs: [String: Dialog] = [:]

    init(at gateway: GatewayProcess, port: Int) throws {
        socket = try Socket(type: SOCK_DGRAM, address: gateway.address, port: port)
        self.gateway = (gateway.address, gateway.sipPort)
        contact = "\(gateway.address):\(port)"
        Thread.detachNewThread { [self] in
            while let bytes = socket.read(), !bytes.isEmpty { receive(SIPText(text: String(decoding: bytes, as: UTF8.self))) }
        }
    }

    func stop() { socket.close() }

    private func send(_ text: String) { socket.send(Array(text.utf8), to: gateway.address, port: gateway.port) }

    private func receive(_ message: SIPText) {
        guard let id = message["call-id"] else { return }
        let method = message.text.split(separator: " ").first.map(String.init) ?? ""
        if method == "INVITE", message["to"]?.contains(";tag=") == false { return invited(message, id) }
        guard let known = dialogs[id] else {
            // Repetitions of what has ended.
            if !["ACK", "SIP/2.0"].contains(method) { send(SIPProbe.ok(to: message.text)) }
            return
        }
        guard known.manner != .dies, known.manner != .vanishes else { return }
        switch method {
        case "INVITE":
            // It is transferred: it takes the offer, and leaves when it has the ACK.
            let response = known.dialog.response(200, "OK", to: message, body: SIPProbe.Call.sdp(gateway.address, port: 7_000))
            dialogs[id] = Dialog(manner: .leaves, dialog: known.dialog, invite: message, response: response)
            send(response)
        case "CANCEL":
            send(SIPProbe.ok(to: message.text))
            if known.manner == .rings { send(known.dialog.response(487, "Request Terminated", to: known.invite)) }
        case "BYE":
            dialogs[id] = nil
            send(SIPProbe.ok(to: message.text))
        case "ACK" where known.manner == .leaves: send(dialogs[id]?.dialog.request("BYE") ?? "")
        case "ACK" where known.manner != .answers: dialogs[id] = nil
        case "SIP/2.0" where message.method == "BYE" && message.status >= 200: dialogs[id] = nil
        case "OPTIONS", "INFO", "UPDATE", "NOTIFY": send(SIPProbe.ok(to: message.text))
        default: break
        }
    }

    private func invited(_ invite: SIPText, _ id: String) {
        if let known = dialogs[id] { return known.response.isEmpty ? () : send(known.response) }
        let user = invite.text.split(separator: " ").dropFirst().first?.split(separator: ":").dropFirst().first?.split(separator: "@").first.map(String.init)
        guard let manner = user.flatMap(Manner.init), let dialog = try? SIPDialog(invitedBy: invite, contact: contact) else {
            return send(SIPProbe.response(404, "Not Found", to: invite.text))
        }
        let sdp = SIPProbe.Call.sdp(gateway.address, port: 7_000)
        let ringing = dialog.response(180, "Ringing", to: invite)
        let response: String? = switch manner {
        case .answers, .leaves, .dies: dialog.response(200, "OK", to: invite, body: sdp)
        case .refuses: dialog.response(486, "Busy Here", to: invite)
        case .rings: ringing
        case .vanishes: nil
        }
        dialogs[id] = Dialog(manner: manner, dialog: dialog, invite: invite, response: response ?? "")
        if manner != .refuses, manner != .vanishes { send(ringing) }
        if let response { send(response) }
    }
}
