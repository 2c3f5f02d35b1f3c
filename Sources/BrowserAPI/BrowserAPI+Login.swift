internal import Authentication
internal import EventLoop
internal import JSON
internal import Logging
internal import SIPNames

extension BrowserAPI {
    // MARK: Login

    /// Answers a login with a password at once, and one with a token when the handler has made up its mind.
    func login(_ request: IncomingRequest, on connection: BrowserConnection) throws(APIError) {
        try checkFree(connection)
        guard let handler else { throw APIError(.shuttingDown) }
        if let token = try request.data.optionalText("token", bytes: 1...8_192) {
            // Signatures are not checked on the loop; what follows on this connection waits, so that its order stays.
            connection.held = HeldMessages()
            LoopActor.task { [self] in await login(token: token, request.tid, on: connection, handler) }
            return
        }
        let name = try request.data.text("user", bytes: 1...256)
        let password = try request.data.text("password", bytes: 0...1_024)
        let peer = connection.transport.remoteAddress
        // Not looked at, whether right or wrong: else the time of an answer would tell which it was.
        guard !isBanned(name, at: peer) else {
            let error = APIError(.tooManyRequests, "too many wrong passwords: try again in ten minutes")
            return refuse(request.tid, error, of: name, slowly: true, on: connection)
        }
        guard let user = handler.authenticate(user: name, password: password) else {
            countFailure(of: name, at: peer)
            return refuse(request.tid, APIError(.wrongCredentials), of: name, slowly: true, on: connection)
        }
        try admit(user, request.tid, on: connection)
    }

    /// The user with this password, for a request over HTTP; wrong passwords count as those of a login do.
    ///
    /// - Parameter peer: Where the request came from, `address:port`.
    public func authenticate(user name: String, password: String, from peer: String) -> BrowserUser? {
        guard let handler, name.utf8.count <= 256, password.utf8.count <= 1_024, !isBanned(name, at: peer) else { return nil }
        if let user = handler.authenticate(user: name, password: password) {
            limiter.proved(address: peer, user: user.name, now: .now)
            return user
        }
        countFailure(of: name, at: peer)
        warn("a login failed", ["address": "\(peer)", "user": "\(name)", "reason": "\(APIError(.wrongCredentials).text)", "over": "HTTP"])
        return nil
    }

    private func isBanned(_ user: String, at peer: String) -> Bool {
        if case .banned = limiter.verdict(address: counted(peer), user: user, isKnown: isRegistered(user, peer), now: .now) { return true }
        return false
    }

    /// The address that wrong passwords count for; nil where it stands for many.
    private func counted(_ peer: String) -> String? { exempt.contain(peer) ? nil : peer }

    private func countFailure(of user: String, at peer: String) {
        if let ban = limiter.failed(address: counted(peer), user: user, isKnown: isRegistered(user, peer), now: .now).ban { onBan?(ban) }
    }

    /// A line that anybody can bring about, within bounds.
    private func warn(_ message: Logger.Message, level: Logger.Level = .warning, _ fields: Logger.Metadata) {
        let (isAdmitted, omitted) = lines.admit()
        guard isAdmitted else { return }
        log.log(level: level, message, metadata: omitted == 0 ? fields : fields.merging(["omitted": "\(omitted)"]) { $1 })
    }

    private func login(
        token: String, _ tid: TransactionID, on connection: BrowserConnection, _ handler: any BrowserAPIHandler
    ) async {
        let outcome: Result<BrowserUser, APIError>
        do throws(APIError) {
            outcome = .success(try await handler.authenticate(token: token))
        } catch {
            outcome = .failure(error)
        }
        guard !connection.isClosed else { return }
        switch outcome {
        case .failure(let error): refuse(tid, error, of: nil, slowly: true, on: connection)
        case .success(let user):
            do throws(APIError) {
                try admit(user, tid, on: connection)
            } catch {
                connection.send(OutgoingMessage.error(tid, error))
            }
        }
        var held = connection.held
        connection.held = nil
        while !connection.isClosed, let text = held?.next() {
            read(text, from: connection)
            // It was another login with a token: the rest waits for that one.
            if connection.held != nil {
                connection.held = held
                return
            }
        }
    }

    private func admit(_ user: BrowserUser, _ tid: TransactionID, on connection: BrowserConnection) throws(APIError) {
        guard clientCount < configuration.maximumClients,
            clients(of: user.name).count < configuration.maximumClientsPerUser
        else { throw APIError(.tooManyClients) }
        let client = BrowserClient(user: user, api: self)
        registry.insert(client)
        if clients(of: user.name).count == 1 { onPresence?(user.name, true) }
        limiter.proved(address: connection.transport.remoteAddress, user: user.name, now: .now)
        log.info("login", metadata: client.metadata)
        connection.stopWaitingForLogin()
        connection.client = client
        client.attach(connection)
        RequestCounts.note("login", code: 0)
        connection.send(OutgoingMessage.ok(tid, .object(client.introduction)))
    }

    private func checkFree(_ connection: BrowserConnection) throws(APIError) {
        guard connection.client == nil else { throw APIError(.alreadyLoggedIn) }
        guard !connection.isSlowed else {
            throw APIError(.tooManyRequests, "the login before is not answered yet")
        }
    }

    /// Answers a login or resume that failed, and closes the connection on which too many did.
    ///
    /// - Parameter user: The name that was given; nil with a token.
    private func refuse(_ tid: TransactionID, _ error: APIError, of user: String?, slowly: Bool, on connection: BrowserConnection) {
        connection.failures += 1
        let isResume = error.known == .unknownResumeToken
        RequestCounts.note(isResume ? "resume" : "login", code: error.code)
        let address = connection.transport.remoteAddress
        if isResume {
            // Each page does so after a restart of the gateway, and then logs in.
            warn("a resume found no client", level: .info, ["address": "\(address)"])
        } else {
            warn("a login failed", [
                "address": "\(address)", "user": "\(user ?? "(by a token)")", "failures": "\(connection.failures)", "reason": "\(error.text)",
            ])
        }
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
            refuse(request.tid, APIError(.unknownResumeToken), of: nil, slowly: false, on: connection)
            return
        }
        registry.rotateToken(of: client, presented: token)
        log.info("resume", metadata: client.metadata)
        connection.stopWaitingForLogin()
        connection.client = client
        let alive = handler.alive(of: client)
        var data = client.introduction
        data["sessions"] = .array(alive.sessions.map(JSONValue.string))
        data["calls"] = .array(alive.calls.map(JSONValue.string))
        RequestCounts.note("resume", code: 0)
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
        RequestCounts.note("logout", code: 0)
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
        if clients(of: client.user.name).isEmpty { onPresence?(client.user.name, false) }
        log.info("a client ended", metadata: client.metadata.merging(["why": "\(why)"]) { _, new in new })
        let connection = client.end()
        handler?.ended(client)
        return connection
    }
}
