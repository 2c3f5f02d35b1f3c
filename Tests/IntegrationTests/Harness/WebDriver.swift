import JSON

/// The WebDriver protocol over plain HTTP (W3C WebDriver 2): one session of one browser.
struct WebDriver: Sendable {
    let port: Int
    /// Begins the path of every request.
    let prefix: String

    /// - Returns: The answer's `value`.
    func call(_ method: String, _ path: String, _ body: JSONValue? = nil, within limit: Duration = .seconds(70)) async throws -> JSONValue {
        let text = try await SmallHTTP.request(
            method, "127.0.0.1", port: port, path: prefix + path, body: body?.text, within: limit
        ).body
        let value = try JSONValue(parsing: text, limits: JSONLimits(size: 16 << 20))["value"] ?? .null
        if let error = value["error"]?.stringValue {
            throw HarnessError("\(method) \(path): \(error): \(value["message"]?.stringValue ?? "")")
        }
        return value
    }
}
