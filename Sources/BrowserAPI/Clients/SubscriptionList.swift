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
