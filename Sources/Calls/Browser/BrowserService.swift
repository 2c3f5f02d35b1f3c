public import Authentication
public import BrowserAPI
internal import Configuration
public import EventLoop
internal import Foundation
internal import JSON
public import Logging
internal import ProxyCore

/// What the browser API's clients can do: the handler behind ``BrowserAPI``.
@LoopActor
public final class BrowserService: BrowserAPIHandler {
    let sessions: SessionRegistry
    let switchboard: Switchboard
    private let log: Logger
    /// Nothing where no tokens are configured.
    private var tokens: TokenVerifier?
    /// The sessions that API clients drive themselves.
    var apiSessions: [String: APISession] = [:]
    /// Nil until the gateway has started.
    public var recordings: RecordingLookup?
    /// The clients of each user whose recordings are being looked up.
    var listing: [String: Set<String>] = [:]

    public init(
        sessions: SessionRegistry, switchboard: Switchboard, log: Logger
    ) {
        self.sessions = sessions
        self.switchboard = switchboard
        self.log = log
    }

    /// Whose tokens log in from now on.
    public func take(tokens: [TokenKey]) { self.tokens = tokens.isEmpty ? nil : TokenVerifier(tokens) }

    public func authenticate(user: String, password: String) -> BrowserUser? {
        let known = switchboard.settings.users[user]
        // An unknown user costs the same comparison, so that names cannot be found out by the time that it takes.
        let credential = known?.credential ?? .password(Secret(""))
        let matches = credential.matches(Secret(password), user: user, realm: switchboard.settings.realm)
        guard let known, matches else { return nil }
        return BrowserUser(known)
    }

    public func authenticate(token: String) async throws(APIError) -> BrowserUser {
        guard let tokens else { throw .invalidToken }
        // Not on the loop, which this would hold up.
        let outcome = await Task.detached { () -> Result<TokenIdentity, AuthenticationError> in
            do throws(AuthenticationError) {
                return .success(try tokens.verify(token, now: Date()))
            } catch {
                return .failure(error)
            }
        }.value
        switch outcome {
        case .failure(let error):
            // Not proven: what it says of itself.
            let label = TokenLabel(token)
            var fields: Logger.Metadata = ["reason": "\(error)"]
            fields["subject"] = label.subject.map { "\($0)" }
            fields["key_id"] = label.keyID.map { "\($0)" }
            log.notice("a token was refused", metadata: fields)
            if case .token(.expired) = error { throw .expiredToken }
            throw .invalidToken
        case .success(let identity):
            if let known = switchboard.settings.users[identity.user] { return BrowserUser(known) }
            guard identity.key.admitsUnknownUsers, ConfigurationText.isUserName(identity.user) else {
                log.notice("a token names no user", metadata: ["user": "\(identity.user)", "key": "\(identity.key.name)"])
                throw .invalidToken
            }
            return BrowserUser(name: identity.user, displayName: identity.displayName)
        }
    }

    public func perform(_ command: BrowserCommand, from client: BrowserClient, reply: BrowserReply) {
        do throws(APIError) {
            switch command {
            case .startSession(let command): try startSession(command, client, reply)
            case .answerSession(let command): try answerSession(command, client, reply)
            case .updateSession(let command): try updateSession(command, client, reply)
            case .stopSession(let command): try stopSession(command, client, reply)
            case .setCandidate(let command):
                try candidate(command.sessionID, of: command.side, TrickledCandidate(command), client, reply)
            case .setCandidateEnd(let command):
                let end = TrickledCandidate(mid: nil, mediaLineIndex: nil, candidate: nil)
                try candidate(command.sessionID, of: command.side, end, client, reply)
            case .getInfo(let command): try getInfo(command, client, reply)
            case .getList(let command): try getList(command, client, reply)
            case .getLineTest(let command): try getLineTest(command, client, reply)
            case .reportLineTest(let command): try reportLineTest(command, client, reply)
            case .listRecordings(let command): try listRecordings(command, client, reply)
            case .getRecording(let command): try getRecording(command, client, reply)
            case .startCall(let command): try startCall(command, client, reply)
            case .ringCall(let command): try ringCall(command, client, reply)
            case .answerCall(let command): try answerCall(command, client, reply)
            case .rejectCall(let command): try endCall(command, .reject, client, reply, otherwise: 603)
            case .hangupCall(let command): try endCall(command, .hangUp, client, reply, otherwise: 200)
            case .holdCall(let command): try holdCall(command, true, client, reply)
            case .resumeCall(let command): try holdCall(command, false, client, reply)
            case .sendDTMF(let command): try sendDTMF(command, client, reply)
            case .transferCall(let command): try transferCall(command, client, reply)
            }
        } catch {
            reply.fail(error)
        }
    }

    public func ended(_ client: BrowserClient) {
        switchboard.ended(client)
        for session in sessions.driven(by: client) { session.stop(SessionEnd(code: 410, reason: "the client is gone")) }
    }

    public func alive(of client: BrowserClient) -> (sessions: [String], calls: [String]) {
        (sessions.list(of: client), switchboard.table.calls(of: client.place))
    }

    public func owners(of objID: String) -> Set<String>? {
        sessions.users(of: objID) ?? switchboard.table.owners(of: objID)
    }
}

extension BrowserUser {
    init(_ user: CallSettings.User) {
        self.init(name: user.name, displayName: user.displayName, isAdmin: user.isAdmin)
    }
}

extension TrickledCandidate {
    init(_ command: SetCandidate) {
        self.init(mid: command.sdpMid, mediaLineIndex: command.sdpMLineIndex, candidate: command.candidate)
    }
}
