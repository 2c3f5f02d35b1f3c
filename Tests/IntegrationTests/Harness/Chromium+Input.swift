import Foundation
import JSON

/// A person's hands, and the screen that the page is on.
extension Chromium {
    /// Keys without a character (W3C WebDriver 2, section 17.4.2).
    enum Key {
        static let tab = "\u{E004}", enter = "\u{E007}", escape = "\u{E00C}", space = " ", left = "\u{E012}"
    }

    private static let shift = "\u{E008}"

    /// Presses keys one after the other; where the focus is, gets them.
    func press(_ keys: String, shift: Bool = false, in handle: String) async throws {
        try await show(handle)
        var actions: [JSONValue] = keys.map(String.init).flatMap { [key("keyDown", $0), key("keyUp", $0)] }
        if shift { actions = [key("keyDown", Chromium.shift)] + actions + [key("keyUp", Chromium.shift)] }
        let keyboard: JSONValue = ["type": "key", "id": "keyboard", "actions": .array(actions)]
        _ = try await session.call("POST", "/actions", ["actions": .array([keyboard])])
    }

    /// Clicks in the middle of what a CSS selector finds, which has to be there to be seen.
    func tap(_ selector: String, in handle: String) async throws {
        try await show(handle)
        let found = try await session.call("POST", "/element", ["using": "css selector", "value": .string(selector)])
        guard let element = found.objectValue?.first?.value.stringValue else { throw HarnessError("no element \(selector)") }
        _ = try await session.call("POST", "/element/\(element)/click", [:])
    }

    /// As if the screen had that size, in CSS pixels, and that colour scheme.
    func screen(_ width: Int, _ height: Int, isDark: Bool, in handle: String) async throws {
        try await show(handle)
        try await develop("Emulation.setDeviceMetricsOverride", [
            "width": .integer(width), "height": .integer(height), "deviceScaleFactor": 1, "mobile": false,
        ])
        let scheme: JSONValue = ["name": "prefers-color-scheme", "value": .string(isDark ? "dark" : "light")]
        try await develop("Emulation.setEmulatedMedia", ["features": .array([scheme])])
    }

    /// Addresses, with stars for what may be anything, that cannot be loaded from now on.
    func block(_ addresses: [String], in handle: String) async throws {
        try await show(handle)
        try await develop("Network.enable", [:])
        try await develop("Network.setBlockedURLs", ["urls": .array(addresses.map { .string($0) })])
    }

    /// What is downloaded goes there without a question.
    func download(to folder: String, in handle: String) async throws {
        try await show(handle)
        try await develop("Browser.setDownloadBehavior", ["behavior": "allow", "downloadPath": .string(folder)])
    }

    private func develop(_ command: String, _ parameters: JSONValue) async throws {
        _ = try await session.call("POST", "/goog/cdp/execute", ["cmd": .string(command), "params": parameters])
    }

    private func key(_ type: String, _ value: String) -> JSONValue { ["type": .string(type), "value": .string(value)] }
}

extension Page {
    private var chromium: Chromium {
        get throws {
            guard let chromium = browser as? Chromium else { throw HarnessError("only Chromium has hands") }
            return chromium
        }
    }

    func press(_ keys: String, shift: Bool = false) async throws { try await chromium.press(keys, shift: shift, in: handle) }

    func block(_ addresses: String...) async throws { try await chromium.block(addresses, in: handle) }

    func download(to folder: URL) async throws { try await chromium.download(to: folder.path, in: handle) }

    /// Clicks what has that id, as with a pointer.
    func tap(_ id: String) async throws { try await chromium.tap("#\(id)", in: handle) }

    /// The same for what a CSS selector finds, as soon as it is there.
    func tap(selector: String) async throws {
        try await wait(until: "document.querySelector(\(JSONValue.string(selector).text))")
        try await chromium.tap(selector, in: handle)
    }

    func screen(_ width: Int, _ height: Int, isDark: Bool = false) async throws {
        try await chromium.screen(width, height, isDark: isDark, in: handle)
    }

    /// The text of what has that id.
    func text(of id: String) async throws -> String {
        try await run("return document.getElementById(args[0]).textContent", .string(id)).stringValue ?? ""
    }
}
