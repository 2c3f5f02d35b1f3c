import Foundation
import SDP
import Testing

/// Phones that say by a host name where they want their media.
extension IntegrationTests {
    @Suite("Host names of media")
    struct MediaHosts {
        @Test("a name in an offer and in a re-INVITE is looked up: the phone hears itself; one that leads nowhere changes nothing in the call")
        func offers() async throws {
            try await withNames { gateway in
                let phone = try SIPPhone(at: gateway)
                defer { phone.stop() }
                phone.media.host = "phone.test"
                phone.call("echo")
                try await phone.answered()
                #expect(await phone.audio.hears(440))
                phone.media.host = "nowhere.test"
                phone.send { $0.request("INVITE", body: phone.media.offer()) }
                let refusal = try await phone.final("INVITE", within: .patience)
                if let dialog = phone.dialog { phone.probe.send(dialog.acknowledgement(of: refusal)) }
                #expect(refusal.status == 488 && refusal["warning"]?.contains("nowhere.test") == true, "\(refusal.text)")
                phone.media.host = "phone.test"
                try await phone.offers()
                #expect(await phone.audio.hears(440))
                try await phone.hangUp()
            }
        }

        @Test("a name in an answer is looked up: both phones hear each other")
        func answer() async throws {
            try await withNames { gateway in
                let one = try SIPPhone(at: gateway, frequency: 440), other = try SIPPhone(at: gateway, frequency: 700, port: gateway.phonePort)
                defer { one.stop(); other.stop() }
                other.media.host = "phone.test"
                one.call("phone")
                try await other.called()
                try await other.accept()
                try await one.answered()
                #expect(await one.audio.hears(700))
                #expect(await other.audio.hears(440))
                try await one.hangUp()
                try await other.hungUp()
            }
        }

        @Test("a name that leads nowhere is refused with 488 and a Warning, one that nobody answers for within two seconds as well",
            arguments: ["nowhere.test", "silent.example"])
        func unknown(name: String) async throws {
            try await withNames { gateway in
                let phone = try SIPPhone(at: gateway)
                defer { phone.stop() }
                phone.media.host = name
                let begin = ContinuousClock.now
                phone.call("echo")
                let refusal = try await phone.final("INVITE", within: .patience)
                #expect(ContinuousClock.now - begin < .seconds(4))
                #expect(refusal.status == 488 && refusal["warning"]?.contains(name) == true, "\(refusal.text)")
                if let dialog = phone.dialog { phone.probe.send(dialog.acknowledgement(of: refusal)) }
            }
        }

        @Test("a CANCEL while the name is looked up ends the call with 487")
        func cancelled() async throws {
            try await withNames { gateway in
                let phone = try SIPPhone(at: gateway)
                defer { phone.stop() }
                phone.media.host = "silent.example"
                phone.call("echo")
                _ = try await phone.provisional(100)
                if let dialog = phone.dialog { phone.probe.send(dialog.cancellation()) }
                let end = try await phone.final("INVITE", within: .patience)
                #expect(end.status == 487)
                if let dialog = phone.dialog { phone.probe.send(dialog.acknowledgement(of: end)) }
            }
        }

        @Test("a session whose answer waits for a name is given to no call, and the answer has its response")
        func adopted() async throws {
            try await withNames { gateway in
                let client = try await APIClient.user("alice", at: gateway)
                let started = try await client.request("media", "start_session", [
                    "type": "proxy", "sdp_type": "rtp", "offer": ["sdp": .string(Parties.offer)],
                ])
                let id = try #require(started["session_id"])
                let answer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 silent.example\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
                try await withThrowingTaskGroup(of: APIClient.Refusal.self) { group in
                    for _ in 0..<2 {
                        group.addTask {
                            try await client.refusal(of: "media", "answer_session", ["session_id": id, "answer": ["sdp": .string(answer)]])
                        }
                    }
                    // One of them came first, and waits.
                    #expect(try await group.next()?.code == 3004)
                    let refusal = try await client.refusal(of: "media", "start_call", ["dest": "phone", "session_id": id])
                    #expect(refusal.code == 3004, "\(refusal)")
                    let last = try #require(try await group.next())
                    #expect(last.code != 3004, "\(last)")
                }
                try await client.request("media", "stop_session", ["session_id": id])
                await client.leave()
            }
        }

        /// A gateway whose name server knows `phone.test`, nothing else of `test`, and asks for all others one that never answers.
        private func withNames(_ body: (GatewayProcess) async throws -> Void) async throws {
            let stage = try Stage.running
            let port = try FreePort.both("127.0.0.1")
            let silent = try Socket(type: SOCK_DGRAM, address: "127.0.0.1", port: 0)
            defer { silent.close() }
            let dns = try await TestProcess("/usr/sbin/dnsmasq", [
                "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--group=root",
                "--no-resolv", "--no-hosts", "--no-poll", "--local=/test/", "--listen-address=127.0.0.1", "--bind-interfaces", "--port=\(port)",
                "--server=127.0.0.1#\(silent.port)", "--host-record=phone.test,\(stage.environment.address)",
            ])
            _ = try await dns.line(with: "started, version", within: .patience)
            let gateway = try await GatewayProcess(in: stage.environment, name: "names-\(port)", nameServer: "127.0.0.1:\(port)")
            do {
                try await body(gateway)
            } catch {
                _ = await gateway.stop()
                await dns.stop()
                throw error
            }
            await gateway.end()
            await dns.stop()
        }
    }
}
