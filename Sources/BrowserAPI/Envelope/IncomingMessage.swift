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
