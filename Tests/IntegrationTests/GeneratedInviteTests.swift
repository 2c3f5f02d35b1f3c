import Foundation
import TestRandom
import Testing

extension IntegrationTests.Torture {
    /// How many INVITEs are sent; `make torture` asks for all.
    private static let inviteCount = ProcessInfo.processInfo.environment["TERN_TORTURE_INVITES"].flatMap { Int($0) } ?? 400

    @Test("INVITEs with one fault each get an answer, or silence where what a response needs is broken; the next call works")
    func generatedInvites() async throws {
        let stage = try Stage.running
        let gateway = try await GatewayProcess(in: stage.environment, name: "generated", media: ["timeout: 5s"])
        let janus = try #require(gateway.janusProcesses().first)
        let probe = try SIPProbe(at: gateway), caller = try InviteSender(to: gateway)
        defer { caller.stop() }
        try await probe.callEcho()
        var random = SeededRandom("generated INVITEs")
        let faults = GeneratedInvite.all().shuffled(using: &random).prefix(Self.inviteCount)
        let ends = GeneratedInvite.Ends(address: caller.address, port: caller.port, gateway: "\(gateway.address):\(gateway.sipPort)")
        let body = SIPProbe.Call.sdp(caller.address)
        var answered = 0, silent = 0, sent = 0, unanswered: [String] = []
        for (index, fault) in faults.enumerated() {
            let invite = GeneratedInvite(fault, number: index + 1, between: ends, body: body)
            guard !invite.isTooLong else { continue }
            sent += 1
            caller.send(invite.bytes)
            // Behind it, by the same socket: when this is answered, that has been read.
            guard try await caller.isAnswered("OPTIONS-\(index + 1)") else { throw HarnessError("OPTIONS is not answered behind \(invite.fault)") }
            if await caller.hasFinal(of: index + 1, within: invite.maySilence ? .milliseconds(150) : .patience) {
                answered += 1
            } else if invite.maySilence {
                silent += 1
            } else {
                unanswered.append(invite.fault)
            }
        }
        #expect(unanswered.isEmpty, "not answered: \(unanswered.joined(separator: "\n"))")
        try await probe.callEcho()
        #expect(gateway.janusProcesses() == [janus], "Janus was started again")
        Self.write("| INVITEs with one fault each, made from a grammar | \(sent) | \(answered) answered, \(silent) in silence |")
        await gateway.end(within: .seconds(150))
    }

    /// Adds a line to the table of docs/reliability.md, where `make torture` asks for it.
    static func write(_ line: String) {
        guard let path = ProcessInfo.processInfo.environment["TERN_TORTURE_REPORT"], let file = FileHandle(forWritingAtPath: path) else { return }
        file.seekToEndOfFile()
        file.write(Data((line + "\n").utf8))
        try? file.close()
    }
}

/// Sends INVITEs over UDP, acknowledges whatever answer comes, and hangs up what is answered with 200.
private final class InviteSender: Sendable {
    let address: String
    let port: Int
    private let socket: Socket
    private let gateway: (address: String, port: Int)
    private let messages = Mailbox<SIPText>()

    init(to gateway: GatewayProcess) throws {
        address = gateway.address
        self.gateway = (gateway.address, gateway.sipPort)
        socket = try Socket(type: SOCK_DGRAM, address: gateway.address, port: 0)
        port = socket.port
        let (socket, messages, target, own) = (socket, messages, self.gateway, "\(gateway.address):\(socket.port)")
        Thread.detachNewThread {
            while let bytes = socket.read(), !bytes.isEmpty {
                let message = SIPText(text: String(decoding: bytes, as: UTF8.self))
                for request in InviteSender.followUp(of: message, own: own, gateway: "\(target.address):\(target.port)") {
                    socket.send(Array(request.utf8), to: target.address, port: target.port)
                }
                messages.post(message)
            }
        }
    }

    func stop() { socket.close() }

    func send(_ bytes: [UInt8]) { socket.send(bytes, to: gateway.address, port: gateway.port) }

    /// Sends an OPTIONS, and waits for its answer.
    func isAnswered(_ id: String) async throws -> Bool {
        let own = "\(address):\(port)"
        send(Array((
            "OPTIONS sip:\(gateway.address):\(gateway.port) SIP/2.0\r\nVia: SIP/2.0/UDP \(own);rport;branch=z9hG4bK\(id)\r\nMax-Forwards: 70\r\nFrom: <sip:caller@\(own)>;tag=o\r\n"
                + "To: <sip:\(gateway.address)>\r\nCall-ID: \(id)\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").utf8))
        return await messages.first(within: .patience) { $0["call-id"] == id } != nil
    }

    /// Whether an INVITE has got its final response.
    func hasFinal(of number: Int, within limit: Duration) async -> Bool {
        let name = GeneratedInvite.name(number)
        return await messages.first(within: limit) { $0.status >= 200 && $0.method != "OPTIONS" && ($0.text.contains(name) || $0.number == number) } != nil
    }

    /// ACK, and BYE to what was answered; 200 to a request of the gateway's.
    private static func followUp(of message: SIPText, own: String, gateway: String) -> [String] {
        if message.status == 0 {
            return message.text.hasPrefix("ACK ") || message["cseq"] == nil ? [] : [SIPProbe.ok(to: message.text)]
        }
        guard message.status >= 200, message.method == "INVITE", let from = message["from"], let to = message["to"], let id = message["call-id"] else { return [] }
        let uri = message.status < 300 ? message.contact ?? "sip:echo@\(gateway)" : "sip:echo@\(gateway)"
        let branch = message.status < 300 ? nil : message["via"]?.components(separatedBy: "branch=").dropFirst().first?.split(separator: ";").first.map(String.init)
        func request(_ method: String, _ number: Int, _ branch: String) -> String {
            "\(method) \(uri) SIP/2.0\r\nVia: SIP/2.0/UDP \(own);rport;branch=\(branch)\r\nMax-Forwards: 70\r\nFrom: \(from)\r\nTo: \(to)\r\nCall-ID: \(id)\r\n"
                + "CSeq: \(number) \(method)\r\nContent-Length: 0\r\n\r\n"
        }
        let acknowledgement = request("ACK", message.number, branch ?? "z9hG4bK" + UUID().uuidString)
        guard message.status < 300 else { return [acknowledgement] }
        return [acknowledgement, request("BYE", message.number &+ 1, "z9hG4bK" + UUID().uuidString)]
    }
}
