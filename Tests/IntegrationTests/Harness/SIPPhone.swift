import Foundation
import SDP

/// A SIP phone that a test plays step by step: one call, its offers and answers, and real media. SIPp's scenarios are for
/// what goes by itself.
final class SIPPhone: @unchecked Sendable {
    let audio: RTPPhone
    let video: RTPReflector
    var media: PhoneMedia
    let probe: SIPProbe
    let gateway: String
    private let address: String
    private(set) var dialog: SIPDialog?
    /// Whether it lists INFO in its Allow.
    var takesInfo = false
    /// Whether it lists `replaces` as supported.
    var knowsReplaces = false
    /// The number of the INFO that it has answered last.
    private var lastInfo = 0
    /// The NOTIFYs that came, by Call-ID and CSeq.
    var notified: Set<String> = []
    /// The INVITE that has not been answered finally.
    var invite: SIPText?
    /// The INVITEs that it has taken for calls, by Call-ID and CSeq: one that comes again is no other call.
    private var invitations: Set<String> = []

    /// - Parameter port: Where it listens; any for 0.
    convenience init(_ stage: Stage, frequency: Double = 440, video: PhoneMedia.Video? = nil, port: Int = 0) throws {
        try self.init(at: stage.gateway, frequency: frequency, video: video, port: port)
    }

    /// - Parameter address: Of its signalling and media, in place of the gateway's.
    init(
        at server: GatewayProcess, on address: String? = nil, frequency: Double = 440, video: PhoneMedia.Video? = nil, port: Int = 0
    ) throws {
        let address = address ?? server.address
        self.address = address
        probe = try SIPProbe(at: server, address: address, port: port)
        gateway = probe.registrar
        audio = try RTPPhone(on: address, frequency: frequency)
        self.video = try RTPReflector(on: address)
        media = PhoneMedia(address: address, audioPort: audio.port, videoPort: self.video.port, video: video)
        if address.contains(":") { media.host = address }
    }

    /// One that knows a proxy in front of the gateways.
    init(to proxy: (address: String, port: Int), on address: String, frequency: Double = 440) throws {
        self.address = address
        probe = try SIPProbe(to: proxy, address: address)
        gateway = probe.registrar
        audio = try RTPPhone(on: address, frequency: frequency)
        video = try RTPReflector(on: address)
        media = PhoneMedia(address: address, audioPort: audio.port, videoPort: video.port, video: nil)
    }

    /// What one dials to reach it.
    var uri: String { "sip:phone@\(probe.authority)" }

    /// One whose test has thrown speaks to nobody any more.
    deinit { stop() }

    func stop() {
        audio.stop()
        video.stop()
    }

    // MARK: It calls

    /// - Parameters:
    ///   - user: A user of the gateway that it says that it is.
    ///   - visitor: Who it says that it is elsewhere, where it is no user.
    ///   - headers: Further ones, each with its line end.
    ///   - offers: Whether it makes an offer; else it answers one in its ACK.
    func call(_ dialled: String, from user: String? = nil, visitor: String = "phone", headers: String = "", offers: Bool = true) {
        dialog = SIPDialog(to: dialled, at: gateway, from: user, visitor: visitor, contact: probe.authority)
        describeItself()
        send { $0.request("INVITE", body: offers ? self.media.offer() : nil, headers: headers) }
    }

    /// Waits for a provisional response.
    func provisional(_ status: Int, within limit: Duration = .patience) async throws -> SIPText {
        guard let text = await probe.message(within: limit, where: { $0.hasPrefix("SIP/2.0 \(status) ") }) else {
            throw HarnessError("no \(status) within \(limit)")
        }
        return SIPText(text: text)
    }

    /// Waits for the answer to its call, and acknowledges it.
    @discardableResult
    func answered(within limit: Duration = .patience) async throws -> SessionDescription {
        let response = try await final("INVITE", within: limit)
        guard response.status == 200 else { throw HarnessError("the call was not answered: \(response.text)") }
        dialog?.learn(from: response)
        send { $0.acknowledgement() }
        return try speak(to: response)
    }

    /// Waits for the answer to its call, which has an offer, and answers that in its ACK.
    @discardableResult
    func offeredAtLast(within limit: Duration = .patience) async throws -> SessionDescription {
        let response = try await final("INVITE", within: limit)
        guard response.status == 200 else { throw HarnessError("the call was not answered: \(response.text)") }
        dialog?.learn(from: response)
        let offer = try SessionDescription(parsing: response.body)
        let answer = media.answer(to: offer)
        send { $0.acknowledgement(body: answer) }
        return try speak(to: response)
    }

    // MARK: It is called

    /// Bytes of the INVITE that has not been answered, headers and SDP.
    var invitationSize: Int { invite?.text.utf8.count ?? 0 }

    /// Waits for a call.
    @discardableResult
    func called(within limit: Duration = .patience) async throws -> SessionDescription {
        let known = invitations
        let text = await probe.message(within: limit) { text in
            guard text.hasPrefix("INVITE ") else { return false }
            let invite = SIPText(text: text)
            // One within a call is none, nor one that comes again.
            return !(invite["to"]?.contains(";tag=") ?? false) && !known.contains(invite.transaction)
        }
        guard let text else { throw HarnessError("nobody called within \(limit)") }
        let invite = SIPText(text: text)
        invitations.insert(invite.transaction)
        dialog = try SIPDialog(invitedBy: invite, contact: probe.authority)
        describeItself()
        self.invite = invite
        return try speak(to: invite)
    }

