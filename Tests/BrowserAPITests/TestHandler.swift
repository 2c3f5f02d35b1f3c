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

    func authenticate(token: String) -> BrowserUser? { token == "ticket" ? BrowserUser(name: "carol") : nil }

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
