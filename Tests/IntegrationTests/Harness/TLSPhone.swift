import Authentication
import Foundation
import SDP
import TestCertificates

/// A phone behind NAT whose only way is one TLS connection: what it says of its own address leads nowhere.
final class TLSPhone: @unchecked Sendable {
    /// A port that nobody is reached at.
    private static let contact = "192.168.77.7:5061"

    let audio: RTPPhone
    private let tunnel: TLSTunnel
    private let messages = Mailbox<String>()
    private let gateway: String
    private let address: String
    private var media: PhoneMedia
    private var dialog: SIPDialog

    /// - Parameters:
    ///   - authority: PEM file of who must have signed the gateway's certificate, which must have its address.
    init(at address: String, port: Int, authority: String, dialling user: String = "echo") throws {
        self.address = address
        gateway = "\(address):\(port)"
        audio = try RTPPhone(on: address, frequency: 620)
        media = PhoneMedia(address: address, audioPort: audio.port, videoPort: 0, video: nil)
        tunnel = try TLSTunnel(port: port, address: address, authority: authority, name: address)
        dialog = SIPDialog(to: user, at: "\(gateway);transport=tls", contact: TLSPhone.contact)
        dialog.transport = "TLS"
        let (descriptor, messages) = (tunnel.descriptor, messages)
        Thread.detachNewThread { TLSPhone.read(descriptor, into: messages) }
    }

    func stop() {
        audio.stop()
        tunnel.close()
    }

    private static func read(_ descriptor: Int32, into messages: Mailbox<String>) {
        var buffer: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = Glibc.read(descriptor, &part, part.count)
            guard count > 0 else { break }
            buffer += part.prefix(count)
            while let size = SIPText.size(ofFirstIn: buffer) {
                messages.post(String(decoding: buffer.prefix(size), as: UTF8.self))
                buffer.removeFirst(size)
            }
        }
        close(descriptor)
        messages.close()
    }

    private func send(_ text: String) {
        _ = Array(text.utf8).withUnsafeBytes { Glibc.send(tunnel.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    }

    private func message(_ what: String, _ matches: @escaping @Sendable (SIPText) -> Bool) async throws -> SIPText {
        guard let text = await messages.first(within: .patience, where: { matches(SIPText(text: $0)) }) else {
            throw HarnessError("no \(what): \(messages.all)")
        }
        return SIPText(text: text)
    }

    // MARK: What it does

    /// Calls, and speaks when it is answered.
    func call() async throws {
        send(dialog.request("INVITE", body: media.offer()))
        let answer = try await message("answer") { $0.status >= 200 && $0.method == "INVITE" }
        guard answer.status == 200 else { throw HarnessError("the call was not answered: \(answer.text)") }
        dialog.learn(from: answer)
        send(dialog.acknowledgement())
        try speak(to: answer)
    }

    func hangUp() async throws {
        send(dialog.request("BYE"))
        let answer = try await message("answer to BYE") { $0.status >= 200 && $0.method == "BYE" }
        guard answer.status == 200 else { throw HarnessError("BYE was answered \(answer.status)") }
    }

    /// Registers; returns the last status.
    func register(_ user: String, password: String) async throws -> Int {
        var number = 0
        func request(_ headers: String = "") async throws -> SIPText {
            number += 1
            let (id, own) = (dialog.id + "r", number)
            send("REGISTER sip:\(address) SIP/2.0\r\nVia: SIP/2.0/TLS \(TLSPhone.contact);rport;branch=z9hG4bK\(UUID().uuidString)\r\n"
                + "Max-Forwards: 70\r\nFrom: <sip:\(user)@\(address)>;tag=r\r\nTo: <sip:\(user)@\(address)>\r\nCall-ID: \(id)\r\n"
                + "CSeq: \(own) REGISTER\r\nContact: <sip:\(user)@\(TLSPhone.contact);transport=tls>\r\n\(headers)Content-Length: 0\r\n\r\n")
            return try await message("answer to REGISTER") { $0.status >= 200 && $0["call-id"] == id && $0.number == own }
        }
        let challenge = try await request()
        let values = challenge.lines.filter { $0.lowercased().hasPrefix("www-authenticate:") }
            .map { $0.dropFirst("www-authenticate:".count).trimmingCharacters(in: .whitespaces) }
        var client = DigestClient(username: user, credential: .password(Secret(password)))
        guard let text = client.authorization(for: values, method: "REGISTER", uri: "sip:\(address)") else { return challenge.status }
        return try await request("Authorization: \(text)\r\n").status
    }

    /// Waits for a call, answers it and speaks; the INVITE.
    func answer() async throws -> SIPText {
        let invite = try await message("INVITE") { $0.text.hasPrefix("INVITE ") }
        dialog = try SIPDialog(invitedBy: invite, contact: TLSPhone.contact)
        dialog.transport = "TLS"
        send(dialog.response(200, "OK", to: invite, body: media.answer(to: try SessionDescription(parsing: invite.body))))
        _ = try await message("ACK") { $0.text.hasPrefix("ACK ") }
        try speak(to: invite)
        return invite
    }

    private func speak(to message: SIPText) throws {
        let description = try SessionDescription(parsing: message.body)
        guard let medium = description.media.first(where: { $0.kind == .audio && $0.port != 0 }) else { return }
        audio.connect(to: address, port: Int(medium.port))
    }
}
