import Authentication
import BrowserAPI
import EventLoop
import Foundation
import Testing
import WebSocket
@testable import Web

/// What is told of the gateway over HTTP, and to whom.
@Suite struct WebServiceTests {
    @LoopActor
    private final class Handler: BrowserAPIHandler {
        func authenticate(user: String, password: String) -> BrowserUser? {
            ["root", "alice"].contains(user) && password == "pass:word" ? BrowserUser(name: user, isAdmin: user == "root") : nil
        }
        func perform(_ command: BrowserCommand, from client: BrowserClient, reply: BrowserReply) {}
        func ended(_ client: BrowserClient) {}
        func alive(of client: BrowserClient) -> (sessions: [String], calls: [String]) { ([], []) }
        func owners(of objID: String) -> Set<String>? { nil }
    }

    @LoopActor
    private func answer(
        _ path: String, from address: String = "127.0.0.1:4000", headers: [String: String] = [:], obstacles: [String] = []
    ) throws -> HTTPResponse {
        let handler = Handler()
        let service = WebService(
            page: try WebPage(), api: BrowserAPI(handler: handler),
            reports: WebService.Reports(
                status: { ["calls": 3] }, metrics: { "tern_calls 3\n" }, obstacles: { obstacles },
                mayReadMetrics: { $0.hasPrefix("127.") }))
        return service.respond(to: HTTPRequest(method: .get, path: path, headers: headers, remoteAddress: address))
    }

    private func text(_ response: HTTPResponse) -> String { String(decoding: response.body, as: UTF8.self) }

    @Test("metrics are for the addresses that may read them, and for nobody behind a proxy")
    func metrics() async throws {
        let allowed = try await answer("/metrics")
        #expect(allowed.status == 200 && text(allowed) == "tern_calls 3\n")
        #expect(allowed.contentType == "text/plain; version=0.0.4; charset=utf-8")
        for refused in [
            try await answer("/metrics", from: "192.0.2.1:4000"), try await answer("/metrics", headers: ["x-forwarded-for": "192.0.2.1"]),
            try await answer("/metrics", headers: ["via": "1.1 proxy"]),
        ] {
            #expect(refused.status == 403 && !text(refused).contains("tern_calls"))
        }
    }

    @Test("the gateway is alive as long as it answers, and ready when it can take a call")
    func probes() async throws {
        #expect(try await answer("/healthz").status == 200)
        #expect(try await answer("/readyz").status == 200)
        let busy = try await answer("/readyz", obstacles: ["no media server is ready"])
        #expect(busy.status == 503 && text(busy) == "no media server is ready\n")
    }

    private func basic(_ user: String, _ password: String) -> [String: String] {
        ["authorization": "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"]
    }

    @Test("admins see the state, others that the gateway answers, and whoever gives wrong credentials nothing")
    func admins() async throws {
        #expect(text(try await answer("/status", headers: basic("root", "pass:word"))) == #"{"calls":3}"#)
        for headers in [basic("alice", "pass:word"), [:]] { #expect(text(try await answer("/status", headers: headers)) == #"{"status":"ok"}"#) }
        for headers in [basic("root", "password"), basic("", ""), ["authorization": "Basic !"], ["authorization": "Bearer x"], ["authorization": ""]] {
            let refused = try await answer("/status", from: "192.0.2.1:4000", headers: headers)
            #expect(refused.status == 401 && !text(refused).contains("calls"))
            #expect(refused.headers.contains { $0.name == "WWW-Authenticate" })
        }
    }

    @Test("passwords that are guessed over HTTP are looked at no more than those of logins")
    func guesses() async throws {
        let handler = await Handler()
        let api = await BrowserAPI(handler: handler)
        for _ in 1...20 { #expect(await api.authenticate(user: "root", password: "x", from: "192.0.2.1:4000") == nil) }
        #expect(await api.authenticate(user: "root", password: "pass:word", from: "192.0.2.1:4001") == nil)
        #expect(await api.authenticate(user: "root", password: "pass:word", from: "192.0.2.2:4001")?.isAdmin == true)
        let bans = await api.bans
        #expect(bans.map(\.source) == ["192.0.2.1"] && bans.map(\.user) == ["root"] && bans.map(\.failures) == [20])
    }

    @Test("the state of the gateway is JSON that is not kept")
    func status() async throws {
        let response = try await answer("/status", headers: basic("root", "pass:word"))
        #expect(text(response) == #"{"calls":3}"# && response.headers.contains(HTTPResponse.Header("Cache-Control", "no-store")))
    }
}
