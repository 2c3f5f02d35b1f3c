import Foundation
import SDP

/// Plays a case of the corpus `RealWorld`: sends its messages, acknowledges, has media come back, hangs up.
final class RealWorldCall {
    private let sample: RealWorldCase
    private let gateway: GatewayProcess
    private let wire: SIPWire
    private let audio: RTPSample
    private let video: RTPSample
    private let callID = UUID().uuidString
    private let tag = String(UUID().uuidString.prefix(8))
    private var toTag = ""
    private var remoteTarget: String
    /// Whether an INVITE was answered 200 and nobody has hung up.
    private var isUp = false
    /// The message that was sent last with a description, and the one that came last.
    private var own = "", theirs = ""

    /// How long an answer may take.
    private static let patience = Duration.seconds(15)

    /// Of the final response to the last message; nil is silence.
    private var status: Int? { wire.transport == .tls && sample.isSilentOverTLS ? nil : sample.status }

    init(_ sample: RealWorldCase, over transport: SIPWire.Transport, to gateway: GatewayProcess) throws {
        self.sample = sample
        self.gateway = gateway
        wire = try SIPWire(transport, to: gateway)
        audio = try RTPSample(on: gateway.address)
        video = try RTPSample(on: gateway.address)
        remoteTarget = "sip:echo@\(gateway.address):\(gateway.sipPort)"
    }

    /// What differs from what is expected; empty where all is well.
    func play() async throws -> [String] {
        defer {
            wire.close()
            audio.stop()
            video.stop()
        }
        var problems = try await exchange()
        if isUp, sample.media != .none { problems += try await mediaProblems() }
        if isUp { problems += try await hangUp() }
        return problems + (try await lifeProblems())
    }

    // MARK: Messages

    private func exchange() async throws -> [String] {
        var last: SIPText?
        for (index, template) in sample.messages.enumerated() {
            let text = filled(template), method = String(text.prefix { $0 != " " && $0 != "\t" })
            wire.send(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
            if text.contains("m=") { own = text }
            if method == "ACK" { continue }
            let isLast = !sample.messages.dropFirst(index + 1).contains { !$0.hasPrefix("ACK ") }
            if isLast, status == nil { return [] }
            let sequence = SIPText(text: text)["cseq"]
            guard let response = await wire.final(within: Self.patience, where: { index == 0 || $0["cseq"] == sequence }) else {
                return ["\(method) is not answered"]
            }
            last = response
            follow(response, to: text, method, isAcknowledged: index + 1 < sample.messages.count && sample.messages[index + 1].hasPrefix("ACK "))
            if !isLast, response.status >= 300 { return ["\(method) is answered \(response.text)"] }
        }
        guard let last else { return ["there is no request"] }
        return differences(of: last)
    }

    private func differences(of response: SIPText) -> [String] {
        guard response.status == status else { return ["expected \(status.map(String.init) ?? "silence"):\n\(response.text)"] }
        var problems: [String] = []
        for (name, fragment) in sample.headers {
            let values = response.lines.filter { $0.lowercased().hasPrefix(name + ":") }.map { $0.dropFirst(name.count + 1) }
            if !values.contains(where: { $0.contains(fragment) || fragment.isEmpty }) { problems.append("no \(name): \(fragment)") }
        }
        for (text, isThere) in sample.fragments where response.body.contains(text) != isThere {
            problems.append("the body has \(isThere ? "no" : "a") \(text)")
        }
        return problems.isEmpty ? [] : problems + [response.text]
    }

    /// What a final response brings about: the dialog, and the ACK to an INVITE.
    private func follow(_ response: SIPText, to request: String, _ method: String, isAcknowledged: Bool) {
        if response.status < 300 {
            if let tag = response["to"]?.components(separatedBy: ";tag=").dropFirst().first { toTag = String(tag.prefix { $0 != ";" }) }
            if let contact = response.contact { remoteTarget = contact }
            if response.body.contains("m=") { theirs = response.body }
            if method == "INVITE" { isUp = true }
        }
        guard method == "INVITE", !isAcknowledged else { return }
        // The ACK of a 2xx is a transaction of its own; that of another response belongs to the INVITE's (RFC 3261 section 17.1.1.3).
        let sent = SIPText(text: request)
        let branch = sent["via"]?.components(separatedBy: "branch=").dropFirst().first?.split(separator: ";").first.map(String.init)
        let to = response.status < 300 ? toTag : response["to"]?.components(separatedBy: ";tag=").dropFirst().first ?? ""
        wire.send(
            self.request("ACK", number: sent.number, tag: to, branch: response.status < 300 ? nil : branch,
                uri: response.status < 300 ? remoteTarget : "sip:echo@\(gateway.address):\(gateway.sipPort)"))
    }

    /// - Parameter tag: Of the To header; none where it is empty.
    private func request(
        _ method: String, number: Int, tag toTag: String, branch: String? = nil, uri: String, id: String? = nil
    ) -> String {
        let own = "\(wire.address):\(wire.port)"
        return "\(method) \(uri) SIP/2.0\r\nVia: SIP/2.0/\(wire.transport.rawValue) \(own);rport;branch=\(branch ?? Self.branch())\r\n"
            + "Max-Forwards: 70\r\nFrom: <sip:phone@\(own)>;tag=\(tag)\r\n"
            + "To: <sip:echo@\(gateway.address):\(gateway.sipPort)>\(toTag.isEmpty ? "" : ";tag=\(toTag)")\r\n"
            + "Call-ID: \(id ?? callID)\r\nCSeq: \(number) \(method)\r\nContact: <sip:phone@\(own);transport=\(wire.transport.rawValue)>\r\n"
            + "Content-Length: 0\r\n\r\n"
    }

    private static func branch() -> String { "z9hG4bK" + UUID().uuidString }

    private func filled(_ template: String) -> String {
        let values = [
            "branch": Self.branch(), "tag": tag, "call-id": callID, "host": wire.address, "port": "\(wire.port)",
            "transport": wire.transport.rawValue, "target": "\(gateway.address):\(gateway.sipPort)", "gateway": gateway.address, "to-tag": toTag,
            "remote-target": remoteTarget, "rtp-port": "\(audio.port)", "video-port": "\(video.port)",
            "nul": "\0", "cr": "\r", "lf": "\n", "tab": "\t", "sp": " ",
        ]
        var text = values.reduce(template) { $0.replacingOccurrences(of: "{\($1.key)}", with: $1.value) }
        let length = text.range(of: "\r\n\r\n").map { text[$0.upperBound...].unicodeScalars.count } ?? 0
        text = text.replacingOccurrences(of: "{length}", with: "\(length)")
        return text
    }

    // MARK: Media

    private func mediaProblems() async throws -> [String] {
        let kinds: [(MediaKind, RTPSample)] = sample.media == .both ? [(.audio, audio), (.video, video)] : [(.audio, audio)]
        let answer = try SessionDescription(parsing: theirs)
        var problems: [String] = []
        for (kind, stream) in kinds {
            guard let medium = answer.media.first(where: { $0.kind == kind && $0.port != 0 }) else {
                problems.append("no \(kind) was agreed:\n\(theirs)")
                continue
            }
            guard let type = agreedType(of: medium, kind) else {
                problems.append("no payload type of \(kind) was agreed:\n\(theirs)")
                continue
            }
            try encrypt(stream, by: medium)
            let address = answer.connection(for: medium)?.address ?? gateway.address
            if try await !stream.comesBack(as: type, from: address, port: Int(medium.port)) {
                problems.append("\(kind) of payload type \(type) does not come back:\n\(theirs)")
            }
        }
        return problems
    }

    /// The first payload type that both sides have named for media.
    private func agreedType(of medium: MediaDescription, _ kind: MediaKind) -> UInt8? {
        let ours = own.split(whereSeparator: \.isNewline).filter { $0.lowercased().hasPrefix("m=\(kind)") }
            .flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst(3).compactMap { UInt8($0) } }
        return medium.payloadTypes.first { type in
            let isEvent = medium.rtpmap(for: type).map { ["telephone-event", "cn"].contains($0.encoding.lowercased()) } ?? false
            return ours.contains(type) && !isEvent
        }
    }