    /// 180, or 183 with its SDP.
    func ring(early: Bool = false) throws {
        let invite = try openInvite()
        let body = early ? media.answer(to: try SessionDescription(parsing: invite.body)) : nil
        send { $0.response(early ? 183 : 180, early ? "Session Progress" : "Ringing", to: invite, body: body) }
    }

    /// Answers the call, or the offer that came within it.
    func accept() async throws {
        let invite = try openInvite()
        let body = media.answer(to: try SessionDescription(parsing: invite.body))
        send { $0.response(200, "OK", to: invite, body: body) }
        try await acknowledged(invite)
    }

    /// Refuses the call, or the offer that came within it.
    func refuse(_ status: Int) async throws {
        let invite = try openInvite()
        send { $0.response(status, "No", to: invite) }
        try await acknowledged(invite)
    }

    private func openInvite() throws -> SIPText {
        guard let invite else { throw HarnessError("there is nothing to answer") }
        return invite
    }

    private func acknowledged(_ invite: SIPText) async throws {
        let transaction = invite.transaction
        guard await probe.message(where: { $0.hasPrefix("ACK ") && SIPText(text: $0).transaction == transaction }) != nil else {
            throw HarnessError("no ACK for INVITE \(invite.number)")
        }
        self.invite = nil
    }

    // MARK: Within the call

    /// Whether an offer has come that nobody looked at.
    func wasOfferedAgain() async -> Bool {
        await probe.message(within: .milliseconds(100)) { $0.hasPrefix("INVITE ") || $0.hasPrefix("UPDATE ") } != nil
    }

    /// Offers what `media` has now, and gives the answer.
    @discardableResult
    func offers() async throws -> SessionDescription {
        send { $0.request("INVITE", body: self.media.offer()) }
        let response = try await final("INVITE", within: .patience)
        guard response.status == 200 else {
            if let dialog { probe.send(dialog.acknowledgement(of: response)) }
            throw HarnessError("the re-INVITE was refused: \(response.text)")
        }
        send { $0.acknowledgement() }
        return try speak(to: response)
    }

    /// Waits for an offer within the call.
    @discardableResult
    func offered(within limit: Duration = .patience) async throws -> SessionDescription {
        let last = dialog?.remoteNumber ?? 0
        let text = await probe.message(within: limit) { $0.hasPrefix("INVITE ") && SIPText(text: $0).number > last }
        guard let text else { throw HarnessError("no re-INVITE within \(limit)") }
        let invite = SIPText(text: text)
        dialog?.remoteNumber = invite.number
        self.invite = invite
        return try SessionDescription(parsing: invite.body)
    }

    /// Sends an INFO, and gives the status of its response.
    func info(_ type: String, _ body: String) async throws -> Int {
        send { $0.request("INFO", body: body, type: type) }
        return try await final("INFO", within: .patience).status
    }

    /// Waits for an INFO, answers it, and gives it.
    func informed(_ status: Int = 200, within limit: Duration = .patience) async throws -> SIPText {
        let last = lastInfo
        let text = await probe.message(within: limit) { $0.hasPrefix("INFO ") && SIPText(text: $0).number > last }
        guard let text else { throw HarnessError("no INFO within \(limit)") }
        let info = SIPText(text: text)
        lastInfo = info.number
        send { $0.response(status, "Answer", to: info) }
        return info
    }

    /// Whether there is an INFO that nobody has looked at.
    func isInformed() async -> Bool {
        let last = lastInfo
        return await probe.message(within: .milliseconds(1)) { $0.hasPrefix("INFO ") && SIPText(text: $0).number > last } != nil
    }

    func hangUp() async throws {
        audio.disconnect()
        send { $0.request("BYE") }
        let status = try await final("BYE", within: .patience).status
        guard status == 200 else { throw HarnessError("BYE was answered \(status)") }
    }

    /// Waits for the other side's BYE.
    func hungUp(within limit: Duration = .patience) async throws {
        guard let text = await probe.message(within: limit, where: { $0.hasPrefix("BYE ") }) else {
            throw HarnessError("no BYE within \(limit)")
        }
        audio.disconnect()
        send { $0.response(200, "OK", to: SIPText(text: text)) }
    }

    // MARK: Parts

    private func describeItself() {
        if takesInfo { dialog?.allow += ", INFO" }
        if knowsReplaces { dialog?.supported = "replaces" }
    }

    func send(_ make: (inout SIPDialog) -> String) {
        guard var dialog else { return }
        let text = make(&dialog)
        self.dialog = dialog
        probe.send(text)
    }

    func final(_ method: String, within limit: Duration) async throws -> SIPText {
        let number = dialog?.number ?? 0, id = dialog?.id
        let text = await probe.message(within: limit) { text in
            let message = SIPText(text: text)
            return message.status >= 200 && message.method == method && message.number == number && message["call-id"] == id
        }
        guard let text else { throw HarnessError("no final response to \(method) within \(limit)") }
        return SIPText(text: text)
    }

    /// Begins to speak to where the message says. The picture needs no address: it answers.
    @discardableResult
    func speak(to message: SIPText) throws -> SessionDescription {
        let description = try SessionDescription(parsing: message.body)
        if let medium = description.media.first(where: { $0.kind == .audio && $0.port != 0 }) {
            let host = description.connection(for: medium)?.address
            audio.connect(to: host ?? address, port: Int(medium.port))
            audio.keyType = medium.payloadTypes.first { medium.rtpmap(for: $0).map { $0.encoding == "telephone-event" && $0.clockRate == 8_000 } ?? false }
            for case .crypto(let crypto) in medium.attributes {
                guard let key = media.key else { break }
                audio.encrypt(own: try SRTPStream(key: key), peer: try SRTPStream(key: String(crypto.key.dropFirst("inline:".count))))
            }
        }
        return description
    }
}
