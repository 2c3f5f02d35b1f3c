import BrowserAPI
import EventLoop
import JSON

/// A gateway that keeps what it is asked, and answers as the test wants.
@LoopActor
final class TestHandler: BrowserAPIHandler {
    struct Asked {
        var command: BrowserCommand
        var client: BrowserClient
        var reply: BrowserReply?
    }

    var users = ["alice": "secret-a", "bob": "secret-b", "root": "secret-r"]
    var owned: [String: Set<String>] = [:]
    var aliveSessions: [String] = []
    var aliveCalls: [String] = []
    /// What happens with a command; without it the reply is kept in `asked`.
    var onCommand: ((BrowserCommand, BrowserClient, BrowserReply) -> Void)?
    private(set) var asked: [Asked] = []
    private(set) var endedClients: [String] = []
    private(set) var resumedClients: [String] = []
    private var endWaiter: CheckedContinuation<Void, Never>?

    func authenticate(user: String, password: String) -> BrowserUser? {
        users[user] == password ? BrowserUser(name: user, isAdmin: user == "root") : nil
    }

    /// Holds the answer to a token back until ``decide()``.
    var isSlow = false
    private var slow: [CheckedContinuation<Void, Never>] = []
    private var tokenWaiter: CheckedContinuation<Void, Never>?

    func authenticate(token: String) async throws(APIError) -> BrowserUser {
        if isSlow {
            await withCheckedContinuation { waiter in
                slow.append(waiter)
                tokenWaiter?.resume()
                tokenWaiter = nil
            }
        }
        guard token == "ticket" else { throw token == "old" ? .expiredToken : .invalidToken }
        return BrowserUser(name: "carol")
    }

    /// Waits until a token waits for ``decide()``.
    func waitForToken() async {
        await withCheckedContinuation { waiter in
            if slow.isEmpty { tokenWaiter = waiter } else { waiter.resume() }
        }
    }

    /// Answers the tokens that are waited for.
    func decide() {
        for waiter in slow { waiter.resume() }
        slow = []
    }

    func perform(_ command: BrowserCommand, from client: BrowserClient, reply: BrowserReply) {
        if let onCommand {
            onCommand(command, client, reply)
        } else {
            asked.append(Asked(command: command, client: client, reply: reply))
        }
    }

    func ended(_ client: BrowserClient) {
        endedClients.append(client.id)
        endWaiter?.resume()
        endWaiter = nil
    }

    func alive(of client: BrowserClient) -> (sessions: [String], calls: [String]) { (aliveSessions, aliveCalls) }

    func resumed(_ client: BrowserClient) {
        resumedClients.append(client.id)
        client.send(.session("s", "after"))
    }

    func owners(of objID: String) -> Set<String>? { owned[objID] }

    /// Waits until a client has ended.
    func waitForEnd() async {
        await withCheckedContinuation { waiter in
            if endedClients.isEmpty { endWaiter = waiter } else { waiter.resume() }
        }
    }

    /// Takes the oldest reply that was kept.
    func takeReply() -> BrowserReply? {
        asked.isEmpty ? nil : asked.removeFirst().reply
    }
}
