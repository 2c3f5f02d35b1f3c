/// A pattern of events; what it leaves open matches all.
struct Subscription: Hashable, Sendable {
    var `class`: String?
    var subclass: String?
    var type: String?
    var objID: String?

    func matches(_ event: BrowserEvent) -> Bool {
        accepts(`class`, event.class) && accepts(subclass, event.subclass) && accepts(type, event.type)
            && accepts(objID, event.objID)
    }

    /// Whether every event that `other` matches matches this one too.
    func covers(_ other: Subscription) -> Bool {
        accepts(`class`, other.class) && accepts(subclass, other.subclass) && accepts(type, other.type)
            && accepts(objID, other.objID)
    }

    private func accepts(_ pattern: String?, _ value: String?) -> Bool { pattern == nil || pattern == value }
}

extension Subscription {
    init(_ fields: Fields) throws(APIError) {
        self.init(
            class: try Subscription.pattern("class", fields), subclass: try Subscription.pattern("subclass", fields),
            type: try Subscription.pattern("type", fields), objID: try Subscription.pattern("obj_id", fields))
    }

    private static func pattern(_ field: String, _ fields: Fields) throws(APIError) -> String? {
        guard let text = try fields.optionalText(field, bytes: 1...128), text != "*" else { return nil }
        return text
    }
}
