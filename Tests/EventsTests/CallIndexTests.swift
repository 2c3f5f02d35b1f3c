import EventLoop
@testable import Events
import Testing

@LoopActor
@Suite struct CallIndexTests {
    private let stream = EventStream()
    private let listening: EventListening

    init() { listening = stream.listen(to: .all) { _ in } }

    private func begin(_ id: String, session: String? = nil, dialogs: String...) {
        stream.tell(id, .began(CallStart(callerKind: "phone", caller: "1", dialled: "2", source: "")))
        if let session { stream.tell(id, .hasSession(id: session)) }
        for dialog in dialogs { stream.tell(id, .hasDialog(callID: dialog, isCaller: false)) }
    }

    private func end(_ id: String) { stream.tell(id, .ended(CallOutcome(status: 200, reason: "", by: "caller"))) }

    @Test func `a dialog, a session and a handle lead to their call`() {
        begin("c", session: "s", dialogs: "callee")
        stream.tell("c", .hasDialog(callID: "caller", isCaller: true))
        stream.tell(session: "s", .hasHandle(7, side: "caller"))
        for subject in [Event.Subject.call("c"), .dialog("callee"), .dialog("caller"), .session("s"), .handle(7)] {
            #expect(stream.index.calls(of: subject) == ["c"])
        }
        #expect(stream.index.dialog(of: "c") == "caller" && stream.index.session(of: 7) == "s")
        #expect(stream.index.calls(of: .dialog("other")).isEmpty && stream.index.dialog(of: "other") == nil)
    }

    @Test func `a listener finds what the event itself says`() {
        var found: [String] = []
        let late = stream.listen(to: .call) { [index = stream.index] event in
            if case .call(.hasDialog(let dialog, _)) = event.content { found += index.calls(of: .dialog(dialog)) }
        }
        begin("c", dialogs: "d")
        #expect(found == ["c"])
        withExtendedLifetime(late) {}
    }

    @Test func `a dialog of two calls is that of the live one`() {
        begin("one", dialogs: "d")
        begin("two", dialogs: "d")
        #expect(stream.index.calls(of: .dialog("d")) == ["one", "two"])
        end("one")
        #expect(stream.index.calls(of: .dialog("d")) == ["two"] && !stream.index.isLive("one"))
        end("two")
        #expect(stream.index.calls(of: .dialog("d")) == ["two"])
    }

    @Test func `a call that has ended is forgotten when enough others have ended after it, a live one never is`() {
        begin("live", session: "l", dialogs: "live")
        begin("c", session: "s", dialogs: "d")
        stream.tell(session: "s", .hasHandle(7, side: "caller"))
        end("c")
        for number in 1..<CallIndex.mostEnded {
            begin("\(number)", dialogs: "\(number)")
            end("\(number)")
        }
        #expect(stream.index.calls(of: .handle(7)) == ["c"])
        for number in CallIndex.mostEnded..<3 * CallIndex.mostEnded {
            begin("\(number)", dialogs: "\(number)")
            end("\(number)")
        }
        #expect(!stream.index.knows("c") && stream.index.session(of: 7) == nil && stream.index.calls(of: .dialog("d")).isEmpty)
        #expect(stream.index.calls(of: .dialog("live")) == ["live"] && stream.index.knows("\(3 * CallIndex.mostEnded - 1)"))
    }

    @Test func `the handles of a session without a call are forgotten after its end`() {
        stream.tell(session: "alone", .hasHandle(9, side: "caller"))
        stream.tell(session: "alone", .ended(code: 200, reason: ""))
        #expect(stream.index.session(of: 9) == "alone")
        for number in 0..<CallIndex.mostEnded {
            begin("\(number)")
            end("\(number)")
        }
        #expect(stream.index.session(of: 9) == nil)
    }
}
