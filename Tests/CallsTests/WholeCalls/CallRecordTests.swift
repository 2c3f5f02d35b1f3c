@testable import Calls
import EventLoop
import Events
import JSON
@testable import SIP
import Testing

/// What is told of calls for their records.
@Suite("Records of whole calls", .serialized, .timeLimit(.minutes(1)))
@LoopActor
struct CallRecordTests {
    private final class Told {
        var records: [CallRecord] = []
    }

    /// Plays a call.
    private func play(_ body: (CallBench, Told) async throws -> Void) async throws {
        let registrar = try await CallBench.registrar()
        let bench = CallBench(registrar: registrar)
        let told = Told()
        let listening = EventStream.shared.listen(to: .call) { event in
            if case .call(.recorded(let record)) = event.content { told.records.append(record) }
        }
        defer { bench.retire() }
        try await body(bench, told)
        await bench.settle()
        for browser in bench.browsers {
            browser.logOut()
            browser.disconnect()
        }
        await bench.settle()
        #expect(bench.clock.count == 0)
        withExtendedLifetime(listening) {}
        await registrar.stop()
    }

    @Test("a record is told at the beginning, at the answer, each minute and at the end, and then no more")
    func stations() async throws {
        try await play { bench, told in
            let alice = bench.browser("alice")
            alice.request("start_call", ["dest": "901", "offer": ["sdp": .string(sdp("a browser's offer"))]])
            await bench.settle()
            #expect(told.records.count == 1 && told.records[0].end == nil && told.records[0].times.answered == nil)
            let phone = try #require(bench.agent.legs.last)
            phone.receive(.provisional(status: 180, phrase: "Ringing", sdp: nil))
            phone.receive(.success(sdp: sdp("a phone's answer")))
            await bench.settle()
            #expect(told.records.count == 2 && told.records[1].times.answered != nil && told.records[1].times.rang != nil)
            #expect(told.records[1].trunk == "east" && told.records[1].calleeSide.callID == "\(phone.id)" && told.records[1].end == nil)
            for minute in 1...3 {
                bench.clock.turn(by: .seconds(60))
                await bench.settle()
                #expect(told.records.count == 2 + minute)
            }
            phone.receive(.bye(nil))
            await bench.settle()
            let record = try #require(told.records.last)
            #expect(told.records.count == 6 && record.end?.result == "answered" && record.end?.by == "callee")
            #expect(record.caller.kind == "browser" && record.caller.user == "alice" && record.caller.source == "user alice")
            #expect(record.dialled == "901" && record.answeredBy == "901" && record.trunk == "east" && record.target == "sip:901@192.0.2.20")
            #expect(record.end?.why == "trunk east (sip:901@192.0.2.20) hung up after 0 s")
            #expect(record.legs.map(\.kind) == ["trunk"] && record.legs[0].rang != nil && record.legs[0].answered != nil && record.legs[0].ended != nil)
            #expect(record.calleeSide.callID == "\(phone.id)")
            bench.clock.turn(by: .seconds(600))
            await bench.settle()
            #expect(told.records.count == 6 && Set(told.records.map(\.id)).count == 1)
        }
    }

    @Test("each target of a trunk that was tried is a leg of its own, with its own status")
    func targets() async throws {
        try await play { bench, told in
            let alice = bench.browser("alice")
            alice.request("start_call", ["dest": "901", "offer": ["sdp": .string(sdp("a browser's offer"))]])
            await bench.settle()
            bench.agent.legs.last?.receive(.failure(status: 503, phrase: "Service Unavailable", reason: nil))
            await bench.settle()
            bench.agent.legs.last?.receive(.failure(status: 486, phrase: "Busy Here", reason: nil))
            await bench.settle()
            let record = try #require(told.records.last)
            #expect(record.legs.map(\.target) == ["sip:901@192.0.2.20", "sip:901@192.0.2.21"])
            #expect(record.legs.map(\.status) == [503, 486] && record.legs.map(\.number) == [1, 1])
            #expect(record.legs.allSatisfy { $0.ended != nil && $0.trunk == "east" } && Set(record.legs.map(\.callID)).count == 2)
            #expect(record.end?.status == 486 && record.end?.result == "busy" && record.times.answered == nil)
            #expect(record.end?.why == "trunk east (sip:901@192.0.2.21) is busy: 486 Busy Here", "\(record.end?.why ?? "")")
        }
    }

    @Test("a call that all refuse went to the one whose refusal the caller got; to nobody where a route refuses it in the end")
    func lastRefusal() async throws {
        try await play { bench, told in
            for (dialled, ringing) in [("bob", 2), ("desk", 1)] {
                let caller = bench.phone(calls: dialled, trunk: 10)
                await bench.settle()
                let phones = bench.agent.legs.filter(\.isOurs).suffix(ringing)
                for (phone, status) in zip(phones, [404, 486]) { phone.receive(.failure(status: status, phrase: "No", reason: nil)) }
                await bench.settle()
                if dialled == "desk" {
                    for phone in bench.agent.legs.filter(\.isOurs).suffix(2) { phone.receive(.failure(status: 404, phrase: "No", reason: nil)) }
                    await bench.settle()
                }
                caller.receive(.acknowledged(sdp: nil))
                let record = try #require(told.records.last)
                #expect(record.legs.count == (dialled == "bob" ? 2 : 3) && record.end?.by == (dialled == "bob" ? "callee" : "gateway"), "\(record.json)")
                let refuser = dialled == "bob" ? record.legs.first { $0.status == record.end?.status }?.target : nil
                #expect(record.target == refuser && (refuser == nil) == (dialled == "desk"), "\(record.json)")
                #expect(record.end?.why == (refuser.map { "\($0) refused the call: 404 No" } ?? "Tern refused the call: 486 Busy Here"), "\(record.json)")
            }
        }
    }

