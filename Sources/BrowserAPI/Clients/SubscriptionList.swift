/// The subscriptions of one client, a bounded number of them.
struct SubscriptionList {
    private let limit: Int
    private var patterns: Set<Subscription> = []
    /// Objects whose events the client would get without asking, and does not want.
    private var muted: [String] = []

    init(limit: Int) { self.limit = limit }

    func matches(_ event: BrowserEvent) -> Bool { patterns.contains { $0.matches(event) } }

    func isMuted(_ objID: String) -> Bool { muted.contains(objID) }

    /// - Returns: Whether there was room for it.
    mutating func insert(_ pattern: Subscription) -> Bool {
        guard patterns.contains(pattern) || patterns.count < limit else { return false }
        patterns.insert(pattern)
        muted.removeAll { $0 == pattern.objID }
        return true
    }

    /// Removes every pattern that `pattern` covers. Where it names an object, and leaves the rest open, it also turns off
    /// what the client gets of it without asking.
    mutating func remove(_ pattern: Subscription) {
        patterns = patterns.filter { !pattern.covers($0) }
        guard let objID = pattern.objID, pattern.covers(Subscription(objID: objID)), !muted.contains(objID) else { return }
        if muted.count >= limit { muted.removeFirst() }
        muted.append(objID)
    }

    /// The object is gone: nothing will be published of it any more.
    mutating func forget(_ objID: String) {
        patterns = patterns.filter { $0.objID != objID }
        muted.removeAll { $0 == objID }
    }
}

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
