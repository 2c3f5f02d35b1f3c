import Foundation
import TestCertificates

/// One end of the SIP wire, over UDP or one connection of TCP or TLS: sends bytes as they are, and keeps the messages that come back.
final class SIPWire: Sendable {
    /// As a Via names it.
    enum Transport: String, Sendable, CaseIterable {
        case udp = "UDP", tcp = "TCP", tls = "TLS"
    }

    let transport: Transport
    let address: String
    let port: Int
    private let gateway: (address: String, port: Int)
    private let socket: Socket
    private let tunnel: TLSTunnel?
    private let messages = Mailbox<SIPText>()

    init(_ transport: Transport, to gateway: GatewayProcess) throws {
        self.transport = transport
        address = gateway.address
        self.gateway = (gateway.address, gateway.sipPort)
        tunnel = transport == .tls ? try TLSTunnel(port: gateway.tlsPort, address: gateway.address, authority: nil) : nil
        switch transport {
        case .udp: socket = try Socket(type: SOCK_DGRAM, address: gateway.address, port: 0)
        case .tcp: socket = try Socket(connectedTo: gateway.address, port: gateway.sipPort)
        case .tls: socket = Socket(adopting: tunnel?.descriptor ?? -1)
        }
        // The tunnel's own port is not known; nobody connects there.
        port = transport == .tls ? 5_061 : socket.port
        let (socket, messages, isStream) = (socket, messages, transport != .udp)
        Thread.detachNewThread { SIPWire.read(socket, isStream: isStream, into: messages) }
    }

    deinit { close() }

    func close() {
        socket.close()
        tunnel?.close()
    }

    private static func read(_ socket: Socket, isStream: Bool, into messages: Mailbox<SIPText>) {
        var buffer: [UInt8] = []
        while let bytes = socket.read(), !bytes.isEmpty {
            guard isStream else {
                messages.post(SIPText(text: String(decoding: bytes, as: UTF8.self)))
                continue
            }
            buffer += bytes
            while let size = SIPText.size(ofFirstIn: buffer) {
                messages.post(SIPText(text: String(decoding: buffer.prefix(size), as: UTF8.self)))
                buffer.removeFirst(size)
            }
        }
        messages.close()
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        if transport == .udp { socket.send(bytes, to: gateway.address, port: gateway.port) } else { socket.write(bytes) }
    }

    /// The next final response that matches; nil when none comes in time, or the gateway has closed the connection.
    func final(within limit: Duration, where matches: @escaping @Sendable (SIPText) -> Bool = { _ in true }) async -> SIPText? {
        await messages.first(within: limit) { $0.status >= 200 && matches($0) }
    }

    /// What has come and was not taken, without the provisional responses.
    var unread: [SIPText] { messages.all.filter { !(100..<200).contains($0.status) } }
}

extension SIPText {
    /// Bytes of the first message of a connection; nil until all of it is there.
    static func size(ofFirstIn buffer: [UInt8]) -> Int? {
        let text = String(decoding: buffer, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let size = text[..<end.upperBound].utf8.count + (SIPText(text: text)["content-length"].flatMap { Int($0) } ?? 0)
        return buffer.count >= size ? size : nil
    }
}
