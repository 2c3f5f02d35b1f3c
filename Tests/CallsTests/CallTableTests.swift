import BrowserAPI
@testable import Calls
import ProxyCore
import Testing

/// Who may do what with a call, from the moment that a stage begins to ring until it ends.
@Suite("The table of calls")
struct CallTableTests {
    typealias Client = CallTable.Client
    typealias Right = CallTable.Right

    /// A phone calls alice, who has two clients, and then bob.
    private let table = CallTable()
    private let one = Client(id: "a1", user: "alice"), two = Client(id: "a2", user: "alice"), late = Client(id: "a3", user: "alice")
    private let bob = Client(id: "b1", user: "bob"), stranger = Client(id: "c1", user: "carol")
    private let admin = Client(id: "x1", user: "root", isAdmin: true)

    init() {
        table.insert("call", caller: .init(client: nil, user: nil), callees: [
            1: .init(client: "a1", user: "alice"), 2: .init(client: "a2", user: "alice"), 3: .init(client: "b1", user: "bob"),
        ])
    }

    /// The code of the error that the client gets; nil where it has the right.
    private func refusal(of right: Right, _ client: Client, in id: String = "call") -> APIError.Code? {
        do {
            _ = try table.require(right, of: client, in: id)
            return nil
        } catch {
            return error.known
        }
    }

    /// The rights that the client has.
    private func rights(_ client: Client, in id: String = "call") -> Set<Right> {
        Set(Right.allCases.filter { refusal(of: $0, client, in: id) == nil })
    }

