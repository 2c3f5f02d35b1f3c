import Foundation
import Testing

/// The page, used as its user would.
extension Stage {
    /// The page with somebody signed in. The microphone is taken as it is: noise suppression would remove a tone.
    func signedIn(_ user: String) async throws -> Page {
        let page = try await chromium.open(gateway.page + "?audio=raw")
        try await page.type(user, into: "login-user")
        try await page.type(GatewayProcess.password, into: "login-password")
        try await page.click("login-button")
        try await page.wait(until: "document.body.dataset.state === 'ready'")
        return page
    }

    /// Runs `body` with the page of a signed-in user, who signs out afterwards.
    func with(_ user: String, _ body: (Page) async throws -> Void) async throws {
        let page = try await signedIn(user)
        do {
            try await body(page)
        } catch {
            Attachment.record(await chromium.console(), named: "console.log")
            try? await page.close()
            throw error
        }
        try await page.click("logout-button")
        try await page.wait(until: "document.body.dataset.state === 'signed-out'")
        try await page.close()
    }
}

extension Page {
    /// What the page plays.
    static let remote = "document.getElementById('remote-video').srcObject"

    func wait(for state: String, within limit: Duration = .seconds(10)) async throws {
        try await wait(until: "document.body.dataset.state === '\(state)'", within: limit)
    }

    func dial(_ destination: String) async throws {
        try await type(destination, into: "dial-input")
        try await click("dial-button")
    }

    /// Waits for the end of a call; what the page gives as its code, if any.
    func endOfCall(within limit: Duration = .seconds(10)) async throws -> String? {
        try await wait(for: "ready", within: limit)
        return try await run("return document.getElementById('call-status').dataset.code").stringValue
    }
}

extension SIPpRun {
    /// The scenario has to pass.
    func passes(within limit: Duration = .seconds(20), _ location: SourceLocation = #_sourceLocation) async {
        let outcome = await outcome(within: limit)
        #expect(outcome.passed, "\(outcome)", sourceLocation: location)
    }
}
