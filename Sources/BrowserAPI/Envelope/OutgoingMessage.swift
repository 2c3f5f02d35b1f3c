internal import JSON

/// The texts that go to a client.
enum OutgoingMessage {
    static func ok(_ tid: TransactionID, _ data: JSONValue = [:]) -> String {
        let message: JSONValue = ["result": "ok", "data": data, "tid": tid.json]
        return message.text
    }

    /// - Parameter tid: None when the message that is at fault had none: then it is `null`.
    static func error(_ tid: TransactionID?, _ error: APIError) -> String {
        let data: JSONValue = ["code": .integer(error.code), "error": .string(error.text)]
        let message: JSONValue = ["result": "error", "data": data, "tid": tid?.json ?? .null]
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
