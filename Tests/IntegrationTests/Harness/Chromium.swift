import Foundation
import JSON

/// A headless Chromium whose microphone hears a tone and whose camera sees a test picture.
///
/// It is Debian's headless shell: the whole browser works three times as much, most of it for the address bar of each window. The shell does
/// not notice that its network changes, and takes no page without TLS for a secure one.
actor Chromium: Browser {
    /// What the microphone hears, in Hz.
    static let frequency = 1_000.0
    nonisolated var frequency: Double { Chromium.frequency }

    private let driver: TestProcess
    let session: WebDriver
    private var window = ""
    /// The first window, which stays open: commands need one.
    private var home = ""

    /// - Parameters:
    ///   - name: Of its directory: two browsers need two.
    ///   - more: Further arguments.
    ///   - network: Where it runs, if not in this one: it is the whole browser then.
    ///   - isWhole: Whether it is the whole browser.
    init(
        in environment: TestEnvironment, name: String = "chromium", more: [String] = [], network: OtherNetwork? = nil, isWhole: Bool = false
    ) async throws {
        let tone = environment.directory.appendingPathComponent("tone.wav")
        try Tone.wave(frequency: Chromium.frequency, seconds: 1).write(to: tone)
        let command = (network?.entrance ?? []) + ["chromedriver", "--port=0"]
        driver = try await TestProcess(command[0], Array(command.dropFirst()))
        let line = try await driver.line(with: "started successfully on port", within: .patience)
        guard var port = Int(line.split(separator: " ").last?.filter(\.isNumber) ?? "") else { throw HarnessError("no port in: \(line)") }
        if let network { port = try await network.reach(port) }
        let isShell = network == nil && !isWhole
        let arguments = [
            isShell ? "--headless" : "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", "--use-file-for-fake-audio-capture=\(tone.path)",
            "--autoplay-policy=no-user-gesture-required", "--disable-background-timer-throttling",
            "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows", "--window-size=900,900",
            // As a browser does whose user has allowed the microphone: its candidates have addresses (RFC 8828 section 5.2, mode 1).
            "--disable-features=WebRtcHideLocalIpsWithMdns",
            "--user-data-dir=\(environment.directory.path)/\(name)",
        ] + more
        let capabilities: JSONValue = [
            "capabilities": ["alwaysMatch": [
                "goog:chromeOptions": [
                    "binary": .string(isShell ? try Chromium.shell(in: environment) : "/usr/bin/chromium"), "args": .array(arguments.map { .string($0) }),
                ],
                "goog:loggingPrefs": ["browser": "ALL"],
                "timeouts": ["script": 60_000, "pageLoad": 20_000],
            ]],
        ]
        let root = WebDriver(port: port, prefix: "")
        do {
            let id = try await root.call("POST", "/session", capabilities)["sessionId"]?.stringValue
            guard let id else { throw HarnessError("no WebDriver session") }
            session = WebDriver(port: port, prefix: "/session/\(id)")
            home = try await session.call("GET", "/window").stringValue ?? ""
            window = home
        } catch {
            await driver.stop()
            throw error
        }
    }

    /// The headless shell, with a first page: ChromeDriver asks for none, and waits for one.
    private static func shell(in environment: TestEnvironment) throws -> String {
        let file = environment.directory.appendingPathComponent("chromium-with-a-page")
        try Data("#!/bin/sh\nexec /usr/lib/chromium/chromium-headless-shell \"$@\" about:blank\n".utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        return file.path
    }

    func quit() async {
        _ = try? await session.call("DELETE", "")
        await driver.stop()
    }

    func open(_ url: String) async throws -> Page {
        try await show(home)
        guard let handle = try await session.call("POST", "/window/new", ["type": "window"])["handle"]?.stringValue else {
            throw HarnessError("no new window")
        }
        try await show(handle)
        _ = try await session.call("POST", "/url", ["url": .string(url)])
        return Page(browser: self, handle: handle)
    }

    func close(_ handle: String) async throws {
        try await show(handle)
        window = ""
        _ = try await session.call("DELETE", "/window", within: .patience)
        try await show(home)
    }

    func execute(_ script: String, _ arguments: [JSONValue], in handle: String) async throws -> JSONValue {
        try await show(handle)
        return try await session.call("POST", "/execute/async", ["script": .string(script), "args": .array(arguments)])
    }

    func console() async -> String {
        let lines = try? await session.call("POST", "/se/log", ["type": "browser"]).arrayValue
        return (lines ?? []).compactMap { $0["message"]?.stringValue }.joined(separator: "\n")
    }

    func show(_ handle: String) async throws {
        if handle == window { return }
        _ = try await session.call("POST", "/window", ["handle": .string(handle)])
        window = handle
    }
}
