import BrowserAPI
@testable import Calls
import EventLoop
import JSON
@testable import SIP
import Testing

/// A party on its way from one call to another, and what the parties of both want of it meanwhile.
@Suite("A leg that is being transferred", .timeLimit(.minutes(1)))
@LoopActor
struct TransferredLegTests {
    @Test("a phone whose dialog is busy twice keeps the offer of its new call's other party, and gets it once it is there")
    func busyTwice() async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice")
            let (call, phone) = try await bench.callsPhone(alice)
            phone.receive(.offered(.invite, sdp: sdp("the phone's own offer")))
            await bench.settle()
            alice.request("transfer_call", ["call_id": .string(call), "dest": "801"])
            await bench.settle()
            let target = try #require(bench.agent.legs.last)
            target.receive(.success(sdp: sdp("the target's answer")))
            await bench.settle()
            target.receive(.offered(.invite, sdp: sdp("the target's further offer")))
            await bench.settle()
            // Its own offer has no answer yet: the transfer's waits, and tries in vain once more.
            bench.clock.turn(by: .milliseconds(300))
            await bench.settle()
            #expect(phone.sent == ["INVITE offer", "ACK"] && target.sent == ["INVITE offer", "ACK"])
            alice.respond(to: try #require(alice.requests.first), ["answer": .answer])
            await bench.settle()
            phone.receive(.acknowledged(sdp: nil))
            bench.clock.turn(by: .milliseconds(300))
            await bench.settle()
            #expect(phone.sent.suffix(2) == ["200", "re-INVITE offer"])
            phone.receive(.success(sdp: sdp("the phone's answer to the transfer")))
            await bench.settle()
            #expect(phone.sent.suffix(2) == ["ACK", "re-INVITE offer"] && target.sent.last == "ACK")
            phone.receive(.success(sdp: sdp("the phone's answer to the target")))
            await bench.settle()
            #expect(target.sent.last == "200" && alice.calls[call]?.ends == ["hangup"])
            target.receive(.acknowledged(sdp: nil))
            phone.receive(.bye(nil))
            await bench.settle()
        }
    }

    /// alice joins a phone to carol, who offers a change of the new session before the phone has it.
    private func offersEarly(_ bench: CallBench) async throws -> (alice: StandInBrowser, carol: StandInBrowser, phone: StandInLeg, offer: Int) {
        let (alice, carol) = (bench.browser("alice"), bench.browser("carol"))
        let (first, phone) = try await bench.callsPhone(alice)
        let second = try await bench.calls(alice, carol)
        alice.request("transfer_call", ["call_id": .string(first), "other_call_id": .string(second)])
        await bench.settle()
        let replace = try #require(carol.requests.first { $0.command == "replace_session" })
        carol.respond(to: replace, ["answer": .answer])
        await bench.settle()
        #expect(phone.sent.last == "re-INVITE offer")
        let offer = carol.request("update_session", ["session_id": replace.data["session_id"] ?? "", "offer": .offer])
        await bench.settle()
        #expect(carol.open[offer] != nil)
        return (alice, carol, phone, offer)
    }

    @Test("a browser's offer in its new session is answered when the transfer fails and the browser stays where it was")
    func offerOfOneThatStays() async throws {
        try await CallBench.play { bench in
            let (alice, carol, phone, offer) = try await offersEarly(bench)
            phone.receive(.failure(status: 488, phrase: "", reason: nil))
            await bench.settle()
            #expect(carol.responses[offer]?.code == APIError.Code.wrongState.rawValue)
            #expect(phone.isAlive && bench.switchboard.calls.count == 2 && carol.calls.values.allSatisfy(\.ends.isEmpty))
            #expect(alice.events.last { $0.type == "transfer" }?.body["status"] == 488)
            phone.receive(.bye(nil))
        }
    }

    @Test("a browser's offer in its new session is answered when its former call ends")
    func offerOfOneThatIsForgotten() async throws {
        try await CallBench.play { bench in
            let (_, carol, phone, offer) = try await offersEarly(bench)
            let former = try #require(carol.known.first.flatMap { bench.switchboard.calls[$0] })
            former.session.stop(.mediaServerLost)
            await bench.settle()
            #expect(carol.responses[offer]?.code == APIError.Code.wrongState.rawValue)
            #expect(carol.calls.values.map(\.ends) == [["hangup"]])
            for input in [LegInput.failure(status: 488, phrase: "", reason: nil), .bye(nil)] {
                phone.receive(input)
                await bench.settle()
            }
        }
    }
}
