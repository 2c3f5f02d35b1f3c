import Foundation
import Testing
import Version
import WebSocket
@testable import Web

/// The files that the HTTP listener serves.
@Suite struct WebPageTests {
    /// Reading all files takes a while.
    private let page: WebPage

    init() throws { page = try WebPage() }

    private func text(_ path: String) throws -> String {
        let response = try page.response(to: path)
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
            // Few lines name one, and the expression is slow.
            let lines = text.split(separator: "\n").filter { line in ["from ", "import(", "href=\"", "src=\""].contains { line.contains($0) } }
            let names = lines.flatMap { $0.matches(of: /(?:from |import\(|href="|src=")'?([a-z.\/-]+\.(?:js|css|svg))/).map { String($0.1) } }
            // A reference in a script's import is relative to the script, as one in the page is to the page.
            for name in names where !name.hasPrefix("http") {
                waiting.append(URL(fileURLWithPath: path).deletingLastPathComponent().appendingPathComponent(name).standardizedFileURL.path)
            }
        }
        #expect(seen.contains("/phone/phone-elements.js") && seen.contains("/tern/tern-call.js") && seen.contains("/phone/style.css"))
        #expect(seen.contains("/admin/admin-ladder.js") && seen.contains("/admin/admin.css"))
    }

    @Test("the library in one file has each module once, no import, the same exports, and no name twice")
    func bundle() throws {
        let bundle = try text("/tern.bundle.js"), library = try text("/tern/tern.js")
        #expect(bundle.firstMatch(of: /(?m)^\s*(import|export \*)/) == nil)
        #expect(bundle.matches(of: /(?m)^export\b/).count == 1)
        func names(_ text: String) -> Set<String> {
            Set(text.matches(of: #/(?m)^export \{([^}]*)\}/#).flatMap { $0.1.split(separator: ",") }.map { $0.trimmingCharacters(in: .whitespacesAndNewlines) })
                .subtracting([""])
        }
        #expect(names(bundle) == names(library) && names(library).contains("TernClient"))
        let declared = bundle.matches(of: /(?m)^(?:async )?(?:class|function|const|let) ([A-Za-z]+)/).map { String($0.1) }
        #expect(declared.count > 40 && Set(declared).count == declared.count, "\(Dictionary(grouping: declared) { $0 }.filter { $1.count > 1 }.keys)")
        // What a class inherits from stands before it.
        for match in bundle.matches(of: /class ([A-Za-z]+) extends (Tern[A-Za-z]+|Emitter)/) {
            let (own, parent) = (String(match.1), String(match.2))
            #expect(try #require(declared.firstIndex(of: parent)) < #require(declared.firstIndex(of: own)), "\(own)")
        }
    }

    @Test("the types of the library have each exported name and each public member, and package.json the gateway's version")
    func types() throws {
        let types = try text("/tern/tern.d.ts")
        for name in try text("/tern/tern.js").matches(of: /(?:Tern[A-Za-z]+|describeEnd|openMedia|mediaSupport)(?=[ ,}])/).map({ String($0.0) }) {
            #expect(types.contains("export class \(name)") || types.contains("export function \(name)"), "\(name)")
        }
        for (file, type) in [("client", "TernClient"), ("session", "TernSession"), ("call", "TernCall")] {
            // A call has all of a session.
            let declaration = try ([type] + (type == "TernCall" ? ["TernSession"] : [])).map { name in
                try #require(types.components(separatedBy: "export class \(name)").last?.components(separatedBy: "\n}").first)
            }.joined()
            let members = try text("/tern/tern-\(file).js").matches(of: /(?m)^  (?:async |get )?([a-z][A-Za-z]+)(?: = .*;|;|\(.*\{.*)$/).map { String($0.1) }
            for member in members where !["constructor", "lineTestStats"].contains(member) {
                #expect(declaration.firstMatch(of: try Regex("\\b\(member)[(:?]")) != nil, "\(type).\(member)")
            }
            #expect(members.count >= 8, "\(members)")
        }
        #expect(try text("/tern/package.json").contains("\"version\": \"\(TernVersion.current)\""))
    }

    @Test("pages of allowed origins may read the library, and nothing else", arguments: [
        ("/tern.js", true), ("/tern.bundle.js", true), ("/tern/tern-call.js", true), ("/tern/tern.d.ts", true), ("/", false), ("/phone/phone.js", false),
        ("/admin/admin.js", false), ("/tern/none.js", false),
    ])
    func shared(path: String, isShared: Bool) throws {
        #expect(try WebPage().response(to: path).isForAllowedOrigins == isShared)
    }

    @Test("nothing beside these files can be asked for", arguments: ["/../Package.swift", "/tern", "/tern/", "/phone/../tern.js", "//tern.js", ""])
    func others(path: String) throws {
        #expect(try WebPage().response(to: path).status == 404)
    }
}
