@testable import Calls
import EventLoop
import JSON
import ProxyCore
import SDP
@testable import SIP
import Testing

@Suite("Offers and answers on their way", .timeLimit(.minutes(1)))
@LoopActor
struct CorridorTests {
    @Test("a phone's offer reaches the session as what it says, and the browser gets the text of what the session made of it; so with the answer")
    func phoneToBrowser() async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice"), phone = bench.phone(calls: "alice", offer: sdp("the phone's offer"))
            await bench.settle()
            let session = try #require(bench.media.sessions.first), invite = try #require(alice.requests.first { $0.command == "call_invite" })
            let call = try alice.invitation()
            #expect(session.said.map(\.side) == [.caller])
            #expect(session.said.last?.event == .offered(RemoteDescription(parsing: sdp("the phone's offer"))))
            let offer = try #require(session.pendingOffer)
            #expect(invite.data["offer"] == ["sdp": .string(offer.text)])
            alice.request("answer_call", ["call_id": .string(call), "answer": ["sdp": .string(sdp("alice's answer")), "trickle_ice": true]])
            await bench.settle()
            #expect(session.said.last?.side == .callee)
            #expect(session.said.last?.event == .answered(RemoteDescription(parsing: sdp("alice's answer"), trickle: true)))
            phone.receive(.acknowledged(sdp: nil))
            let answer = try SessionDescription(parsing: try #require(phone.descriptions?.local))
            #expect(answer.name == offer.name && answer.origin.sessionVersion == offer.origin.sessionVersion + 1)
            #expect(phone.descriptions?.local == answer.text)
        }
    }

    @Test("what a phone does within its dialog reaches the session under the same name")
    func withinDialog() async throws {
        try await CallBench.play { bench in
            let alice = bench.browser("alice"), (_, phone) = try await bench.callsPhone(alice)
            let session = try #require(bench.media.sessions.first)
            var seen = session.said.count
            @LoopActor func said(_ input: LegInput) async -> [PartyEvent] {
                phone.receive(input)
                await bench.settle()
                defer { seen = session.said.count }
                return session.said.dropFirst(seen).filter { $0.side == .callee }.map(\.event)
            }
            #expect(await said(.offered(.invite, sdp: sdp("another"))) == [.offered(RemoteDescription(parsing: sdp("another")))])
            #expect(await said(.cancelled(nil)) == [.withdrawn])
            for request in alice.requests where request.command == "renegotiate_session" { alice.respond(to: request, ["answer": .answer]) }
            await bench.settle()
            seen = session.said.count
            #expect(await said(.offered(.invite, sdp: nil)) == [.offerWanted])
            #expect(await said(.acknowledged(sdp: nil)) == [.declined(.refused("the ACK brought no answer"))])
        }
    }

    @Test("a description that cannot be parsed reaches the session with its error")
    func unreadable() async throws {
        try await CallBench.play { bench in
            bench.browser("alice").request("start_call", ["dest": "901", "offer": .offer])
            await bench.settle()
            try #require(bench.agent.legs.last).receive(.success(sdp: "v=1"))
            await bench.settle()
            let error = SDPError(line: 1, reason: .invalid("v="))
            guard case .answered(let answer)? = bench.media.sessions.first?.said.last?.event else {
                Issue.record("\(bench.media.sessions.first?.said ?? [])")
                return
            }
            #expect(answer.content == .failure(error) && bench.media.unreadable == ["\(error)"])
            bench.media.unreadable = []
        }
    }
}
