internal import EventLoop

/// The clients that are logged in, found by id, user or resume token, and who was granted which object's events.
@LoopActor
struct ClientRegistry {
    private var byID: [String: BrowserClient] = [:]
    /// In the order of their logins.
    private var byUser: [String: [BrowserClient]] = [:]
    private var byToken: [String: BrowserClient] = [:]
    private var admins: [String: BrowserClient] = [:]
    private var grants: [String: Set<String>] = [:]

    nonisolated init() {}

    subscript(id: String) -> BrowserClient? { byID[id] }
    var count: Int { byID.count }
    var all: [BrowserClient] { Array(byID.values) }

    func clients(of user: String) -> [BrowserClient] { byUser[user] ?? [] }
    func client(token: String) -> BrowserClient? { byToken[token] }

    mutating func insert(_ client: BrowserClient) {
        byID[client.id] = client
        byUser[client.user.name, default: []].append(client)
        byToken[client.resumeToken] = client
        if client.user.isAdmin { admins[client.id] = client }
    }

    /// - Returns: Whether it was there.
    mutating func remove(_ client: BrowserClient) -> Bool {
        guard byID.removeValue(forKey: client.id) != nil else { return false }
        byToken[client.resumeToken] = nil
        if let former = client.formerToken { byToken[former] = nil }
        admins[client.id] = nil
        byUser[client.user.name]?.removeAll { $0 === client }
        if byUser[client.user.name]?.isEmpty == true { byUser[client.user.name] = nil }
        for objID in client.granted { revoke(objID, from: client) }
        return true
    }

    /// Gives a client that resumes a new token. The one that it has presented is good until ``forgetFormerToken(of:)``.
    mutating func rotateToken(of client: BrowserClient, presented token: String) {
        // With the newer of two it has the answer to its last resume.
        if token == client.resumeToken { forgetFormerToken(of: client) } else { byToken[client.resumeToken] = nil }
        client.formerToken = token
        client.resumeToken = BrowserID.makeToken()
        byToken[client.resumeToken] = client
    }

    /// The client has the answer to its last resume: the token that it presented there is worth nothing any more.
    mutating func forgetFormerToken(of client: BrowserClient) {
        guard let former = client.formerToken else { return }
        byToken[former] = nil
        client.forgetSent()
    }

    // MARK: Events

    mutating func grant(_ objID: String, to client: BrowserClient) {
        client.granted.insert(objID)
        grants[objID, default: []].insert(client.id)
    }

    mutating func revoke(_ objID: String, from client: BrowserClient) {
        client.granted.remove(objID)
        grants[objID]?.remove(client.id)
        if grants[objID]?.isEmpty == true { grants[objID] = nil }
    }

    /// Who gets the event: clients that were granted its object or created it, and those of its owners, and admins, that
    /// subscribed to it. Each once.
    func recipients(
        of event: BrowserEvent, owners: Set<String>, creator: String?, except told: Set<String>
    ) -> [BrowserClient] {
        var found: [String: BrowserClient] = [:]
        for id in (grants[event.objID] ?? []).union(creator.map { [$0] } ?? []) {
            if let client = byID[id], !client.subscriptions.isMuted(event.objID) { found[id] = client }
        }
        for owner in owners {
            for client in clients(of: owner) where client.subscriptions.matches(event) { found[client.id] = client }
        }
        for (id, client) in admins where client.subscriptions.matches(event) { found[id] = client }
        return found.values.filter { !told.contains($0.id) }
    }

    /// The object is gone: subscriptions to it alone end.
    mutating func forget(_ objID: String, owners: Set<String>) {
        for id in grants.removeValue(forKey: objID) ?? [] { byID[id]?.granted.remove(objID) }
        for owner in owners { for client in clients(of: owner) { client.subscriptions.forget(objID) } }
        for client in admins.values { client.subscriptions.forget(objID) }
    }
}
