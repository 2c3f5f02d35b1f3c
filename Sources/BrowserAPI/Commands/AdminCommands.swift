public import EventLoop
public import JSON

/// The commands of class `admin`: what operators ask of the gateway, over the browser API as an admin, or over the control socket.
///
/// The parts that answer them are put in by name when the gateway is wired together.
@LoopActor
public final class AdminCommands {
    /// Answers one command: its `data` in, that of the answer out.
    public typealias Command = @LoopActor (Fields) async throws(APIError) -> JSONValue

    private var commands: [String: Command] = [:]

    public nonisolated init() {}

    public subscript(name: String) -> Command? {
        get { commands[name] }
        set {
            commands[name] = newValue
            RequestCounts.admin.insert(name)
        }
    }

    /// In alphabetical order.
    public var names: [String] { commands.keys.sorted() }

    func perform(_ name: String, _ fields: Fields) async throws(APIError) -> JSONValue {
        guard let command = commands[name] else { throw APIError(.unknownCommand, "`cmd`: class `admin` has no such command") }
        return try await command(fields)
    }

    /// Answers one request of somebody who may ask anything; never without an answer.
    ///
    /// - Parameter text: A request as on the browser API. Only class `admin` is served.
    public func answer(_ text: String) async -> String {
        let request: IncomingRequest
        do throws(EnvelopeError) {
            guard case .request(let parsed) = try IncomingMessage(parsing: text) else {
                return OutgoingMessage.error(nil, APIError(.notAnObject, "the message is no request"))
            }
            request = parsed
        } catch {
            return OutgoingMessage.error(error.tid, error.error)
        }
        do throws(APIError) {
            guard request.class == "admin" else { throw APIError(.unknownClass, "`class` must be \"admin\"") }
            let data = try await perform(request.cmd, request.data)
            RequestCounts.note(request.cmd, code: 0)
            return OutgoingMessage.ok(request.tid, data)
        } catch {
            RequestCounts.note(request.cmd, code: error.code)
            return OutgoingMessage.error(request.tid, error)
        }
    }
}
