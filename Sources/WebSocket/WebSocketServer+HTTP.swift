internal import CWebSockets
internal import EventLoop
internal import SIPNames

/// Plain requests, and the decision on upgrades.
extension WebSocketServer {
    /// Bytes of a body that are written at once.
    private static let chunkSize = 64 * 1024

    // MARK: GET and HEAD

    func respond(on socket: ServerSocket, _ wsi: OpaquePointer) -> Int32 {
        // The library's own timer would not know of a body's progress; the socket's deadline does.
        lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0)
        guard isPrivateEnough(wsi) else { return sendToTLS(wsi) }
        guard let method = LibraryHeaders.method(wsi) else {
            return refuse(405, "only GET and HEAD", [.init("allow", "GET, HEAD")], wsi)
        }
        guard !LibraryHeaders.announcesBody(wsi) else { return refuse(413, "a request may have no body", [], wsi) }
        guard !isStopping else { return refuse(503, "the server stops", [], wsi) }
        guard let path = LibraryHeaders.path(wsi) else { return refuse(400, "no path", [], wsi) }
        let request = HTTPRequest(
            method: method, path: path, query: LibraryHeaders.query(wsi), headers: LibraryHeaders.subset(wsi),
            remoteAddress: socket.remoteAddress)
        var response = handler.respond(to: request)
        if response.isForAllowedOrigins { response.headers += sharing(with: LibraryHeaders.value(WSI_TOKEN_ORIGIN, wsi)) }
        guard LibraryResponse.writeHead(response, ends: false, wsi) else {
            LibraryLog.logger.warning("a response's headers cannot be sent", metadata: ["path": "\(path)"])
            return -1
        }
        guard method == .get, response.length > 0 else { return complete(socket, wsi) }
        progress(socket)
        if let file = response.file {
            socket.file = (file, 0)
            read(for: socket)
            return 0
        }
        socket.body = response.body[...]
        lws_callback_on_writable(wsi)
        return 0
    }

    func sendBody(on socket: ServerSocket, _ wsi: OpaquePointer) -> Int32 {
        guard !socket.body.isEmpty else { return 0 }
        let chunk = socket.body.prefix(WebSocketServer.chunkSize)
        let rest = socket.body.dropFirst(chunk.count)
        guard LibraryResponse.writeChunk(chunk, isLast: rest.isEmpty && socket.file == nil, wsi) else { return -1 }
        guard !rest.isEmpty else {
            socket.body = []
            guard socket.file != nil else { return complete(socket, wsi) }
            progress(socket)
            read(for: socket)
            return 0
        }
        socket.body = rest
        progress(socket)
        lws_callback_on_writable(wsi)
        return 0
    }

    /// Reads the next part of a file that is sent. A file that has become shorter cannot be what was announced: its connection is cut.
    private func read(for socket: ServerSocket) {
        guard let (source, offset) = socket.file else { return }
        LoopActor.task { [weak self, weak socket] in
            let bytes = await source.read(at: offset, count: min(WebSocketServer.chunkSize, source.size - offset))
            guard let self, let socket, let wsi = socket.wsi, socket.file?.source === source else { return }
            guard !bytes.isEmpty else { return cut(wsi) }
            let next = offset + bytes.count
            socket.file = next < source.size ? (source, next) : nil
            socket.body = bytes[...]
            progress(socket)
            lws_callback_on_writable(wsi)
        }
    }

    private func progress(_ socket: ServerSocket) { socket.deadline = .now + configuration.handshakeTimeout }

    private func complete(_ socket: ServerSocket, _ wsi: OpaquePointer) -> Int32 {
        socket.deadline = .now + configuration.idleTimeout
        return lws_http_transaction_completed(wsi) == 0 ? 0 : -1
    }

    /// Answers with an error and closes.
    private func refuse(
        _ status: Int, _ text: String, _ headers: [HTTPResponse.Header], _ wsi: OpaquePointer
    ) -> Int32 {
        let response = HTTPResponse(status: status, text: text, headers: headers)
        if LibraryResponse.writeHead(response, ends: true, wsi), !LibraryHeaders.has(WSI_TOKEN_HEAD_URI, wsi) {
            _ = LibraryResponse.writeBody(response.body, wsi)
        }
        return -1
    }

    // MARK: What comes without TLS

    /// False for a connection without TLS to a server with TLS: it gets a redirection, and nothing else.
    private func isPrivateEnough(_ wsi: OpaquePointer) -> Bool {
        configuration.tls == nil || lws_is_ssl(wsi) != 0
    }

    /// To the same place over TLS: a browser takes `http` for granted where somebody types an address.
    private func sendToTLS(_ wsi: OpaquePointer) -> Int32 {
        guard let host = LibraryHeaders.value(WSI_TOKEN_HOST, wsi), let path = LibraryHeaders.path(wsi),
            host.utf8.count < 256, path.utf8.count < 1_024, host.utf8.allSatisfy(WebSocketServer.mayStandInHost),
            path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
        else { return refuse(403, "only over TLS (https, wss)", [], wsi) }
        return refuse(301, "only over TLS (https, wss)", [.init("location", "https://\(host)\(path)")], wsi)
    }

    /// Letters, digits, and what stands between them in names, addresses and ports.
    private static func mayStandInHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: ".-_:[]".utf8.contains(byte)
        }
    }

    // MARK: Upgrades

    /// Lets only a proper WebSocket handshake at the right path go on (RFC 6455, section 4.2.1).
    func confirmUpgrade(on socket: ServerSocket, _ wsi: OpaquePointer) -> Int32 {
        // The callback's own argument may point to headers that are freed by now: ask for them again.
        guard isPrivateEnough(wsi) else { return refuse(403, "only over TLS (https, wss)", [], wsi) }
        guard let upgrade = LibraryHeaders.value(WSI_TOKEN_UPGRADE, wsi), upgrade.lowercased() == "websocket" else {
            return -1
        }
        guard LibraryHeaders.has(WSI_TOKEN_GET_URI, wsi) else {
            return refuse(405, "a WebSocket opens with GET", [.init("allow", "GET")], wsi)
        }
        guard LibraryHeaders.path(wsi) == configuration.path else { return refuse(404, "no WebSocket here", [], wsi) }
        guard !LibraryHeaders.announcesBody(wsi) else { return refuse(413, "a request may have no body", [], wsi) }
        guard LibraryHeaders.value(WSI_TOKEN_VERSION, wsi) == "13" else {
            return refuse(426, "only WebSocket version 13", [.init("sec-websocket-version", "13")], wsi)
        }
        guard LibraryHeaders.has(WSI_TOKEN_HOST, wsi), LibraryHeaders.value(WSI_TOKEN_KEY, wsi)?.utf8.count == 24 else {
            return refuse(400, "Host or Sec-WebSocket-Key is missing or wrong", [], wsi)
        }
        let host = LibraryHeaders.value(WSI_TOKEN_HOST, wsi)
        let origin = LibraryHeaders.value(WSI_TOKEN_ORIGIN, wsi)
        guard originIsAllowed(origin, host: host) else {
            noteRefusal(of: origin ?? "", socket, host: host ?? "")
            return refuse(403, "not from this origin", [], wsi)
        }
        guard subprotocolIsOffered(LibraryHeaders.value(WSI_TOKEN_PROTOCOL, wsi)) else {
            return refuse(400, "the subprotocol is \(configuration.subprotocol)", [], wsi)
        }
        guard !isStopping, connectionCount < configuration.maximumConnections else {
            return refuse(503, "no more connections", [.init("retry-after", "5")], wsi)
        }
        return 0
    }

    /// A page of our own may always connect: a browser tells where a page comes from (RFC 6454), and the `Host` that it asks.
    private func originIsAllowed(_ origin: String?, host: String?) -> Bool {
        guard let origin = origin?.lowercased() else { return true }
        if let host = host?.lowercased(), ["http://\(host)", "https://\(host)"].contains(origin), isOurs(host) { return true }
        return isConfigured(origin)
    }

    /// Whether `http.allowed_origins` has it.
    private func isConfigured(_ origin: String) -> Bool {
        configuration.allowedOrigins.contains { $0 == "*" || $0.lowercased() == origin.lowercased() }
    }

    /// What lets a page of another origin read a response (the Fetch standard, CORS protocol). A module's import is such a request, and has no preflight.
    private func sharing(with origin: String?) -> [HTTPResponse.Header] {
        let differs = HTTPResponse.Header("vary", "origin")
        guard let origin, isConfigured(origin) else { return [differs] }
        return [differs, HTTPResponse.Header("access-control-allow-origin", origin)]
    }

    /// Whether a `Host` is a name of this server's.
    private func isOurs(_ host: String) -> Bool {
        guard !configuration.hosts.isEmpty else { return true }
        let name = host.hasPrefix("[") ? host.prefix { $0 != "]" } + "]" : host.prefix { $0 != ":" }
        return name == "localhost" || IPAddress(host: String(name)) != nil || configuration.hosts.contains { $0.lowercased() == name }
    }

    private func noteRefusal(of origin: String, _ socket: ServerSocket, host: String) {
        let origin = String(origin.prefix(256))
        guard let attempts = refusedOrigins.note(origin, now: .now) else { return }
        LibraryLog.logger.notice("a page from another origin was refused: http.allowed_origins does not have it", metadata: [
            "origin": "\(origin)", "host": "\(host.prefix(256))", "address": "\(socket.remoteAddress)", "attempts": "\(attempts)",
        ])
    }

    private func subprotocolIsOffered(_ offer: String?) -> Bool {
        guard let offer else { return true }
        return offer.utf8.count < 120
            && offer.split(separator: ",").contains { name in
                name.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" } == configuration.subprotocol
            }
    }
}
