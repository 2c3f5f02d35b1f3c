import Foundation

/// A Janus that a test runs, with the plugin, and a relay before it that reads the gateway's requests: it can kill Janus as one of them comes,
/// which then is not answered.
final class ExternalJanus: @unchecked Sendable {
    /// For the gateway: the relay's.
    let url: String
    private let listener: Socket
    private let port: Int
    private let folder: URL
    private let kills = Mailbox<String>()
    private let lock = NSLock()
    private var process: TestProcess?
    private var connections: [Socket] = []
    /// The request that it is killed at, and how many of them pass before.
    private var target: (request: String, passing: Int)?

    /// Starts it, with the plugin and the transport that the gateway of the stage has.
    ///
    /// - Parameter address: Where it has its media; that of the stage for nil.
    init(_ stage: Stage, name: String, address: String? = nil) async throws {
        let address = address ?? stage.environment.address
        folder = stage.environment.directory.appendingPathComponent(name)
        port = try FreePort.tcp("127.0.0.1")
        listener = try Socket(type: SOCK_STREAM, address: "127.0.0.1", port: 0)
        url = "ws://127.0.0.1:\(listener.port)/"
        let libraries = stage.environment.directory.appendingPathComponent("gateway/janus").path
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let core = """
            general: {
                configs_folder = "\(folder.path)"
                plugins_folder = "\(libraries)/plugins"
                transports_folder = "\(libraries)/transports"
                events_folder = "\(libraries)/events"
                loggers_folder = "\(libraries)/loggers"
                interface = "\(address)"
                event_loops = 2
            }
            media: { rtp_port_range = "41000-41999" }
            nat: { ice_enforce_list = "\(address)" }

            """
        let transport = "general: { ws = true, ws_port = \(port), ws_ip = \"127.0.0.1\", wss = false }\nadmin: { admin_ws = false }\n"
        try core.write(to: folder.appendingPathComponent("janus.jcfg"), atomically: true, encoding: .utf8)
        try transport.write(to: folder.appendingPathComponent("janus.transport.websockets.jcfg"), atomically: true, encoding: .utf8)
        try await start()
        guard listen(listener.descriptor, 16) == 0 else { throw HarnessError("listen: \(String(cString: strerror(errno)))") }
        let listener = listener
        Thread.detachNewThread { [weak self] in
            while let connection = listener.accepted() { self?.serve(connection) }
        }
    }

    /// Starts it; again, when it was killed.
    func start() async throws {
        if let former = lock.withLock({ process }) { _ = await former.exit(within: .patience) }
        let janus = try await TestProcess("/usr/bin/env", ["janus", "--disable-colors", "--configs-folder", folder.path])
        lock.withLock { process = janus }
        _ = try await janus.line(with: "WebSockets thread started", within: .patience)
    }

    /// Ends it at once, with all that it has.
    func die() async {
        guard let process = lock.withLock({ process }) else { return }
        await process.send(signal: SIGKILL)
        _ = await process.exit(within: .patience)
    }

    func stop() async {
        listener.close()
        disconnect()
        _ = await lock.withLock { process }?.stop()
    }

    /// Cuts the gateway's connections.
    func disconnect() {
        let connections = lock.withLock { self.connections }
        connections.forEach { $0.close() }
    }

    /// Has Janus killed as such a request comes.
    ///
    /// - Parameter passing: How many of them are answered before.
    func killsItself(at request: String, passing: Int = 0) { lock.withLock { target = (request, passing) } }

    /// Waits until that has happened.
    func killed(within limit: Duration = .patience) async throws {
        guard await kills.first(within: limit, where: { _ in true }) != nil else { throw HarnessError("no request has killed Janus within \(limit)") }
    }

    // MARK: The relay

    private func serve(_ client: Socket) {
        // Without Janus there is nobody.
        guard let server = try? Socket(connectedTo: "127.0.0.1", port: port) else { return client.close() }
        lock.withLock { connections += [client, server] }
        Thread.detachNewThread {
            while let bytes = server.read(), !bytes.isEmpty, client.write(bytes) {}
            client.close()
        }
        Thread.detachNewThread { [weak self] in
            var pending: [UInt8] = [], isOpen = true
            while isOpen, let bytes = client.read(), !bytes.isEmpty {
                pending += bytes
                // The handshake, and a frame at a time after it.
                while isOpen, let end = ExternalJanus.end(of: pending) {
                    let message = Array(pending[..<end])
                    pending.removeFirst(end)
                    isOpen = self?.passes(message) == true && server.write(message)
                }
            }
            server.close()
        }
    }

    /// Where the first message ends: an HTTP head, or a masked frame (RFC 6455 section 5.2); nil while it is not complete.
    private static func end(of bytes: [UInt8]) -> Int? {
        if bytes.starts(with: "GET ".utf8) {
            return String(decoding: bytes, as: UTF8.self).range(of: "\r\n\r\n").map { String(decoding: bytes, as: UTF8.self)[..<$0.upperBound].utf8.count }
        }
        guard bytes.count >= 2, let payload = payload(bytes) else { return nil }
        return bytes.count >= payload.upperBound ? payload.upperBound : nil
    }

    private static func payload(_ bytes: [UInt8]) -> Range<Int>? {
        let extra = switch bytes[1] & 0x7f { case 126: 2; case 127: 8; default: 0 }
        guard bytes.count >= 2 + extra else { return nil }
        let length = extra == 0 ? Int(bytes[1] & 0x7f) : bytes[2..<(2 + extra)].reduce(0) { $0 << 8 | Int($1) }
        let begin = 2 + extra + (bytes[1] & 0x80 != 0 ? 4 : 0)
        return begin..<(begin + length)
    }

    /// Kills Janus where that is its time.
    private func passes(_ message: [UInt8]) -> Bool {
        guard !message.starts(with: "GET ".utf8), message.count > 1, message[1] & 0x80 != 0, let range = ExternalJanus.payload(message) else { return true }
        let mask = Array(message[(range.lowerBound - 4)..<range.lowerBound])
        let text = String(decoding: message[range].enumerated().map { $0.element ^ mask[$0.offset % 4] }, as: UTF8.self)
        let victim = lock.withLock { () -> TestProcess? in
            guard let target, text.contains("\"request\":\"\(target.request)\"") else { return nil }
            guard target.passing == 0 else {
                self.target?.passing -= 1
                return nil
            }
            self.target = nil
            return process
        }
        guard let victim else { return true }
        kill(victim.pid, SIGKILL)
        kills.post(text)
        return false
    }
}
