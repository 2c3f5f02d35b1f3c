extension BrowserAPI {
    /// Sends an event to those who are subscribed to it.
    ///
    /// A session's `stop` and a call's `hangup` are the last of their object: publish them once, for all owners.
    /// - Parameters:
    ///   - owner: The user whose session or call it is; clients of others get it only as admins, or when
    ///     ``BrowserClient/subscribe(to:)`` let them.
    ///   - creator: The id of the client that gets it without asking, unless it unsubscribed; none where the request said
    ///     `subscribe: false`.
    public func publish(_ event: BrowserEvent, owner: String, creator: String? = nil) {
        publish(event, owners: [owner], creator: creator)
    }

    /// The same for what belongs to several users, as a call between two does.
    ///
    /// - Parameters:
    ///   - told: The ids of clients that were sent the event already.
    ///   - isFollowed: Whether more comes of an object that is over: then ``forget(_:owners:)`` follows as well.
    public func publish(
        _ event: BrowserEvent, owners: Set<String>, creator: String? = nil, except told: Set<String> = [], isFollowed: Bool = false
    ) {
        let recipients = registry.recipients(of: event, owners: owners, creator: creator, except: told)
        if !recipients.isEmpty {
            let text = OutgoingMessage.event(event)
            for client in recipients { client.send(text) }
        }
        if event.isLast, !isFollowed { registry.forget(event.objID, owners: owners) }
    }

    /// Sends users the last event of an object that goes on without them: they have no part in it any more, and their subscriptions to it
    /// alone end. Admins, for whom it goes on, are left out.
    ///
    /// - Parameter told: The ids of clients that were sent such an event already.
    public func publishLast(_ event: BrowserEvent, to users: Set<String>, except told: Set<String> = []) {
        let text = OutgoingMessage.event(event)
        for client in users.flatMap(registry.clients(of:)) where !client.user.isAdmin {
            if client.subscriptions.matches(event), !told.contains(client.id) { client.send(text) }
            client.subscriptions.forget(event.objID)
        }
    }

    /// Ends the subscriptions to an object of which nothing more comes.
    public func forget(_ objID: String, owners: Set<String>) { registry.forget(objID, owners: owners) }

    func grant(_ objID: String, to client: BrowserClient) { registry.grant(objID, to: client) }

    func revoke(_ objID: String, from client: BrowserClient) { registry.revoke(objID, from: client) }

    // MARK: Commands

    func subscribe(_ client: BrowserClient, _ data: Fields) throws(APIError) {
        let pattern = try Subscription(data)
        if let objID = pattern.objID {
            guard let owners = handler?.owners(of: objID) else {
                throw APIError(.unknownObject, "`obj_id`: there is no such session or call")
            }
            guard client.user.isAdmin || owners.contains(client.user.name) else { throw APIError.notYours(field: "obj_id") }
        }
        guard client.subscriptions.insert(pattern) else { throw APIError(.tooManySubscriptions) }
    }

    func unsubscribe(_ client: BrowserClient, _ data: Fields) throws(APIError) {
        let pattern = try Subscription(data)
        client.subscriptions.remove(pattern)
    }
}
