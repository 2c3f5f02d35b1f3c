import EventLoop
import Foundation
import JSON
import Testing

/// Three Januses behind one gateway: who gets the calls when one dies, stands still or is drained.
extension IntegrationTests {
    @Suite("Several Januses")
    struct SeveralJanuses {
        /// A gateway with three Januses.
        private struct Bench {
            let gateway: GatewayProcess
            private let environment: TestEnvironment

            /// How one of them is, by `GET /status`.
            struct Server {
                let name, state: String
                let handles, pid: Int
                let isDraining, isSlow: Bool
                let cores: Double?

                init(_ json: JSONValue) throws {
                    name = try #require(json["name"]?.stringValue)
                    state = try #require(json["state"]?.stringValue)
                    handles = try #require(json["handles"]?.intValue)
                    pid = json["pid"]?.intValue ?? 0
                    isDraining = try #require(json["draining"]?.boolValue)
                    isSlow = try #require(json["slow"]?.boolValue)
                    cores = json["cores"]?.doubleValue
                }
            }

            /// Plays with one, and ends it.
            static func play(_ name: String, _ body: (Bench) async throws -> Void) async throws {
                let bench = try await Bench(name)
                do {
                    try await body(bench)
                } catch {
                    await bench.gateway.kill()
                    throw HarnessError("\(error)\n\(bench.gateway.log.suffix(6_000))")
                }
                await bench.gateway.end()
            }

            private init(_ name: String) async throws {
                environment = try Stage.running.environment
                gateway = try await GatewayProcess(
                    in: environment, name: name, janus: ["mode: managed", "count: 3", "directory: \(environment.directory.path)/\(name)/janus"])
                let all = self
                guard await eventually(within: .patience, { (try? all.servers().allSatisfy { $0.state == "ready" }) == true }) else {
                    await gateway.kill()
                    throw HarnessError("not all Januses are ready: \(gateway.log.suffix(4_000))")
                }
            }

            func servers() throws -> [Server] {
                let (code, body) = try SmallHTTP.status(gateway.httpAddress, port: gateway.httpPort)
                guard code == 200, let list = try JSONValue(parsing: body)["januses"]?.arrayValue else { throw HarnessError("GET /status: \(code) \(body)") }
                return try list.map(Server.init)
            }

            func server(_ index: Int) throws -> Server { try servers()[index] }

            /// Which Janus has a port: the thousand ports are shared out evenly, by even numbers.
            static func owner(of port: Int) -> Int { min(2, (port - 20_000) / 332) }

