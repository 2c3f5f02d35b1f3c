import Foundation
import Testing

/// The page, used as its user would.
extension Stage {
    /// The page, with its program running.
    ///
    /// Chromium gives up what it loads when an interface of the machine comes or goes (ERR_NETWORK_CHANGED), and hears of those of other tests'
    /// networks a while later: then the page loads itself again.
    func openPage(in browser: (any Browser)? = nil) async throws -> Page {
        let page = try await (browser ?? chromium).open(gateway.page + "?audio=raw")
        try await page.begins()
        return page
    }

    /// The page with somebody signed in. The microphone is taken as it is: noise suppression would remove a tone.
    func signedIn(_ user: String, in browser: (any Browser)? = nil) async throws -> Page {
        let page = try await openPage(in: browser)
        try await page.type(user, into: "login-user")
        try await page.type(GatewayProcess.password, into: "login-password")
        try await page.click("login-button")
        try await page.wait(until: "document.body.dataset.state === 'ready'")
        return page
    }

    /// Runs `body` with the page of a signed-in user, who signs out afterwards.
    func with(
        _ user: String, in browser: (any Browser)? = nil, _ body: (Page) async throws -> Void
    ) async throws {
        let page = try await signedIn(user, in: browser)
        do {
            try await body(page)
        } catch {
            Attachment.record(await page.browser.console(), named: "console.log")
            try? await page.close()
            throw error
        }
        try await page.click("logout-button")
        try await page.wait(until: "document.body.dataset.state === 'signed-out'")
        try await page.close()
    }
}

extension Page {
    /// Waits for the page's program. What is asked while the page loads itself again has no answer.
    func begins(within limit: Duration = .patience) async throws {
        guard await eventually(within: limit, { (try? await run("return Boolean(window.tern)")) == true }) else {
            throw HarnessError("the page's program does not begin: \(await browser.console())")
        }
    }

    /// What the page plays.
    static let remote = "document.getElementById('remote-video').srcObject"

    func wait(for state: String, within limit: Duration = .patience) async throws {
        try await wait(until: "document.body.dataset.state === '\(state)'", within: limit)
    }

    func dial(_ destination: String, video: Bool = false) async throws {
        try await type(destination, into: "dial-input")
        try await click(video ? "video-dial-button" : "dial-button")
    }

    /// Takes the call that rings.
    func answer(video: Bool = false) async throws {
        try await wait(for: "incoming")
        try await click(video ? "answer-video-button" : "answer-button")
        try await wait(for: "in-call")
    }

    /// Waits for the end of a call; what the page gives as its code, if any.
    func endOfCall(within limit: Duration = .patience) async throws -> String? {
        try await wait(for: "ready", within: limit)
        return try await run("return document.getElementById('call-status').dataset.code").stringValue
    }
}

extension SIPpRun {
    /// The scenario has to pass.
    func passes(within limit: Duration = .patience, _ location: SourceLocation = #_sourceLocation) async {
        let outcome = await outcome(within: limit)
        #expect(outcome.passed, "\(outcome)", sourceLocation: location)
    }
}

extension Page {
    /// The sum of a number over the RTP streams of the shown call, as `getStats` has it.
    func sum(_ type: String, _ kind: String, _ field: String, of connection: String = Page.connection) async throws -> Int {
        try await run(
            """
            let sum = 0;
            for (const report of (await (\(connection)).getStats()).values())
              if (report.type === args[0] && report.kind === args[1]) sum += report[args[2]] ?? 0;
            return sum;
            """, .string(type), .string(kind), .string(field)).intValue ?? 0
    }

    /// The RTCPeerConnection of the call that the page shows.
    static let connection = "window.tern.current.peerConnection"

    /// Whether pictures of the other side are decoded, a dozen of them from now on.
    func sees(in connection: String = Page.connection, within limit: Duration = .patience) async throws -> Bool {
        let before = try await sum("inbound-rtp", "video", "framesDecoded", of: connection)
        return try await eventually(within: limit) {
            try await sum("inbound-rtp", "video", "framesDecoded", of: connection) >= before + 12
        }
    }

    /// RTP packets of a kind that come in during half a second.
    func packets(_ kind: String) async throws -> Int {
        let before = try await sum("inbound-rtp", kind, "packetsReceived")
        try await Task.sleep(for: .milliseconds(500))
        return try await sum("inbound-rtp", kind, "packetsReceived") - before
    }

    /// Whether a kind stops to come in.
    func stopsReceiving(_ kind: String, within limit: Duration = .patience) async throws -> Bool {
        try await eventually(within: limit) { try await packets(kind) == 0 }
    }
}