    /// Keys by the tag that the answer names (RFC 4568 section 5.1.2).
    private func encrypt(_ stream: RTPSample, by medium: MediaDescription) throws {
        for case .crypto(let crypto) in medium.attributes {
            let line = own.split(whereSeparator: \.isNewline).first { $0.lowercased().hasPrefix("a=crypto:\(crypto.tag) ") }
            guard let key = line?.components(separatedBy: "inline:").dropFirst().first?.split(whereSeparator: { "| ;".contains($0) }).first else {
                throw HarnessError("no key of ours for a=crypto:\(crypto.tag)")
            }
            let peer = crypto.key.dropFirst("inline:".count).prefix { $0 != "|" }
            stream.encrypt(own: try SRTPStream(key: String(key)), peer: try SRTPStream(key: String(peer)))
        }
    }

    // MARK: The end

    private func hangUp() async throws -> [String] {
        wire.send(request("BYE", number: 9_000, tag: toTag, uri: remoteTarget))
        let response = await wire.final(within: Self.patience) { $0.method == "BYE" }
        isUp = false
        return response?.status == 200 ? [] : ["BYE is answered \(response?.text ?? "by nothing")"]
    }

    /// Whether the gateway serves the next one. What was sent before it, by the same way, has been seen to by then. A connection with what is
    /// no SIP is closed, or waits for its rest: then another one has to do.
    private func lifeProblems() async throws -> [String] {
        var response = await options(over: wire, within: status == nil ? .seconds(2) : Self.patience)
        if response == nil, wire.transport != .udp {
            let next = try SIPWire(wire.transport, to: gateway)
            defer { next.close() }
            response = await options(over: next, within: Self.patience)
        }
        guard response?.status == 200 else { return ["OPTIONS is answered \(response?.text ?? "by nothing")"] }
        let unexpected = wire.unread.filter { status == nil || $0.status == 0 }
        return unexpected.isEmpty ? [] : ["this came as well: \(unexpected.map(\.text))"]
    }

    private func options(over wire: SIPWire, within limit: Duration) async -> SIPText? {
        let id = UUID().uuidString
        wire.send(request("OPTIONS", number: 1, tag: "", uri: "sip:echo@\(gateway.address):\(gateway.sipPort)", id: id))
        return await wire.final(within: limit) { $0["call-id"] == id }
    }
}