            /// Phones that call the echo, speak and hear, one after the other.
            func phones(_ count: Int) async throws -> [(phone: SIPPhone, janus: Int)] {
                var phones: [(phone: SIPPhone, janus: Int)] = []
                for _ in 0..<count {
                    let phone = try SIPPhone(at: gateway)
                    phone.call("echo")
                    try await phone.answered()
                    phones.append((phone, Bench.owner(of: try #require(phone.audio.destination).port)))
                }
                return phones
            }

            /// A call to the echo, and which Janus has it.
            func place() async throws -> Int {
                let phone = try SIPPhone(at: gateway)
                defer { phone.stop() }
                phone.call("echo")
                try await phone.answered()
                let janus = Bench.owner(of: try #require(phone.audio.destination).port)
                try await phone.hangUp()
                return janus
            }

            func run(_ arguments: String...) async throws -> LongOutput {
                try await LongOutput(environment.tern, arguments + ["--socket", gateway.controlSocket], in: environment.directory)
            }
        }

        @Test("one of three is killed under load: the calls that it had end with a BYE, no other one does and their RTP goes on, new calls go to the others, and it is used again")
        func killed() async throws {
            try await Bench.play("killed-of-three") { bench in
                let gateway = bench.gateway
                let phones = try await bench.phones(6)
                defer { phones.forEach { $0.phone.stop() } }
                #expect(Set(phones.map(\.janus)) == [0, 1, 2], "they are shared out: \(phones.map(\.janus))")
                let load = try await SpokenLoad(to: gateway, rate: 5, calls: 90, life: .seconds(6))
                // Each has calls of the load.
                #expect(try await eventually(within: .seconds(20)) { try bench.servers().allSatisfy { $0.handles >= 6 } })
                for (phone, _) in phones { #expect(await phone.audio.hears(440)) }
                let victim = try bench.server(1)
                let before = phones.map { $0.phone.audio.receivedPackets }, killed = ContinuousClock.now
                #expect(kill(Int32(victim.pid), SIGKILL) == 0)
                for (phone, janus) in phones where janus == 1 { try await phone.hungUp() }
                #expect(try await eventually(within: .patience) { try bench.server(1).state == "ready" })
                let again = try bench.server(1)
                #expect(again.pid != victim.pid && again.pid > 0)
                // Two seconds and more of RTP, at fifty packets a second.
                try await Task.sleep(for: .seconds(2) - min(.seconds(2), killed.duration(to: .now)))
                let time = killed.duration(to: .now) / .seconds(1)
                for (index, (phone, janus)) in phones.enumerated() where janus != 1 {
                    let received = phone.audio.receivedPackets - before[index]
                    #expect(Double(received) > time * 50 * 0.8, "\(received) packets in \(time) s")
                    #expect(await phone.audio.hears(440))
                }
                let outcome = try await load.outcome(within: .seconds(90))
                let lost = outcome.ports(.lost), answered = outcome.ports(.answered)
                #expect(outcome.failed == 0, "\(outcome)")
                #expect(Set(lost.map(Bench.owner)) == [1], "\(outcome)")
                // The phones' calls count as well. A call may have begun or ended meanwhile; one that was being set up there may have been refused.
                let had = victim.handles - phones.count { $0.janus == 1 }
                #expect(abs(lost.count - had) <= 1 && outcome.refused <= 1, "\(had) before, \(outcome)")
                #expect(answered.count + outcome.refused == 90 && outcome.ports(.ended).count == answered.count - lost.count, "\(outcome)")
                // Behind the last loss there are calls at it again.
                let end = try #require(outcome.fates.lastIndex { $0.fate == .lost })
                #expect(outcome.fates[end...].contains { $0.fate == .answered && Bench.owner(of: $0.port) == 1 }, "\(outcome)")
                for (phone, janus) in phones where janus != 1 { try await phone.hangUp() }
            }
        }

        @Test("one of three stands still for four seconds under load: no call is lost, new calls go to the others meanwhile, and to it again when it answers in time")
        func stopped() async throws {
            try await Bench.play("stopped-of-three") { bench in
                let gateway = bench.gateway
                let phones = try await bench.phones(6)
                defer { phones.forEach { $0.phone.stop() } }
                let load = try await SpokenLoad(to: gateway, rate: 5, calls: 100, life: .seconds(3))
                #expect(try await eventually(within: .seconds(20)) { try bench.servers().allSatisfy { $0.handles >= 4 } })
                let server = try bench.server(1), others = try bench.servers().filter { $0.name != server.name }.map(\.pid)
                let start = ContinuousClock.now
                #expect(kill(Int32(server.pid), SIGSTOP) == 0)
                let isSeen: Bool, slow: Bench.Server, last: Bench.Server, place: Int?
                do {
                    defer { kill(Int32(server.pid), SIGCONT) }
                    isSeen = await eventually(within: .seconds(3)) { (try? bench.server(1).isSlow) == true }
                    slow = try bench.server(1)
                    // A call while it is slow.
                    place = try? await bench.place()
                    try await Task.sleep(for: max(.zero, .seconds(4) - start.duration(to: .now)))
                    last = try bench.server(1)
                }
                #expect(isSeen && slow.isSlow && slow.state == "ready" && place != 1 && place != nil, "\(slow), \(String(describing: place))")
                #expect(last.isSlow && last.handles <= slow.handles, "it got sessions: \(slow), \(last)")
                #expect(try await eventually(within: .seconds(15)) { try !bench.server(1).isSlow })
                #expect(try await eventually(within: .seconds(15)) { try await bench.place() == 1 })
                for (phone, _) in phones {
                    #expect(await phone.audio.hears(440))
                    try await phone.hangUp()
                }
                let outcome = try await load.outcome(within: .seconds(90))
                #expect(outcome.failed == 0 && outcome.refused == 0 && outcome.ports(.lost).isEmpty && outcome.ports(.ended).count == 100, "\(outcome)")
                let after = try bench.servers()
                #expect(after[1].pid == server.pid && after.filter { $0.name != server.name }.map(\.pid) == others)
                #expect(gateway.log.contains("a media server answers late") && !gateway.log.contains("Janus is killed"))
            }
        }

        @Test("one is drained by tern drain-media: its call goes on, new ones go to the others; with --restart it is started again when that call has ended, and is used again")
        func drained() async throws {
            try await Bench.play("drained-of-three") { bench in
                let gateway = bench.gateway
                let phones = try await bench.phones(6)
                defer { phones.forEach { $0.phone.stop() } }
                #expect(Set(phones.map(\.janus)) == [0, 1, 2], "they are shared out: \(phones.map(\.janus))")
                let call = try #require(phones.first { $0.janus == 1 }).phone
                for (phone, janus) in phones where janus == 1 && phone !== call { try await phone.hangUp() }
                #expect(try await eventually(within: .patience) { try bench.server(1).handles == 1 })
                let drained = try await bench.run("drain-media", "janus-2")
                #expect(drained.exit == .exited(0) && drained.text.contains("janus-2 gets no new calls; it has 1 leg of calls"), "\(drained)")
                for _ in 0..<6 { #expect(try await bench.place() != 1) }
                #expect(await call.audio.hears(440))
                let status = try await bench.run("status")
                #expect(status.exit == .exited(0) && status.text.contains("janus-2: ready, drained: gets no new calls, 1 leg"), "\(status)")
                #expect(try gateway.metric(#"tern_janus_draining{server="janus-2"}"#) == 1 && gateway.metric(#"tern_janus_handles{server="janus-2"}"#) == 1)
                let before = try bench.server(1)
                let restart = try await bench.run("drain-media", "janus-2", "--restart")
                #expect(restart.text.contains("and is started again when there is none"), "\(restart)")
                #expect(try await bench.run("status").text.contains("drained, and started again when it is empty"))
                // Not while it has a call.
                #expect(await call.audio.packets(during: .seconds(1)) > 25)
                #expect(try bench.server(1).pid == before.pid)
                try await call.hangUp()
                let isBack = try await eventually(within: .patience) {
                    let server = try bench.server(1)
                    return server.pid != before.pid && server.pid > 0 && server.state == "ready" && !server.isDraining
                }
                #expect(isBack, "\(gateway.log.suffix(4_000))")
                #expect(try await eventually(within: .patience) { try await bench.place() == 1 })
                // What was at the others has not noticed.
                for (phone, janus) in phones where janus != 1 {
                    #expect(await phone.audio.hears(440))
                    try await phone.hangUp()
                }
                #expect(!gateway.log.contains("Janus failed") && !gateway.log.contains("Janus is killed"))
            }
        }

        @Test("all are drained: calls get 503 and /readyz says why; one of them is enough again; names that no Janus has are refused")
        func allDrained() async throws {
            try await Bench.play("all-of-three-drained") { bench in
                let gateway = bench.gateway
                let admin = try await APIClient.user("admin", at: gateway)
                for index in 1...3 { _ = try await admin.request("admin", "drain_media", ["name": .string("janus-\(index)"), "on": true]) }
                let probe = try SIPProbe(at: gateway)
                let refused = SIPProbe.Call(to: "echo", from: probe)
                probe.send(refused.invite())
                #expect(try await probe.finalStatus(of: refused) == 503)
                probe.send(refused.acknowledgement(of: "INVITE"))
                let (status, text) = try SmallHTTP.get(gateway.httpAddress, port: gateway.httpPort, path: "/readyz")
                #expect(status == 503 && text.contains("all media servers that are ready are being drained"), "\(text)")
                let off = try await bench.run("drain-media", "janus-3", "--off")
                #expect(off.exit == .exited(0) && off.text.contains("janus-3 gets new calls again"), "\(off)")
                #expect(try await bench.place() == 2)
                #expect(try await admin.refusal(of: "admin", "drain_media", ["name": "janus-4", "on": true]).code == 3003)
                #expect(try await admin.refusal(of: "admin", "drain_media", ["name": "janus-1"]).code == 1105)
                #expect(try await admin.refusal(of: "admin", "drain_media", ["name": "janus-1", "on": false, "restart": true]).code == 1106)
                let unknown = try await bench.run("drain-media", "nothing")
                #expect(unknown.exit == .exited(1) && unknown.errors.contains("there are janus-1, janus-2, janus-3"), "\(unknown)")
                // Empty already: it is started again at once.
                let before = try bench.server(0).pid
                _ = try await admin.request("admin", "drain_media", ["name": "janus-1", "on": true, "restart": true])
                #expect(try await eventually(within: .patience) {
                    let server = try bench.server(0)
                    return server.pid != before && server.pid > 0 && server.state == "ready" && !server.isDraining
                })
                await admin.leave()
            }
        }
    }
}
