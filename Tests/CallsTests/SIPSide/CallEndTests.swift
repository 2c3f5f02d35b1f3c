@testable import Calls
@testable import Configuration
import ProxyCore
import Testing

@Suite("What a caller is answered")
struct CallEndTests {
    @Test("the words of a route are the phrase, other reasons are not")
    func phrase() {
        let written = CallEnd(status: 403, reason: "Too expensive", by: .gateway, isPhrase: true)
        #expect(written.sipResponse.status == 403 && written.sipResponse.phrase == "Too expensive")
        #expect(CallEnd(status: 503, reason: "Trunk carrier has no line free", by: .gateway).sipResponse.phrase == nil)
    }

    @Test("a challenge or a redirection of the other side is none for the caller", arguments: [(401, 403), (407, 403), (302, 480), (200, 480), (486, 486)])
    func status(of callee: Int, is expected: Int) {
        #expect(CallEnd(status: callee, reason: "x", by: .callee).sipResponse.status == expected)
    }
}
