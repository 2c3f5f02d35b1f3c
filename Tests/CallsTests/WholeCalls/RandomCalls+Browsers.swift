@testable import Calls
import EventLoop
import JSON

// What pages do, in and out of order.
extension RandomCalls {
    private func offer() -> JSONValue { ["sdp": .string(text("a browser's offer")), "trickle_ice": .bool(generator.happens(20))] }

    func browserCalls() {
        guard let browser = bench.browsers.filter({ $0.client != nil && $0.isOpen && $0.user != "mallory" }).pick(&generator) else { return }
        if generator.happens(15) {
            let type = generator.happens(30) ? "echo" : "proxy", sdpType = generator.happens(50) ? "rtp" : "webrtc"
            note("\(browser.user) \(browser.id) starts a session: \(type) \(sdpType)")
            browser.request("start_session", ["type": .string(type), "sdp_type": .string(sdpType), "offer": offer()])
            return
        }
        let dest = ["alice", "bob", "bob", "carol", "dora", "desk", "echo", "801", "902", "nobody", "sip:x@198.51.100.7"].pick(&generator) ?? ""
        note("\(browser.user) \(browser.id) calls \(dest)")
        if generator.happens(12), let session = bench.service.apiSessions.keys.sorted().pick(&generator) {
            let isForeign = bench.sessions.users(of: session)?.contains(browser.user) == false
            browser.request("start_call", ["dest": .string(dest), "session_id": .string(session)], isForeign: isForeign)
        } else {
            browser.request("start_call", ["dest": .string(dest), "offer": offer(), "record": .bool(generator.happens(10))])
        }
    }

    /// Answers a request of the gateway's, or lets it wait.
    func browserResponds() {
        guard let browser = bench.browsers.filter({ !$0.requests.isEmpty && $0.isOpen }).pick(&generator),
            let request = browser.requests.pick(&generator)
        else { return }
        let isOK = generator.happens(85)
        note("\(browser.user) \(browser.id) \(isOK ? "accepts" : "refuses") \(request.command)")
        guard isOK else { return browser.respond(to: request, [:], code: 4_000) }
        if generator.happens(92) { accept(request, browser) } else { browser.respond(to: request, [:]) }
    }

    func accept(_ request: StandInBrowser.Request, _ browser: StandInBrowser) {
        switch request.command {
        case "renegotiate_session": browser.respond(to: request, ["answer": offer()])
        case "replace_session": browser.respond(to: request, [request.data["offer"] == nil ? "offer" : "answer": offer()])
        default: browser.respond(to: request, [:])
        }
    }

    /// A command about a call that the client knows.
    func browserActs() {
        guard let browser = bench.browsers.filter({ $0.client != nil && $0.isOpen && !$0.known.isEmpty }).pick(&generator),
            let call = (generator.happens(75) ? browser.known.last : browser.known.pick(&generator)), let part = browser.calls[call]
        else { return }
        command(browser, call: call, session: part.session, other: browser.known.pick(&generator), isLikelyToAnswer: !part.isCaller && !part.isAnswered)
    }

    /// A command about a call, or a session, of whomever it is.
    func strangerActs() {
        let known = bench.browsers.flatMap(\.known) + ["00000000-0000-4000-8000-000000000000"]
        guard let browser = bench.browsers.filter({ $0.client != nil && $0.isOpen }).pick(&generator), let call = known.pick(&generator) else { return }
        let session = bench.browsers.lazy.compactMap { $0.calls[call]?.session }.first ?? call
        command(browser, call: call, session: session, other: known.pick(&generator), isLikelyToAnswer: false)
    }

    private func command(_ browser: StandInBrowser, call: String, session: String, other: String?, isLikelyToAnswer: Bool) {
        let about: [String: JSONValue] = ["call_id": .string(call)], session: [String: JSONValue] = ["session_id": .string(session)]
        let description = offer()
        let commands: [(String, [String: JSONValue])] = [
            ("ring_call", about), ("ring_call", about.merging(["answer": description]) { $1 }), ("answer_call", about.merging(["answer": description]) { $1 }),
            ("answer_call", about.merging(["offer": description]) { $1 }), ("reject_call", about), ("hangup_call", about), ("hold_call", about),
            ("resume_call", about), ("send_dtmf", about.merging(["digits": "12"]) { $1 }), ("stop_session", session),
            ("update_session", session.merging(["use_video": .bool(generator.happens(50))]) { $1 }), ("update_session", session.merging(["offer": description]) { $1 }),
            ("set_candidate_end", session), ("get_info", session), ("answer_session", session.merging(["answer": description]) { $1 }),
            ("transfer_call", about.merging(["dest": .string(["bob", "carol", "801", "902", "dora", "echo"].pick(&generator) ?? "")]) { $1 }),
            ("transfer_call", about.merging(["other_call_id": .string(other ?? call)]) { $1 }),
        ]
        let isEstablished = browser.calls[call] != nil && bench.isEstablished(call, of: browser)
        let likely = isLikelyToAnswer && generator.happens(60) ? commands[2...2] : isEstablished && generator.happens(25) ? commands[15...16] : commands[...]
        let (name, data) = likely.randomElement(using: &generator) ?? commands[0]
        let owners = bench.service.owners(of: name.hasSuffix("session") || data["session_id"] != nil ? session["session_id"]?.stringValue ?? "" : call)
        let isForeign = owners?.contains(browser.user) == false
        note("\(browser.user) \(browser.id): \(name)\(isForeign ? " of a foreign call" : "")")
        let before = isForeign ? states() : []
        browser.request(name, .object(data), isForeign: isForeign)
        if isForeign, states() != before { browser.violations.append("\(name) of a client without the right changed a call") }
    }

    /// What somebody from outside could change.
    private func states() -> [String] {
        bench.switchboard.calls.values.map { "\($0.id) \($0.isEstablished) \($0.ringing.sorted()) \($0.session.isEnded)" }.sorted()
            + bench.agent.legs.map { "\($0.id) \($0.sent.count)" }
    }

    func browserComesOrLeaves() {
        let here = bench.browsers.filter(\.isOpen)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
            let user = ["alice", "bob", "carol"].pick(&generator) ?? ""
            note("\(user) opens a page")
            bench.browser(user)
        case 1:
            guard let browser = here.pick(&generator) else { return }
            note("\(browser.user) \(browser.id) logs out")
            browser.logOut()
        case 2:
            guard let browser = here.pick(&generator) else { return }
            note("\(browser.user) \(browser.id) loses its connection")
            browser.disconnect()
        default:
            guard let browser = bench.browsers.filter({ !$0.isOpen && $0.client != nil }).pick(&generator) else { return }
            guard generator.happens(75) else {
                note("\(browser.user) \(browser.id) comes back, but loses its connection before the answer has come")
                return bench.resumeInVain(browser)
            }
            note("\(browser.user) \(browser.id) comes back")
            bench.resume(browser)
        }
    }
}
