import BrowserAPI
import Foundation
import Testing

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