    @Test("all who rang are legs: who took the call, who was told elsewhere")
    func fork() async throws {
        try await play { bench, told in
            bench.browser("bob")
            let caller = bench.phone(calls: "bob", trunk: 10)
            await bench.settle()
            let phones = bench.agent.legs.filter(\.isOurs)
            phones[1].receive(.success(sdp: sdp("a phone's answer")))
            await bench.settle()
            caller.receive(.acknowledged(sdp: nil))
            phones[0].receive(.failure(status: 487, phrase: "", reason: nil))
            caller.receive(.bye(nil))
            await bench.settle()
            phones[1].receive(.byeAnswered)
            await bench.settle()
            let record = try #require(told.records.last)
            #expect(record.legs.map(\.kind).sorted() == ["browser", "phone", "phone"])
            #expect(record.legs.count { $0.answered != nil } == 1 && record.legs.allSatisfy { $0.ended != nil })
            #expect(record.caller.kind == "trunk" && record.caller.source == "trunk west" && record.answeredBy == "bob")
            #expect(record.end?.why.hasSuffix("hung up after 0 s") == true && record.end?.by == "caller")
        }
    }

    @Test("a call that is refused has one record, from a phone and from a browser")
    func refused() async throws {
        try await play { bench, told in
            let phone = bench.phone(calls: "nobody", trunk: 10)
            await bench.settle()
            phone.receive(.acknowledged(sdp: nil))
            #expect(told.records.count == 1 && told.records[0].end?.status == 404 && told.records[0].caller.source == "trunk west")
            let alice = bench.browser("alice")
            alice.request("start_call", ["dest": "nobody", "offer": ["sdp": .string(sdp("a browser's offer"))]])
            await bench.settle()
            #expect(told.records.count == 2 && told.records[1].end?.result == "not_found" && told.records[1].caller.user == "alice")
            let absent = bench.phone(calls: "carol", trunk: 10)
            await bench.settle()
            absent.receive(.acknowledged(sdp: nil))
            #expect(told.records.last?.end?.status == 480 && told.records.last?.end?.why == "carol has no phone or browser")
            #expect(told.records[1].dialled == "nobody" && told.records[1].times.ended != nil && told.records[1].legs.isEmpty)
        }
    }

    @Test("record, event and line of a refused call say the same")
    func agreement() async throws {
        try await play { bench, told in
            bench.faults.logLevel = .info
            var events: [(id: String, start: CallStart, callID: String?, client: String?, outcome: CallOutcome)] = []
            let listening = EventStream.shared.listen(to: .call) { event in
                guard case .call(let id) = event.subject, case .call(.notAdmitted(let start, let callID, let client, let outcome)) = event.content else { return }
                events.append((id, start, callID, client, outcome))
            }
            for dialled in ["nobody", "carol"] {
                let phone = bench.phone(calls: dialled, trunk: 10)
                await bench.settle()
                phone.receive(.acknowledged(sdp: nil))
            }
            let alice = bench.browser("alice")
            for dialled in ["nobody", "carol"] { alice.request("start_call", ["dest": .string(dialled), "offer": ["sdp": .string(sdp("a browser's offer"))]]) }
            await bench.settle()
            #expect(told.records.count == 4 && events.count == 4 && bench.faults.ends.count == 4)
            for ((record, event), line) in zip(zip(told.records, events), bench.faults.ends) {
                let end = try #require(record.end)
                #expect(record.id == event.id && line["call"] == "\(record.id)")
                #expect(record.caller.kind == event.start.callerKind)
                #expect(record.caller.user == event.start.caller && line["from"] == "\(record.caller.user)")
                #expect(record.caller.source == event.start.source && line["source"] == "\(record.caller.source)")
                #expect(record.dialled == event.start.dialled && line["to"] == "\(record.dialled)")
                #expect(end.status == event.outcome.status && line["status"] == "\(end.status)")
                #expect(end.by == event.outcome.by && line["by"] == "\(end.by)" && line["result"] == "\(end.result)")
                #expect(event.outcome.reason == line["reason"].map { "\($0)" })
                #expect(record.callerSide.callID == event.callID && record.caller.client == event.client)
                #expect((line["code"] != nil) == (event.client != nil) && (line["caller_call_id"] != nil) == (event.callID != nil))
            }
            #expect(told.records.map { $0.end?.status } == [404, 480, 404, 480])
            withExtendedLifetime(listening) {}
        }
    }
}
