import Foundation
import Testing
import WebSocket
@testable import Web

/// The files that the HTTP listener serves.
@Suite struct WebPageTests {
    private func text(_ path: String) throws -> String {
        let response = try WebPage().response(to: path)
        try #require(response.status == 200, "\(path)")
        return String(decoding: response.body, as: UTF8.self)
    }

    @Test("the phone is at /, the operators' page at /admin, and the library at the address that pages of others import")
    func entrances() throws {
        #expect(try text("/") == text("/index.html"))
        #expect(try text("/admin") == text("/admin.html"))
        let redirection = try WebPage().response(to: "/admin/")
        #expect(redirection.status == 308 && redirection.headers.contains(HTTPResponse.Header("Location", "../admin")))
        #expect(try text("/tern.js").contains("export * from './tern/tern.js'"))
    }

    @Test("every file that the page or a script names is served")
    func links() throws {
        var waiting = ["/index.html", "/admin.html", "/tern.js"], seen: Set<String> = []
        while let path = waiting.popLast() {
            guard seen.insert(path).inserted else { continue }
            let text = try text(path)
            let names = text.matches(of: /(?:from |import\(|href="|src=")'?([a-z.\/-]+\.(?:js|css|svg))/).map { String($0.1) }
            // A reference in a script's import is relative to the script, as one in the page is to the page.
            for name in names where !name.hasPrefix("http") {
                waiting.append(URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(name).standardizedFileURL.path)
            }
        }
        #expect(seen.contains("/phone/phone-elements.js") && seen.contains("/tern/tern-call.js") && seen.contains("/phone/style.css"))
        #expect(seen.contains("/admin/admin-ladder.js") && seen.contains("/admin/admin.css"))
    }

    @Test("nothing beside these files can be asked for", arguments: ["/../Package.swift", "/tern", "/tern/", "/phone/../tern.js", "//tern.js", ""])
    func others(path: String) throws {
        #expect(try WebPage().response(to: path).status == 404)
    }
}
