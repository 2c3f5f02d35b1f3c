import Foundation
import JSON
import SDP
import TestRedis
import Testing

/// Three gateways, with Kamailio in front of them: the configuration that is shipped.
extension IntegrationTests {
    @Suite("Gateways behind Kamailio")
    struct Dispatchers {
        private static func with(http: [String] = [], _ body: (ClusterStage, Dispatcher) async throws -> Void) async throws {
            let more = "limits: {loop_delay: 10s, exempt: [\"\(Dispatcher.address)\"]}\n"
            try await ClusterStage.with(["a", "b", "c"], http: http, more: more) { cluster in
                let dispatcher = try await Dispatcher(of: cluster.gateways, in: cluster.stage.environment)
                do {
                    try await body(cluster, dispatcher)
                } catch {
                    Issue.record("\(error)\n\(dispatcher.log.suffix(4_000))\n\(cluster.gateways.map { $0.log.split(separator: "\n").filter { !$0.contains(" debug ") }.suffix(30).joined(separator: "\n") }.joined(separator: "\n\n"))")
                }
                await dispatcher.stop()
            }
        }

        @Test("a phone registers through it, is called through it from any gateway, talks, and hangs up; also when the gateway that it registered at is gone")
        func phones() async throws {
            try await Dispatchers.with { cluster, dispatcher in
                let called = try SIPPhone(to: dispatcher.place, on: Dispatcher.address, frequency: 700)
                #expect(try await called.probe.register("bob", domain: cluster.a.address) == 200)
                let isKnown = await eventually(within: .patience) {
                    ["a", "b", "c"].contains { (try? cluster.redis.command("HLEN", "tern:bindings:\($0)")) == "1" }
                }
                #expect(isKnown)
                func talk() async throws {
                    // Call-IDs lead to different gateways.
                    for _ in 0..<4 {
                        let caller = try SIPPhone(to: dispatcher.place, on: Dispatcher.address, frequency: 500)
                        caller.call("bob")
                        try await called.called()
                        try await called.accept()
                        try await caller.answered()
                        #expect(await caller.audio.hears(700))
                        #expect(await called.audio.hears(500))
                        called.media.direction = .sendonly
                        async let answer = called.offers()
                        #expect(try await caller.offered().audioDirection == .sendonly)
                        try await caller.accept()
                        _ = try await answer
                        called.media.direction = .sendrecv
                        try await called.hangUp()
                        try await caller.hungUp()
                        caller.stop()
                    }
                }
                try await talk()
                let home = try #require(cluster.gateways.first { (try? SmallHTTP.status(port: $0.httpPort))?.body.contains("\"registrations\":1") == true })
                await home.kill()
                for gateway in cluster.gateways where gateway.isRunning { try await cluster.knows(gateway, others: 1) }
                try await talk()
                called.stop()
            }
        }

        @Test("a page's call with a phone behind it goes on at another gateway, which calls the phone through it")
        func recovers() async throws {
            let server = try await ForeignServer.start(), origin = "http://127.0.0.1:\(await server.port)"
            try await Dispatchers.with(http: ["allowed_origins: [\(origin)]"]) { cluster, dispatcher in
                let phone = try SIPPhone(to: dispatcher.place, on: Dispatcher.address, frequency: 500)
                phone.knowsReplaces = true
                let page = try await IntegrationTests.SeveralGateways.pageOfAlice(at: [cluster.a, cluster.b], of: origin, cluster)
                try await cluster.has("a", "browsers", 1)
                // Call-IDs lead to different gateways: it is to be that of the page.
                for _ in 0..<40 {
                    phone.call("alice")
                    try await phone.answered()
                    if try cluster.b.status().calls + cluster.gateways[2].status().calls == 0 { break }
                    try await phone.hangUp()
                }
                #expect(await phone.audio.hears(1_600))
                await cluster.a.kill()
                try await phone.called()
                #expect(phone.invite?["replaces"] != nil && phone.invite?.recordRoutes.isEmpty == false, "\(phone.invite?.text ?? "")")
                try await phone.accept()
                #expect(await phone.audio.hears(1_600))
                #expect(try await page.missing(500, in: "call.remoteStream") == nil)
                try await phone.hangUp()
                try await page.close()
                phone.stop()
            }
            await server.stop()
        }

        @Test("5 calls a second while each gateway is killed and comes back in turn: only the calls that it had are lost")
        func kills() async throws {
            try await Dispatchers.with { cluster, dispatcher in
                let load = try await EchoLoad(to: dispatcher.place, from: Dispatcher.address, rate: 5, length: .seconds(3), in: cluster.stage.environment)
                var gateways = cluster.gateways, had = 0
                for index in gateways.indices {
                    let isBusy = await eventually(within: .seconds(20)) { gateways.allSatisfy { ((try? $0.status().calls) ?? 0) > 0 } }
                    #expect(isBusy, "\(gateways.map { try? $0.status().calls })")
                    had += try gateways[index].status().calls
                    await gateways[index].kill()
                    for other in gateways where other.isRunning { try await cluster.knows(other, others: 1) }
                    gateways[index] = try await GatewayProcess(again: gateways[index], in: cluster.stage.environment)
                }
                let outcome = try await load.stop()
                print("killed in turn: \(had) calls were up at the gateways, \(outcome)")
                // A call may begin, or end, between the count and the kill.
                #expect(outcome.made > 60 && outcome.failed <= had + 3, "\(had) were up, \(outcome)")
                #expect(outcome.failed > 0, "the calls of a gateway that is killed are lost: \(outcome)")
                for gateway in gateways { await gateway.end() }
            }
        }

        @Test("who guesses passwords waits for the answer, and takes no gateway away from others")
        func guesses() async throws {
            try await Dispatchers.with { cluster, dispatcher in
                let guessing = Task {
                    try await withThrowingTaskGroup(of: (status: Int, time: Duration).self) { group in
                        for _ in 0..<30 {
                            let probe = try SIPProbe(to: dispatcher.place, address: Dispatcher.address)
                            group.addTask {
                                let start = ContinuousClock.now
                                let status = try await probe.register("alice", password: "wrong", domain: cluster.a.address)
                                return (status, start.duration(to: .now))
                            }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                }
                // Longer than the longest delay.
                let probe = try SIPProbe(to: dispatcher.place, address: Dispatcher.address), end = ContinuousClock.now + .seconds(9)
                while ContinuousClock.now < end {
                    #expect(await dispatcher.hasGateway(probe))
                    try await Task.sleep(for: .milliseconds(100))
                }
                let answers = try await guessing.value
                #expect(answers.allSatisfy { $0.status == 401 }, "\(answers)")
                #expect(answers.contains { $0.time > .seconds(3) }, "nobody is spared the delay by another gateway: \(answers)")
            }
        }

        @Test("a gateway that drains gets no new calls, and loses none")
        func drains() async throws {
            try await Dispatchers.with { cluster, dispatcher in
                let load = try await EchoLoad(to: dispatcher.place, from: Dispatcher.address, rate: 5, length: .seconds(2), in: cluster.stage.environment)
                let isBusy = await eventually(within: .seconds(20)) { cluster.gateways.allSatisfy { ((try? $0.status().calls) ?? 0) > 0 } }
                #expect(isBusy)
                await cluster.a.terminate()
                #expect(await cluster.a.exit(within: .seconds(20)) == .exited(0))
                let outcome = try await load.stop()
                #expect(outcome.made > 10 && outcome.failed == 0, "\(outcome)")
            }
        }
    }
}
