import BrowserAPI
@testable import Calls
import EventLoop
import JSON
import ProxyCore
@testable import Routing
import Testing

@Suite("A client that is being called")
@LoopActor
struct BrowserCalleeLegTests {
    /// A connection that keeps what is sent on it.
    private final class Line: BrowserTransport {
        let id: UInt64 = 1
        let remoteAddress = "192.0.2.1"
        private(set) var sent: [JSONValue] = []

        func send(_ text: String) {
            if let message = try? JSONValue(parsing: text) { sent.append(message) }
        }

        func close(code: Int, reason: String) {}

        /// What the gateway began of this kind.
        func began(_ command: String) -> [JSONValue] { sent.filter { $0["cmd"]?.stringValue == command }.compactMap { $0["data"] } }
    }

    /// Lets one user in, and serves nothing.
    private final class Door: BrowserAPIHandler {
        func authenticate(user: String, password: String) -> BrowserUser? { BrowserUser(name: user) }
        func authenticate(token: String) async throws(APIError) -> BrowserUser { throw .invalidToken }
        func perform(_ command: BrowserCommand, from client: BrowserClient, reply: BrowserReply) {}
        func ended(_ client: BrowserClient) {}
        func alive(of client: BrowserClient) -> (sessions: [String], calls: [String]) { ([], []) }
        func owners(of objID: String) -> Set<String>? { nil }
    }

    @Test("one that does not say in time that it takes the call is told, once, that the call has ended for it")
    func silent() async throws {
        let line = Line(), door = Door(), api = BrowserAPI(handler: door)
        api.opened(line)
        api.received(#"{"class":"core","cmd":"login","data":{"user":"alice","password":"x"},"tid":1}"#, on: line)
        let client = try #require(api.clients(of: "alice").first)
        let leg = BrowserCalleeLeg(
            call: "c", session: "s", client: client, caller: CallParty(id: "bob"), dialled: "alice", inviteTimeout: .milliseconds(10))
        var declined: [CallEnd] = []
        await withCheckedContinuation { done in
            leg.onDeclined = { end in
                declined.append(end)
                done.resume()
            }
            leg.invite(offer: nil)
        }
        #expect(declined.map(\.status) == [480])
        #expect(leg.isOver)
        leg.end(.noAnswer)
        #expect(line.began("call_invite").count == 1)
        let events = line.began("event")
        #expect(events.count == 1 && events.first?["type"] == "hangup" && events.first?["body"]?["sip_status"] == 480, "\(line.sent)")
        api.stop()
    }
}
