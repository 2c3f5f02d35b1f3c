@testable import Calls
import EventLoop
import JSON
@testable import SIP
import Testing

extension CallBench {
    /// Plays calls; at their end nothing may be wrong, and when all clients are gone nothing be left.
    static func play(_ body: (CallBench) async throws -> Void) async throws {
        let registrar = try await CallBench.registrar()
        let bench = CallBench(registrar: registrar)
        defer { bench.retire() }
        try await body(bench)
        await bench.settle()
        for browser in bench.browsers {
            browser.logOut()
            browser.disconnect()
        }
        await bench.settle()
        for leg in bench.agent.legs where leg.owes { leg.doWhatIsOwed(sdp("an answer")) }
        await bench.settle()
        #expect(bench.violations() == [])
        #expect(bench.leftovers() == [])
        await registrar.stop()
    }

    /// A browser calls a phone of the trunk east, which answers.
    func callsPhone(_ browser: StandInBrowser) async throws -> (call: String, phone: StandInLeg) {
        browser.request("start_call", ["dest": "901", "offer": .offer])
        await settle()
        let phone = try #require(agent.legs.last)
        phone.receive(.success(sdp: sdp("a phone's answer \(phone.id)")))
        await settle()
        return (try #require(browser.known.last), phone)
    }

    /// A browser calls another one, which answers.
    func calls(_ browser: StandInBrowser, _ other: StandInBrowser) async throws -> String {
        browser.request("start_call", ["dest": .string(other.user), "offer": .offer])
        await settle()
        let call = try other.invitation()
        other.request("answer_call", ["call_id": .string(call), "answer": .answer])
        await settle()
        return call
    }
}

extension StandInBrowser {
    /// The call that it is invited to, which it takes on.
    func invitation() throws -> String {
        let invite = try #require(requests.first { $0.command == "call_invite" })
        respond(to: invite, [:])
        return try #require(invite.call)
    }
}

extension JSONValue {
    /// Descriptions of a browser.
    static let offer: JSONValue = ["sdp": .string(sdp("a browser's offer"))]
    static let answer: JSONValue = ["sdp": .string(sdp("a browser's answer"))]
}

/// A description with a name and no media: what a stand-in for a phone or browser says.
func sdp(_ name: String) -> String { "v=0\r\ns=\(name)\r\n" }
