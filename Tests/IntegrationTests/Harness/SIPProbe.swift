import Foundation
import Synchronization

/// A SIP client over UDP that sends what it is told to, right or wrong.
final class SIPProbe: Sendable {
    let address: String
    let port: Int
    private let socket: Socket
    private let server: Mutex<(address: String, port: Int)>
    private let messages = Mailbox<String>()

    /// - Parameter port: 0 takes any.
    convenience init(_ stage: Stage, port: Int = 0) throws { try self.init(at: stage.gateway, port: port) }

    /// - Parameter address: Its own; where that is `::1`, the gateway's as well.
    init(at gateway: GatewayProcess, address: String? = nil, port: Int = 0) throws {
        let address = address ?? gateway.address
        self.address = address
        server = Mutex((address.contains(":") ? address : gateway.address, gateway.sipPort))
        socket = try Socket(type: SOCK_DGRAM, address: address, port: port)
        self.port = socket.port
        let socket = socket, messages = messages
        Thread.detachNewThread {
            while let bytes = socket.read(), !bytes.isEmpty { messages.post(String(decoding: bytes, as: UTF8.self)) }
        }
    }

    /// One that knows a proxy in front of the gateways.
    init(to proxy: (address: String, port: Int), address: String, port: Int = 0) throws {
        self.address = address
        server = Mutex(proxy)
        socket = try Socket(type: SOCK_DGRAM, address: address, port: port)
        self.port = socket.port
        let socket = socket, messages = messages
        Thread.detachNewThread {
            while let bytes = socket.read(), !bytes.isEmpty { messages.post(String(decoding: bytes, as: UTF8.self)) }
        }
    }

    deinit { socket.close() }

    private var gateway: (address: String, port: Int) { server.withLock { $0 } }

    /// From now on it sends to another one.
    func move(to other: GatewayProcess) { server.withLock { $0 = (other.address, other.sipPort) } }

    /// The gateway's host and port, as they stand in URIs.
    var registrar: String { SIPProbe.authority(gateway.address, gateway.port) }

    /// Its own.
    var authority: String { SIPProbe.authority(address, port) }

    private static func authority(_ address: String, _ port: Int) -> String {
        address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        let gateway = gateway
        socket.send(bytes, to: gateway.address, port: gateway.port)
    }

    /// A response or request of a call that contains `text`.
    func message(with text: String, of call: Call, within limit: Duration = .patience) async -> String? {
        await messages.first(within: limit) { $0.contains("Call-ID: \(call.id)\r\n") && $0.contains(text) }
    }

    /// The next request of that method, of whichever call.
    func request(_ method: String, within limit: Duration = .patience) async throws -> String {
        guard let request = await messages.first(within: limit, where: { $0.hasPrefix("\(method) ") }) else {
            throw HarnessError("no \(method) within \(limit): \(messages.all)")
        }
        return request
    }

    /// What has come in and nobody has looked for.
    var unread: [String] { messages.all }

    /// Lets go of that: whoever waits for one message among many looks at all of them.
    func forget() { messages.clear() }

    /// A message of whatever call.
    func message(within limit: Duration = .patience, where matches: @escaping @Sendable (String) -> Bool) async -> String? {
        await messages.first(within: limit, where: matches)
    }

    /// The final response to a request of a call.
    func final(_ method: String = "INVITE", of call: Call, within limit: Duration = .patience) async throws -> String {
        let response = await messages.first(within: limit) {
            $0.contains("Call-ID: \(call.id)\r\n") && $0.contains(" \(method)\r\n") && $0.hasPrefix("SIP/2.0 ") && !$0.hasPrefix("SIP/2.0 1")
        }
        guard let response else { throw HarnessError("no final response to \(method) within \(limit): \(messages.all)") }
        return response
    }

    func finalStatus(_ method: String = "INVITE", of call: Call, within limit: Duration = .patience) async throws -> Int {
        SIPProbe.status(of: try await final(method, of: call, within: limit))
    }

    static func status(of response: String) -> Int { response.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0 }

    /// A 200 to a request of the other side's (RFC 3261, section 8.2.6).
    static func ok(to request: String) -> String {
        let copied = ["via:", "from:", "to:", "call-id:", "cseq:"]
        let lines = request.components(separatedBy: "\r\n").filter { line in copied.contains { line.lowercased().hasPrefix($0) } }
        return "SIP/2.0 200 OK\r\n" + lines.joined(separator: "\r\n") + "\r\nContent-Length: 0\r\n\r\n"
    }

