import EventLoop
import Glibc

/// A peer that says exactly what a test writes, over UDP or TCP, and shows what comes back.
@LoopActor
final class RawPeer {
    private let descriptor: Int32
    private let isStream: Bool
    private var buffer: [UInt8] = []
    /// Its own port.
    let port: Int
    /// The port that it talks to; nil until it is told or hears from somebody.
    var remotePort: Int?

    /// - Parameters:
    ///   - host: The last byte of its address, 127.0.0.x.
    ///   - room: Bytes that the system keeps for it until it reads them, about; nil for as many as the system likes, some megabytes.
    init(talkingTo remotePort: Int? = nil, tcp: Bool = false, host: UInt8 = 1, room: Int32? = nil) throws {
        isStream = tcp
        self.remotePort = remotePort
        let kind = tcp ? SOCK_STREAM : SOCK_DGRAM
        let descriptor = socket(AF_INET, Int32(kind.rawValue), 0)
        self.descriptor = descriptor
        if var room { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, socklen_t(MemoryLayout<Int32>.size)) }
        var address = RawPeer.loopback(0, host: host)
        _ = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        } }
        if tcp, let remotePort {
            var remote = RawPeer.loopback(remotePort)
            let result = withUnsafePointer(to: &remote) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            } }
            guard result == 0 else { throw TimedOut(description: "no TCP connection") }
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            getsockname(descriptor, $0, &length)
        } }
        port = Int(UInt16(bigEndian: address.sin_port))
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    /// The plain end of a TLS connection, which closes `descriptor`; `port` is whatever the peer shall write as its own.
    init(tunnel descriptor: Int32, port: Int) {
        self.descriptor = descriptor
        isStream = true
        self.port = port
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    /// The next connection to `listener`; it counts as the listener's port.
    init?(acceptedBy listener: RawListener) {
        let descriptor = accept(listener.descriptor, nil, nil)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        isStream = true
        port = listener.port
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close(descriptor) }

    /// Milliseconds of `TCP_USER_TIMEOUT`; 0 is the system's own.
    var userTimeout: UInt32? {
        var (value, length) = (UInt32(0), socklen_t(MemoryLayout<UInt32>.size))
        return getsockopt(descriptor, Int32(IPPROTO_TCP), 18, &value, &length) == 0 ? value : nil
    }

    /// Ends a TCP connection, as a peer that reboots.
    func hangUpConnection() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    fileprivate static func loopback(_ port: Int, host: UInt8 = 1) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = (UInt32(0x7F00_0000) + UInt32(host)).bigEndian
        return address
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var address = RawPeer.loopback(remotePort ?? 9)
        _ = withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            isStream
                ? Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                : sendto(descriptor, bytes, bytes.count, 0, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        } }
    }

    /// The next message, or nil when none came in time.
    func receive(within limit: Duration = .seconds(20)) async -> String? {
        var found: String?
        try? await eventually(within: limit, "a message") {
            found = self.take()
            return found != nil
        }
        return found
    }

    /// The next message that begins with `start`; others are skipped.
    func receive(_ start: String, within limit: Duration = .seconds(20)) async -> String? {
        let end = ContinuousClock.now + limit
        while ContinuousClock.now < end {
            guard let text = await receive(within: end - ContinuousClock.now) else { return nil }
            if text.hasPrefix(start) { return text }
        }
        return nil
    }

    /// Whether nothing more can be sent, because the other end has closed the connection.
    var isBroken: Bool { Glibc.send(descriptor, "", 0, Int32(MSG_NOSIGNAL)) < 0 && errno != EAGAIN }

    /// Whether the other end has closed the connection.
    var isClosed: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, Int32(MSG_PEEK)) == 0
    }

    /// What bytes there are.
    func takeBytes() -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        return Array(bytes.prefix(max(0, count)))
    }

    /// Reads and forgets what there is; whether the other end has closed or reset the connection.
    var isOver: Bool {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, 0)
            if count == 0 { return true }
            if count < 0 { return errno != EAGAIN }
        }
    }

    /// Reads and forgets what there is; whether there was a message.
    func takeAll() -> Bool { take() != nil }

    /// Whether there is a line end that belongs to no message; it is read.
    func takeLineEnd() -> Bool {
        var bytes: [UInt8] = [0, 0]
        guard recv(descriptor, &bytes, 2, Int32(MSG_PEEK)) == 2, bytes == Array("\r\n".utf8) else { return false }
        return recv(descriptor, &bytes, 2, 0) == 2
    }

    /// The next message, if it is there.
    func take() -> String? {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        var from = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let count = withUnsafeMutablePointer(to: &from) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            recvfrom(descriptor, &bytes, bytes.count, 0, $0, &length)
        } }
        if !isStream {
            guard count > 0 else { return nil }
            remotePort = Int(UInt16(bigEndian: from.sin_port))
            return String(decoding: bytes[..<count], as: UTF8.self)
        }
        if count > 0 { buffer += bytes[..<count] }
        return takeFromStream()
    }

    private func takeFromStream() -> String? {
        let text = String(decoding: buffer, as: UTF8.self)
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        let head = text[..<end.upperBound]
        let length = head.header("Content-Length").flatMap { Int($0) } ?? 0
        let size = head.utf8.count + length
        guard buffer.count >= size else { return nil }
        defer { buffer.removeFirst(size) }
        return String(decoding: buffer[..<size], as: UTF8.self)
    }
}

