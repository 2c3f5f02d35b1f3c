internal import Glibc
public import JSON

/// Asks a gateway of this machine, over its control socket. For programs that have no event loop: a request waits for its answer.
public struct ControlClient: Sendable {
    /// Longest answer, in bytes.
    private static let longestAnswer = 256 << 20
    /// How long the gateway may take to answer, in seconds.
    private static let patience = 35

    private let paths: [String]

    /// - Parameter paths: Where the socket may be; the first that answers is asked.
    public init(paths: [String]) { self.paths = paths }

    /// Performs a command of class `admin`.
    ///
    /// - Returns: The answer's `data`.
    /// - Throws: When no gateway is there, when this user may not ask it, or with the gateway's error.
    public func request(_ command: String, _ data: [String: JSONValue] = [:]) throws(ControlError) -> JSONValue {
        let descriptor = try connect()
        defer { close(descriptor) }
        ControlSocket.setTimeout(descriptor, seconds: ControlClient.patience)
        let request: JSONValue = ["class": "admin", "cmd": .string(command), "data": .object(data), "tid": 1]
        guard ControlSocket.write(descriptor, request.text + "\n"), let line = ControlSocket.readLine(descriptor, limit: ControlClient.longestAnswer) else {
            throw ControlError("the gateway gave no answer; it answers its own user and root only")
        }
        guard let answer = try? JSONValue(parsing: line, limits: JSONLimits(size: ControlClient.longestAnswer)) else { throw ControlError("the gateway's answer is no JSON") }
        guard answer["result"]?.stringValue == "ok" else { throw ControlError(answer["data"]?["error"]?.stringValue ?? "the gateway refused the command") }
        return answer["data"] ?? [:]
    }

    private func connect() throws(ControlError) -> Int32 {
        var failure = ControlError("no control socket is known")
        for path in paths {
            do throws(ControlError) { return try ControlSocket.connect(to: path) } catch { failure = error }
        }
        throw ControlError("no gateway is running here, or not by this configuration: \(failure)", isUnreachable: true)
    }
}
