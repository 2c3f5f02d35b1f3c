internal import EventLoop
internal import JSON

extension BrowserAPI {
    // MARK: Login

    func login(_ request: IncomingRequest, on connection: BrowserConnection) throws(APIError) {
        try checkFree(connection)
        guard let handler else { throw APIError(.shuttingDown) }
        let user: BrowserUser?
        if let token = try request.data.optionalText("token", bytes: 1...4_096) {
            user = handler.authenticate(token: token)
        } else {
            let name = try request.data.text("user", bytes: 1...256)
            let password = try request.data.text("password", bytes: 0...1_024)
            user = handler.authenticate(user: name, password: password)
        }
        guard let user else {
            refuse(request.tid, APIError(.wrongCredentials), slowly: true, on: connection)
            return
        }
        guard clientCount < configuration.maximumClients,
            clients(of: user.name).count < configuration.maximumClientsPerUser
        else { throw APIError(.tooManyClients) }
        let client = BrowserClient(user: user, api: self)
        registry.insert(client)
        log.info("login", metadata: client.metadata)
        connection.stopWaitingForLogin()
        connection.client = client
        client.attach(connection)
        connection.send(OutgoingMessage.ok(request.tid, .object(client.introduction)))
    }

    private func checkFree(_ connection: BrowserConnection) throws(APIError) {
        guard connection.client == nil else { throw APIError(.alreadyLoggedIn) }
        guard !connection.isSlowed else {
            throw APIError(.tooManyRequests, "the login before is not answered yet")
        }
    }

    /// Answers a login or resume that failed, and closes the connection on which too many did.
    private func refuse(_ tid: TransactionID, _ error: APIError, slowly: Bool, on connection: BrowserConnection) {
        connection.failures += 1
        log.warning(
            "a login failed",
            metadata: ["address": "\(connection.transport.remoteAddress)", "failures": "\(connection.failures)"])
        let text = OutgoingMessage.error(tid, error)
        if connection.failures >= configuration.failedLoginLimit {
            connection.send(text)
            connection.close(code: CloseCode.policyViolation, reason: "too many failed logins")
        } else if slowly {
            connection.isSlowed = true
            let factor = 1 << min(connection.failures - 1, 10)
            _ = LoopTimer.schedule(after: configuration.failedLoginDelay * factor) { [weak connection] in
                connection?.isSlowed = false
                connection?.send(text)
            }
        } else {
            connection.send(text)
        }
    }

    // MARK: Resume

    /// The answer goes first, then what was kept, then what comes about later.
    func resume(_ request: IncomingRequest, on connection: BrowserConnection) throws(APIError) {
        try checkFree(connection)
        guard let handler else { throw APIError(.shuttingDown) }
        let token = try request.data.text("resume_token", bytes: 1...256)
        guard let client = registry.client(token: token), !client.isOverflowing else {
            // No delay: who comes back too late is to log in at once, and 128 random bits are not guessed.
            refuse(request.tid, APIError(.unknownResumeToken), slowly: false, on: connection)
            return
        }
        registry.rotateToken(of: client)
        log.info("resume", metadata: client.metadata)
        connection.stopWaitingForLogin()
        connection.client = client
        let alive = handler.alive(of: client)
        var data = client.introduction
        data["sessions"] = .array(alive.sessions.map(JSONValue.string))
        data["calls"] = .array(alive.calls.map(JSONValue.string))
        connection.send(OutgoingMessage.ok(request.tid, .object(data)))
        client.attach(connection)
        handler.resumed(client)
    }

    // MARK: The end

    /// What the client still waits for is answered first; the connection stays, and may log in again.
    func logout(_ client: BrowserClient, _ tid: TransactionID, on connection: BrowserConnection) {
        for open in client.openRequests {
            connection.send(OutgoingMessage.error(open, APIError(.clientGone, "the client logged out")))
        }
        connection.send(OutgoingMessage.ok(tid))
        finish(client, "logout")
        connection.waitForLogin(configuration.loginTime)
    }

    /// Ends a client for another reason than its logout, and closes the connection that it has.
    func end(_ client: BrowserClient, _ why: String) {
        finish(client, why)?.close(code: CloseCode.clientEnded, reason: why)
    }

    @discardableResult
    private func finish(_ client: BrowserClient, _ why: String) -> BrowserConnection? {
        guard registry.remove(client) else { return nil }
        log.info("a client ended", metadata: client.metadata.merging(["why": "\(why)"]) { _, new in new })
        let connection = client.end()
        handler?.ended(client)
        return connection
    }
}
