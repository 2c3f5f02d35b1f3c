import Foundation
import JSON

/// A headless Firefox with the browser's own fake microphone and camera.
actor Firefox: Browser {
    /// What the microphone hears, in Hz.
    static let frequency = 850.0
    nonisolated var frequency: Double { Firefox.frequency }

    private let sound: SoundServer
    private let process: TestProcess
    private let marionette: Marionette
    private var window = ""
    /// The first window, which stays open: commands need one.
    private var home = ""

    init(in environment: TestEnvironment) async throws {
        sound = try await SoundServer(in: environment)
        let profile = environment.directory.appendingPathComponent("firefox").path
        let port = try FreePort.tcp("127.0.0.1")
        try FileManager.default.createDirectory(atPath: profile, withIntermediateDirectories: true)
        try Firefox.preferences(port: port).write(toFile: profile + "/user.js", atomically: true, encoding: .utf8)
        let variables = sound.variables.merging(["HOME": profile, "MOZ_HEADLESS": "1"]) { $1 }
        process = try await TestProcess(
            "firefox-esr", ["--marionette", "--headless", "--no-remote", "--profile", profile],
            environment: ProcessInfo.processInfo.environment.merging(variables) { $1 })
        do {
            _ = try await process.line(with: "Listening on port", within: .seconds(40))
            marionette = try Marionette(port: port)
            _ = try await marionette.command("WebDriver:NewSession", ["timeouts": ["script": 60_000, "pageLoad": 30_000]])
            home = try await marionette.command("WebDriver:GetWindowHandle")["value"]?.stringValue ?? ""
            window = home
        } catch {
            await process.stop()
            await sound.stop()
            throw error
        }
    }

    /// Fake devices, no questions, nothing played aloud or asked of the net.
    private static func preferences(port: Int) -> String {
        let preferences: [String: JSONValue] = [
            "marionette.port": .integer(port),
            "media.navigator.streams.fake": true,
            "media.navigator.permission.disabled": true,
            "media.navigator.audio.fake_frequency": .integer(Int(frequency)),
            "media.autoplay.default": 0,
            "media.autoplay.blocking_policy": 0,
            "media.gmp-manager.updateEnabled": false,
            "devtools.console.stdout.content": true,
            "dom.ipc.processPrelaunch.enabled": false,
            "browser.startup.page": 0,
            "browser.newtabpage.enabled": false,
            "network.captive-portal-service.enabled": false,
            "network.connectivity-service.enabled": false,
        ]
        return preferences.map { "user_pref(\"\($0)\", \($1.text));\n" }.joined()
    }

    func quit() async {
        _ = try? await marionette.command("Marionette:Quit", ["flags": ["eForceQuit"]], within: .patience)
        marionette.close()
        if await process.exit(within: .patience) == nil { await process.stop() }
        await sound.stop()
    }

    func open(_ url: String) async throws -> Page {
        try await show(home)
        let opened = try await marionette.command("WebDriver:NewWindow", ["type": "tab"])
        guard let handle = opened["handle"]?.stringValue else { throw HarnessError("no new window") }
        try await show(handle)
        _ = try await marionette.command("WebDriver:Navigate", ["url": .string(url)])
        return Page(browser: self, handle: handle)
    }

    func close(_ handle: String) async throws {
        try await show(handle)
        window = ""
        _ = try await marionette.command("WebDriver:CloseWindow", within: .patience)
        try await show(home)
    }

    func execute(_ script: String, _ arguments: [JSONValue], in handle: String) async throws -> JSONValue {
        try await show(handle)
        let answer = try await marionette.command(
            "WebDriver:ExecuteAsyncScript", ["script": .string(script), "args": .array(arguments)])
        return answer["value"] ?? .null
    }

    func console() async -> String { process.output }

    private func show(_ handle: String) async throws {
        if handle == window { return }
        _ = try await marionette.command("WebDriver:SwitchToWindow", ["handle": .string(handle)])
        window = handle
    }
}
