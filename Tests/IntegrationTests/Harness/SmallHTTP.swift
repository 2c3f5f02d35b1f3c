import Foundation

/// A request on a connection of its own, which is gone afterwards, so that it counts as nobody's descriptor for long.
enum SmallHTTP {
    static func get(_ address: String, port: Int, path: String, user: String? = nil) throws -> (code: Int, body: String) {
        try exchange("GET", address, port: port, path: path, body: nil, user: user, within: .seconds(3))
    }

    /// `GET /status` as an admin has it.
    static func status(_ address: String = "127.0.0.1", port: Int) throws -> (code: Int, body: String) {
        try get(address, port: port, path: "/status", user: "admin")
    }

    /// On a thread that may wait. The connection is closed as soon as the answer is whole.
    static func request(
        _ method: String, _ address: String, port: Int, path: String, body: String?, within limit: Duration
    ) async throws -> (code: Int, body: String) {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result {
                    try exchange(method, address, port: port, path: path, body: body, within: limit)
                })
            }
        }
    }

    private static func exchange(
        _ method: String, _ address: String, port: Int, path: String, body: String?, user: String? = nil, within limit: Duration
    ) throws -> (code: Int, body: String) {
        let socket = try Socket(connectedTo: address, port: port)
        defer { socket.close() }
        var head = "\(method) \(path) HTTP/1.1\r\nHost: \(address):\(port)\r\n"
        if let user { head += "Authorization: Basic \(Data("\(user):\(GatewayProcess.password)".utf8).base64EncodedString())\r\n" }
        if let body { head += "Content-Type: application/json; charset=utf-8\r\nContent-Length: \(body.utf8.count)\r\n" }
        socket.write(Array((head + "\r\n" + (body ?? "")).utf8))
        var bytes: [UInt8] = []
        while let more = socket.read(within: limit), !more.isEmpty {
            bytes += more
            if let answer = whole(bytes) { return answer }
        }
        throw HarnessError("\(method) \(path): no answer, but \(String(decoding: bytes, as: UTF8.self))")
    }

    /// Nil while the body is shorter than its Content-Length.
    private static func whole(_ bytes: [UInt8]) -> (code: Int, body: String)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).lowercased()
        let body = bytes[end.upperBound...]
        let code = head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let length = head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
        guard let length, body.count >= length else { return nil }
        return (code, String(decoding: body, as: UTF8.self))
    }
}