    @Test("before its stage rings a client has no right: everything answers 2005")
    func beforeTheStage() {
        for client in [one, two, bob, stranger] {
            #expect(table.role(of: client, in: "call") == nil)
            for right in Right.allCases { #expect(refusal(of: right, client) == .notYours) }
        }
        #expect(table.users(of: "call").isEmpty)
        #expect(table.calls(of: one).isEmpty)
    }

    @Test("a call that is not there answers 3002 to everybody", arguments: Right.allCases)
    func unknown(right: Right) {
        #expect(refusal(of: right, one, in: "another") == .unknownCall)
        #expect(refusal(of: right, admin, in: "another") == .unknownCall)
    }

    @Test("a client that is rung may answer, refuse and send candidates; it changes no option of the caller's session")
    func ringing() {
        #expect(table.update("call", ringing: [1, 2], answered: nil).isEmpty)
        #expect(table.role(of: one, in: "call") == .ringing(1))
        #expect(rights(one) == [.watch, .hangUp, .reject, .answer, .negotiate])
        #expect(refusal(of: .control, one) == .wrongState)
        #expect(refusal(of: .transfer, one) == .notYours)
        #expect(table.users(of: "call") == ["alice"])
        #expect(table.calls(of: two) == ["call"])
        #expect(table.ringing("alice", in: "call") == [1, 2])
        #expect(rights(bob).isEmpty)
    }

    @Test("a client that logged in later watches, and refuses for its user; it does not answer")
    func lateClient() {
        _ = table.update("call", ringing: [1, 2], answered: nil)
        #expect(table.role(of: late, in: "call") == .watching([.callee]))
        #expect(rights(late) == [.watch, .hangUp, .reject])
        #expect(refusal(of: .answer, late) == .notYours)
        #expect(refusal(of: .control, late) == .wrongState)
        #expect(table.calls(of: late).isEmpty)
    }

    @Test("when one client has answered, the user's others watch, control and hang up, whether they rang or came later")
    func answered() {
        _ = table.update("call", ringing: [1, 2], answered: nil)
        #expect(table.update("call", ringing: [], answered: 1).isEmpty)
        #expect(table.role(of: one, in: "call") == .answered(1))
        #expect(rights(one) == Set(Right.allCases).subtracting([.answer]))
        #expect(refusal(of: .answer, one) == .wrongState, "it has the call already")
        for other in [two, late] {
            #expect(table.role(of: other, in: "call") == .watching([.callee]))
            #expect(rights(other) == [.watch, .hangUp, .control])
            #expect(refusal(of: .negotiate, other) == .notYours)
            #expect(refusal(of: .transfer, other) == .notYours)
            #expect(refusal(of: .answer, other) == .wrongState, "another client was quicker")
            #expect(refusal(of: .reject, other) == .wrongState, "a refusal that comes late ends nothing")
            #expect(table.calls(of: other).isEmpty)
        }
        for other in [bob, stranger] { #expect(rights(other).isEmpty) }
    }

    @Test("while its answer is on its way a client is no longer just rung, and the others may still refuse for themselves")
    func connecting() {
        _ = table.update("call", ringing: [1, 2], answered: 1)
        #expect(table.role(of: one, in: "call") == .answered(1))
        #expect(table.role(of: two, in: "call") == .ringing(2))
    }

    @Test("the end of a stage takes every right of its users, and says whose")
    func endOfTheStage() {
        _ = table.update("call", ringing: [1, 2], answered: nil)
        #expect(table.update("call", ringing: [3], answered: nil) == ["alice"])
        for client in [one, two, late] {
            #expect(table.role(of: client, in: "call") == nil)
            for right in Right.allCases { #expect(refusal(of: right, client) == .notYours) }
        }
        #expect(table.role(of: bob, in: "call") == .ringing(3))
        #expect(table.update("call", ringing: [], answered: 3).isEmpty)
        #expect(rights(bob) == Set(Right.allCases).subtracting([.answer]))
        #expect(table.users(of: "call") == ["bob"])
    }

    @Test("of users who ring together, the one who did not answer has lost it")
    func groups() {
        _ = table.update("call", ringing: [1, 3], answered: nil)
        #expect(table.ringing("bob", in: "call") == [3])
        #expect(table.update("call", ringing: [], answered: 3) == ["alice"])
        #expect(rights(one).isEmpty)
    }

    @Test("a phone of the user that answers leaves the user's clients watching")
    func phoneOfTheUser() {
        table.add(4, .init(client: nil, user: "alice"), to: "call")
        _ = table.update("call", ringing: [1, 4], answered: nil)
        _ = table.update("call", ringing: [], answered: 4)
        #expect(table.role(of: one, in: "call") == .watching([.callee]))
    }

    @Test("the client that calls has all rights but to answer; its user's others watch for the caller's side, also before the answer")
    func caller() {
        table.insert("own", caller: .init(client: "a1", user: "alice"), callees: [1: .init(client: "b1", user: "bob")])
        #expect(table.role(of: one, in: "own") == .caller)
        #expect(rights(one, in: "own") == Set(Right.allCases).subtracting([.answer]))
        #expect(table.role(of: two, in: "own") == .watching([.caller]))
        #expect(rights(two, in: "own") == [.watch, .hangUp, .reject, .control])
        #expect(table.calls(of: one) == ["own"])
    }

    @Test("a user who calls itself speaks for the caller first, and may speak for both")
    func bothSides() {
        table.insert("own", caller: .init(client: "a1", user: "alice"), callees: [1: .init(client: "a2", user: "alice")])
        _ = table.update("own", ringing: [], answered: 1)
        #expect(table.role(of: late, in: "own")?.sides == [.caller, .callee])
    }

    @Test("an admin watches, controls and hangs up at any time, and is no party")
    func admins() {
        #expect(table.role(of: admin, in: "call") == .admin)
        #expect(rights(admin) == [.watch, .hangUp, .reject, .control])
        _ = table.update("call", ringing: [], answered: 1)
        #expect(rights(admin) == [.watch, .hangUp, .control])
        #expect(refusal(of: .negotiate, admin) == .notYours)
    }

    /// alice's first client, which was in the call "former", goes on with bob.
    private func transferred() {
        table.insert("former", caller: .init(client: "a1", user: "alice"), callees: [1: .init(client: "c1", user: "carol")])
        _ = table.update("former", ringing: [], answered: 1)
        table.insert("new", caller: .init(client: "a1", user: "alice"), callees: [1: .init(client: "b1", user: "bob")])
        table.name("new", "former", for: one, at: .caller)
    }

    @Test("a transferred client knows its new call by the id of the former one, from the end of that until its own")
    func names() {
        transferred()
        #expect(table.call("former", for: one) == "former")
        table.remove("former")
        _ = table.update("new", ringing: [1], answered: nil)
        #expect(table.call("former", for: one) == "new" && table.role(of: one, in: "former") == .caller)
        #expect(table.calls(of: one) == ["former"])
        #expect(table.role(of: two, in: "former") == .watching([.caller]))
        #expect([one, two, bob, admin].map { table.name(of: "new", for: $0) } == ["former", "former", "new", "new"])
        #expect(table.owners(of: "former") == ["alice"] && table.users(of: "former").isEmpty)
        table.remove("new")
        #expect(refusal(of: .watch, one, in: "former") == .unknownCall)
        #expect(table.owners(of: "former") == nil && table.aliases.isEmpty)
    }

    @Test("for the other users of the new call that id names no call, but for admins it does")
    func namesOfOthers() {
        transferred()
        table.remove("former")
        _ = table.update("new", ringing: [1], answered: nil)
        for right in Right.allCases {
            #expect(refusal(of: right, bob, in: "former") == .unknownCall)
            #expect(refusal(of: right, stranger, in: "former") == .unknownCall)
        }
        #expect(table.role(of: bob, in: "new") == .ringing(1))
        #expect(table.role(of: admin, in: "former") == .admin)
    }

    @Test("a client of the same user that the new call rings speaks by the former id for the transferred client")
    func namesOfTheSameUser() {
        transferred()
        table.add(2, .init(client: "a2", user: "alice"), to: "new")
        table.remove("former")
        _ = table.update("new", ringing: [1, 2], answered: nil)
        #expect(table.role(of: two, in: "former") == .watching([.caller]))
        #expect(table.role(of: two, in: "new") == .ringing(2))
    }

    @Test("a client whose two calls are joined knows the new one by both ids, and speaks by each for one side")
    func namesOfJoinedCalls() {
        table.insert("new", caller: .init(client: "a1", user: "alice"), callees: [1: .init(client: "a1", user: "alice")])
        table.name("new", "first", for: one, at: .caller)
        table.name("new", "second", for: one, at: .callee)
        _ = table.update("new", ringing: [], answered: 1)
        #expect(table.role(of: one, in: "first") == .caller && table.role(of: one, in: "second") == .answered(1))
        #expect(table.calls(of: one) == ["first", "second"])
        table.remove("new")
        #expect(table.aliases.isEmpty)
    }

    @Test("during a second transfer the id names the call of the first one until that is over")
    func namesTwice() {
        transferred()
        table.remove("former")
        table.insert("third", caller: .init(client: nil, user: nil), callees: [1: .init(client: "a1", user: "alice")])
        table.name("third", "former", for: one, at: .callee)
        #expect(table.call("former", for: one) == "new")
        table.remove("new")
        #expect(table.call("former", for: one) == "third")
        table.remove("third")
        #expect(table.call("former", for: one) == nil && table.aliases.isEmpty)
    }
}
