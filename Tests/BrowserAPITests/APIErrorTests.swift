import BrowserAPI
import Foundation
import Testing

@Suite("Error codes")
struct APIErrorTests {
    private func documentation() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/browser-api.md"), encoding: .utf8)
    }

    @Test("docs/browser-api.md lists each code, and no other")
    func documented() throws {
        let table = try #require(documentation().components(separatedBy: "| code | meaning |\n").last)
        let rows = table.components(separatedBy: "\n\n")[0].split(separator: "\n")
        let listed = rows.compactMap { row in Int(row.split(separator: "|")[0].trimmingCharacters(in: .whitespaces)) }
        #expect(listed == APIError.Code.allCases.map(\.rawValue))
    }

    @Test("docs/browser-api.md has an example of each command", arguments: CommandCase.all)
    func examples(_ sample: CommandCase) throws {
        #expect(try documentation().contains(#""cmd": "\#(sample.cmd)""#))
    }

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
