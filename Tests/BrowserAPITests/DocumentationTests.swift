@testable import BrowserAPI
import EventLoop
import Foundation
import JSON
import Testing

@Suite("docs/browser-api.md", .timeLimit(.minutes(1)))
@LoopActor
struct DocumentationTests {
    private let text: String

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        text = try String(contentsOf: root.appending(path: "docs/browser-api.md"), encoding: .utf8)
    }

    /// The JSON examples.
    private var examples: [String] {
        text.components(separatedBy: "```json\n").dropFirst().map { $0.components(separatedBy: "\n```")[0] }
    }

    @Test("lists each error code, and no other")
    func codes() throws {
        let table = try #require(text.components(separatedBy: "| code | meaning |\n").last)
        let rows = table.components(separatedBy: "\n\n")[0].split(separator: "\n")
        let listed = rows.compactMap { row in Int(row.split(separator: "|")[0].trimmingCharacters(in: .whitespaces)) }
        #expect(listed == APIError.Code.allCases.map(\.rawValue))
    }

    @Test("has an example of each command", arguments: CommandCase.all)
    func commands(_ sample: CommandCase) {
        #expect(text.contains(#""cmd": "\#(sample.cmd)""#))
        // Else the metrics count it as `other`.
        #expect(BrowserCommand.names.contains(sample.cmd))
    }

    @Test("has only examples that are JSON, and commands that are understood")
    func understood() async throws {
        let bench = Bench()
        bench.handler.onCommand = { _, _, reply in reply.ok() }
        let (transport, _) = await bench.login()
        var commands = 0
        for example in examples {
            let message = try JSONValue(parsing: example)
            let ours: [JSONValue] = ["call_invite", "renegotiate_session", "insert_dtmf", "replace_session"]
            guard message["class"] == "media", let command = message["cmd"], !ours.contains(command) else { continue }
            commands += 1
            bench.api.received(example, on: transport)
            let answer = await transport.next()
            #expect(answer.isOK, "\(example): \(answer.errorText)")
        }
        #expect(commands >= CommandCase.all.count)
    }
}

/// The files that the pages name.
@Suite("Paths in the documentation")
struct DocumentationPathTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static let pages = ["README.md"] + ["architecture", "browser-api", "sdp", "sip", "where-do-i-change"].map { "docs/\($0).md" }

    /// The files and folders of the repository, each with a slash before it; folders with one behind it as well.
    private static let paths: [String] = ["config", "docs", "sipp-scenarios", "Sources", "Tests"].flatMap { folder in
        let found = FileManager.default.enumerator(at: root.appending(path: folder), includingPropertiesForKeys: [.isDirectoryKey])
        return ["/\(folder)/"] + (found?.compactMap { $0 as? URL } ?? []).map { url in
            let isFolder = (try? url.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) == true
            return String(url.path.dropFirst(root.path.count)) + (isFolder ? "/" : "")
        }
    } + ["/README.md", "/Package.swift", "/Makefile"]

    /// What stands between backquotes and is a path of the repository: a source file anywhere, on the page about changes any file or folder.
    private static func named(in text: String, isGuide: Bool) -> Set<String> {
        Set(text.matches(of: /`([A-Za-z0-9_+.\/-]+)`/).map { String($0.1) }.filter { name in
            name.hasSuffix(".swift") || isGuide && (name.contains("/") || name.hasSuffix(".md"))
        })
    }

    @Test("each file that a page names is there", arguments: pages)
    func exist(page: String) throws {
        let text = try String(contentsOf: Self.root.appending(path: page), encoding: .utf8)
        let isGuide = page.hasSuffix("where-do-i-change.md")
        let names = Self.named(in: text, isGuide: isGuide)
        if isGuide { #expect(names.count >= 30) }
        for name in names.sorted() { #expect(Self.paths.contains { $0.hasSuffix("/" + name) || $0.hasSuffix("/" + name + "/") }, "\(page): \(name)") }
    }
}

@Suite("Error codes")
struct APIErrorTests {
    @Test("an error says what its code means, unless it says more", arguments: APIError.Code.allCases)
    func meaning(code: APIError.Code) {
        #expect(APIError(code).text == code.meaning)
        #expect(!code.meaning.isEmpty)
        #expect(APIError(code).known == code)
        #expect(APIError(code, "more") == APIError(code: code.rawValue, text: "more"))
    }
}

@Suite("Ids")
struct BrowserIDTests {
    @Test("are random lower-case UUIDs of version 4")
    func made() {
        let ids = (1...200).map { _ in BrowserID.make() }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy(BrowserID.isValid))
        #expect(ids.allSatisfy { UUID(uuidString: $0)?.uuidString.lowercased() == $0 })
        #expect(ids.allSatisfy { Array($0)[14] == "4" && "89ab".contains(Array($0)[19]) })
    }
}
