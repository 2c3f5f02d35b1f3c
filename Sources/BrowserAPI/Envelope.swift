internal import JSON

/// What one text from a client is.
enum IncomingMessage {
    case request(IncomingRequest)
    case response(TransactionID, Result<JSONValue, APIError>)
    case ack(TransactionID)
    /// An answer to nothing: it gets none, lest two programs answer each other for ever.
    case ignored(StaticString)
}

/// A request of a client, before its command is looked at.
struct IncomingRequest {
    var tid: TransactionID
    var `class`: String
    var cmd: String
    var data: Fields
}

/// Why a text is no request that can be served, and the `tid` where it had one.
struct EnvelopeError: Error {
    var error: APIError
    var tid: TransactionID?
}

extension IncomingMessage {
    init(parsing text: String) throws(EnvelopeError) {
        let members: [String: JSONValue]
        do throws(JSONError) {
            guard let object = try JSONValue(parsing: text).objectValue else {
                throw JSONError(line: 0, column: 0, reason: "it is of another type")
            }
            members = object
        } catch {
            throw EnvelopeError(error: APIError(.notAnObject, "the message is not a JSON object: \(error)"))
        }
        if let ack = members["ack"] {
            self = TransactionID(ack).map(IncomingMessage.ack) ?? .ignored("an ack without a usable tid")
        } else if let result = members["result"] {
            self = IncomingMessage(result: result, members)
        } else {
            self = .request(try IncomingRequest(members))
        }
    }

    /// Longest text of a client's error that is kept.
    private static let longestError = 256

    private init(result: JSONValue, _ members: [String: JSONValue]) {
        guard let tid = TransactionID(members["tid"]) else {
            self = .ignored("a response without a usable tid")
            return
        }
        let data = members["data"] ?? [:]
        switch (result, data) {
        case ("ok", .object), ("ok", .null):
            self = .response(tid, .success(data == .null ? [:] : data))
        case ("error", _):
            let code = data["code"]?.intValue ?? APIError.Code.refusedByClient.rawValue
            let text = data["error"]?.stringValue ?? APIError.Code.refusedByClient.meaning
            self = .response(tid, .failure(APIError(code: code, text: String(text.prefix(IncomingMessage.longestError)))))
        default:
            self = .response(tid, .failure(APIError(.invalidField, "the client's response is malformed")))
        }
    }
}

extension IncomingRequest {
    init(_ members: [String: JSONValue]) throws(EnvelopeError) {
        guard let given = members["tid"], given != .null else {
            throw EnvelopeError(error: .missing("tid"))
        }
        guard let tid = TransactionID(given) else { throw EnvelopeError(error: APIError(.invalidTID)) }
        do throws(APIError) {
            let fields = Fields(members)
            self.init(
                tid: tid, class: try fields.text("class", bytes: 0...64), cmd: try fields.text("cmd", bytes: 0...64),
                data: try fields.optionalObject("data", prefix: "") ?? Fields([:]))
            _ = try fields.optionalText("subclass", bytes: 0...64)
        } catch {
            throw EnvelopeError(error: error, tid: tid)
        }
    }
}

/// The texts that go to a client.
enum OutgoingMessage {
    static func ok(_ tid: TransactionID, _ data: JSONValue = [:]) -> String {
        let message: JSONValue = ["result": "ok", "data": data, "tid": tid.json]
        return message.text
    }

    /// - Parameter tid: None when the message that is at fault had none: then it is `null`.
    static func error(_ tid: TransactionID?, _ error: APIError) -> String {
        var data: [String: JSONValue] = ["code": .integer(error.code), "error": .string(error.text)]
        if let status = error.sipStatus { data["sip_status"] = .integer(status) }
        let message: JSONValue = ["result": "error", "data": .object(data), "tid": tid?.json ?? .null]
        return message.text
    }

    static func ack(_ tid: TransactionID) -> String {
        let message: JSONValue = ["ack": tid.json]
        return message.text
    }

    static func request(class: String, cmd: String, data: JSONValue, tid: TransactionID) -> String {
        let message: JSONValue = ["class": .string(`class`), "cmd": .string(cmd), "data": data, "tid": tid.json]
        return message.text
    }

    static func event(_ event: BrowserEvent) -> String {
        let data: JSONValue = [
            "class": .string(event.class), "subclass": .string(event.subclass), "type": .string(event.type),
            "obj_id": .string(event.objID), "body": event.body,
        ]
        let message: JSONValue = ["class": "core", "cmd": "event", "data": data]
        return message.text
    }
}

/// The `tid` of a request: a number or a string, given back with the type that it came with.
enum TransactionID: Hashable, Sendable {
    case integer(Int)
    case real(Double)
    case string(String)

    /// Longest string, in bytes: every answer repeats it.
    private static let longest = 128

    init?(_ value: JSONValue?) {
        switch value {
        case .integer(let number): self = .integer(number)
        case .real(let number): self = .real(number)
        case .string(let text) where text.utf8.count <= TransactionID.longest: self = .string(text)
        default: return nil
        }
    }

    var json: JSONValue {
        switch self {
        case .integer(let number): .integer(number)
        case .real(let number): .real(number)
        case .string(let text): .string(text)
        }
    }
}