    /// Another final response to a request.
    static func response(_ status: Int, _ phrase: String, to request: String, headers: String = "") -> String {
        let lines = ok(to: request).components(separatedBy: "\r\n").map { line in
            line.lowercased().hasPrefix("to:") && !line.contains(";tag=") ? line + ";tag=probe" : line
        }
        return lines.joined(separator: "\r\n").replacingOccurrences(of: "SIP/2.0 200 OK", with: "SIP/2.0 \(status) \(phrase)")
            .replacingOccurrences(of: "\r\nContent-Length: 0", with: "\r\n\(headers)Content-Length: 0")
    }

    /// INVITE, 200, ACK, BYE, 200: whether the gateway still works.
    ///
    /// - Returns: The Call-ID.
    @discardableResult
    func callEcho() async throws -> String {
        var call = Call(to: "echo", from: self)
        send(call.invite())
        let answer = try await final(of: call)
        guard SIPProbe.status(of: answer) == 200 else { throw HarnessError("echo is not answered: \(answer)") }
        call.learn(from: answer)
        send(call.request("ACK", number: 1))
        send(call.request("BYE", number: 2))
        let end = try await finalStatus("BYE", of: call)
        guard end == 200 else { throw HarnessError("the BYE is answered \(end)") }
        return call.id
    }

    /// What identifies a call, and its messages.
    struct Call: Sendable {
        let id = UUID().uuidString
        let user: String
        private let tag = String(UUID().uuidString.prefix(8))
        private let branch = "z9hG4bK" + UUID().uuidString
        private let local: String
        private let remote: String
        private var remoteTag = ""
        private var target: String

        init(to user: String, from probe: SIPProbe) {
            self.user = user
            local = "\(probe.address):\(probe.port)"
            remote = "\(probe.gateway.address):\(probe.gateway.port)"
            target = "sip:\(user)@\(remote)"
        }

        /// Takes the other side's tag and Contact over (RFC 3261, section 12.1.2).
        mutating func learn(from response: String) {
            for line in response.split(separator: "\r\n") {
                if line.lowercased().hasPrefix("to:"), let tag = line.components(separatedBy: ";tag=").dropFirst().first {
                    remoteTag = ";tag=" + tag
                }
                if line.lowercased().hasPrefix("contact:"), let uri = line.split(separator: "<").last?.split(separator: ">").first {
                    target = String(uri)
                }
            }
        }

        static func sdp(_ address: String, port: Int = 7_000) -> String {
            "v=0\r\no=probe 1 1 IN IP4 \(address)\r\ns=-\r\nc=IN IP4 \(address)\r\nt=0 0\r\nm=audio \(port) RTP/AVP 0 8 101\r\n"
                + "a=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=sendrecv\r\n"
        }

        func invite(body: String? = nil, branch: String? = nil, headers: String = "", number: Int = 1, from: String? = nil) -> String {
            let body = body ?? Call.sdp(local.components(separatedBy: ":")[0])
            let head = head(
                "INVITE", number: number, to: "<sip:\(user)@\(remote)>", uri: "sip:\(user)@\(remote)", branch: branch ?? self.branch,
                from: from)
            return head
                + "Contact: <sip:probe@\(local)>\r\n\(headers)Content-Type: application/sdp\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
        }

        /// A request within the dialog, a transaction of its own.
        ///
        /// - Parameter headers: Further ones, each with its line end.
        func request(_ method: String, number: Int, headers: String = "") -> String {
            head(method, number: number, to: "<sip:\(user)@\(remote)>\(remoteTag)", uri: target, branch: "z9hG4bK" + UUID().uuidString)
                + "\(headers)Content-Length: 0\r\n\r\n"
        }

        /// A CANCEL: of the INVITE's branch (RFC 3261, section 9.1).
        func cancel() -> String {
            head("CANCEL", number: 1, to: "<sip:\(user)@\(remote)>", uri: "sip:\(user)@\(remote)", branch: branch)
                + "Content-Length: 0\r\n\r\n"
        }

        /// The ACK of a final response that is not 2xx: part of the INVITE's transaction (RFC 3261, section 17.1.1.3).
        func acknowledgement(of method: String) -> String {
            head("ACK", number: 1, to: "<sip:\(user)@\(remote)>\(remoteTag)", uri: "sip:\(user)@\(remote)", branch: branch)
                + "Content-Length: 0\r\n\r\n"
        }

        private func head(
            _ method: String, number: Int, to: String, uri: String, branch: String, from: String? = nil
        ) -> String {
            "\(method) \(uri) SIP/2.0\r\nVia: SIP/2.0/UDP \(local);rport;branch=\(branch)\r\nMax-Forwards: 70\r\n"
                + "From: \(from ?? "<sip:probe@\(local)>");tag=\(tag)\r\nTo: \(to)\r\nCall-ID: \(id)\r\nCSeq: \(number) \(method)\r\n"
        }
    }
}