/// Waits for TCP connections.
@LoopActor
final class RawListener {
    fileprivate let descriptor: Int32
    let port: Int

    init(port: Int = 0) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = RawPeer.loopback(port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let result = withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) | listen(descriptor, 8) | getsockname(descriptor, $0, &length)
        } }
        self.port = Int(UInt16(bigEndian: address.sin_port))
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        guard result == 0 else { throw TimedOut(description: "no listener") }
    }

    deinit { close(descriptor) }

    func connection(within limit: Duration = .seconds(20)) async throws -> RawPeer {
        var peer: RawPeer?
        try await eventually(within: limit, "a connection") {
            peer = RawPeer(acceptedBy: self)
            return peer != nil
        }
        guard let peer else { throw TimedOut(description: "no connection") }
        return peer
    }
}

extension StringProtocol {
    /// The value of the first header field of that name.
    func header(_ name: String) -> String? {
        for line in components("\r\n") {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else { continue }
            return line[line.index(after: colon)...].drop { $0 == " " }.description
        }
        return nil
    }

    /// All values of the header fields of that name.
    func headers(_ name: String) -> [String] {
        components("\r\n").compactMap { line in "\(line)".header(name) }
    }

    private func components(_ separator: String) -> [Substring] {
        String(self).split(separator: separator, omittingEmptySubsequences: false)
    }

    /// The Request-URI.
    var uri: String {
        components(" ").dropFirst().first.map(String.init) ?? ""
    }

    /// The number in the CSeq header.
    var sequence: Int {
        header("CSeq").flatMap { $0.components(" ").first }.flatMap { Int($0) } ?? 0
    }

    /// What follows the header.
    var body: String {
        range(of: "\r\n\r\n").map { String(String(self)[$0.upperBound...]) } ?? ""
    }

    /// The `tag` parameter of a From or To header.
    func tag(of name: String) -> String? {
        header(name)?.components(";tag=").last.map(String.init)
    }

    func range(of needle: String) -> Range<String.Index>? {
        let text = String(self)
        guard let found = text.firstRange(of: needle) else { return nil }
        return found
    }
}

/// Requests as a raw peer writes them.
struct RawRequest {
    var method = "INVITE"
    var uri: String
    var port: Int
    var transport = "UDP"
    var branch = "z9hG4bK-\(UInt64.random(in: 0 ... .max))"
    var callID = "call-\(UInt64.random(in: 0 ... .max))"
    var fromTag = "raw"
    var toTag: String?
    var sequence = 1
    var headers: [String] = []
    var maxForwards: String? = "70"
    var body = ""
    var contentType: String? = "application/sdp"

    init(_ method: String = "INVITE", to port: Int, from own: Int, user: String = "echo") {
        self.method = method
        uri = "sip:\(user)@127.0.0.1:\(port)"
        self.port = own
    }

    var text: String {
        let parameter = transport == "UDP" ? "" : ";transport=\(transport.lowercased())"
        var lines = [
            "\(method) \(uri) SIP/2.0",
            "Via: SIP/2.0/\(transport) 127.0.0.1:\(port);branch=\(branch)",
            "From: \"Raw\" <sip:raw@127.0.0.1:\(port)>;tag=\(fromTag)",
            "To: <\(uri)>" + (toTag.map { ";tag=\($0)" } ?? ""),
            "Call-ID: \(callID)",
            "CSeq: \(sequence) \(method == "ACK" || method == "CANCEL" ? method : method)",
            "Contact: <sip:raw@127.0.0.1:\(port)\(parameter)>",
        ]
        if let maxForwards { lines.append("Max-Forwards: \(maxForwards)") }
        lines += headers
        if !body.isEmpty, let contentType { lines.append("Content-Type: \(contentType)") }
        lines.append("Content-Length: \(body.utf8.count)")
        return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
    }

    /// The request of the same dialog or transaction with another method.
    func then(_ method: String, sequence: Int, toTag: String?, branch: String? = nil) -> RawRequest {
        var request = self
        request.method = method
        request.sequence = sequence
        request.toTag = toTag
        request.branch = branch ?? "z9hG4bK-\(UInt64.random(in: 0 ... .max))"
        request.body = ""
        request.headers = []
        return request
    }
}

/// A response as a raw peer writes it, to a request that it received.
func rawResponse(
    _ status: Int, _ phrase: String, to request: String, port: Int, tag: String = "rawtag", headers: [String] = [],
    body: String = "", type: String = "application/sdp", tcp: Bool = false
) -> String {
    var lines = ["SIP/2.0 \(status) \(phrase)"]
    lines += request.headers("Via").map { "Via: \($0)" }
    lines.append("From: \(request.header("From") ?? "")")
    let to = request.header("To") ?? ""
    lines.append("To: \(to)" + (to.contains(";tag=") || status == 100 ? "" : ";tag=\(tag)"))
    lines.append("Call-ID: \(request.header("Call-ID") ?? "")")
    lines.append("CSeq: \(request.header("CSeq") ?? "")")
    lines.append("Contact: <sip:raw@127.0.0.1:\(port)\(tcp ? ";transport=tcp" : "")>")
    lines += headers
    if !body.isEmpty { lines.append("Content-Type: \(type)") }
    lines.append("Content-Length: \(body.utf8.count)")
    return lines.joined(separator: "\r\n") + "\r\n\r\n" + body
}
