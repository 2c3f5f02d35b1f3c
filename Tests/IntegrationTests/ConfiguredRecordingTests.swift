import Foundation
import JSON
import Testing

/// Keys `record` of routes and users: who is recorded without asking for it.
extension IntegrationTests {
    @Suite("Recordings by configuration")
    struct ConfiguredRecordings {
        @Test("calls of a route and of a user that want it are recorded from their answer on, whoever calls; others are not")
        func recorded() async throws {
            let stage = try Stage.running
            let gateway = try await GatewayProcess(in: stage.environment, name: "recording", routes: """
                routes:
                  - {match: echo, to: echo, record: true}
                  - {match: "*", to: user}
                """)
            try gateway.rewrite { $0.replacing("{name: bob,", with: "{name: bob, record: true,") }
            await gateway.hangUp()
            #expect(await eventually(within: .patience) { gateway.log.contains("configuration read again") })

            // The echo, by its route.
            let phone = try SIPPhone(at: gateway)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            try await phone.hearsFor(.seconds(1))
            try await phone.hangUp()
            #expect(await eventually(within: .patience) { files(of: gateway).count == 1 })

            // alice is not recorded, bob is: as a called user.
            for (user, count) in [("alice", 1), ("bob", 2)] {
                let client = try await APIClient.user(user, at: gateway), peers = try await Peers(stage)
                let caller = try SIPPhone(at: gateway)
                defer { caller.stop() }
                caller.call(user)
                let invite = try await client.serve("call_invite")
                let id = try #require(invite["session_id"]?.stringValue)
                let answer = try await peers.answer("callee", to: try #require(invite["offer"]?["sdp"]), frequency: 700, video: false)
                try await client.request("media", "answer_call", ["call_id": try #require(invite["call_id"]), "answer": ["sdp": answer]])
                try await caller.answered()
                #expect(await caller.audio.hears(700))
                if user == "bob" { _ = try await client.recording(.started, of: id) }
                try await caller.hearsFor(.seconds(1))
                try await caller.hangUp()
                _ = try await client.event("stop", of: id)
                if user == "bob" {
                    let recorded = try await client.recorded(id, at: gateway)
                    #expect(recorded.hears(440, on: .left) && recorded.hears(700, on: .right))
                    try await downloads(of: client, at: gateway, on: stage)
                } else {
                    #expect(try await list(client).isEmpty)
                }
                #expect(client.waitingEvents("record", of: id) <= (user == "bob" ? 2 : 0))
                #expect(files(of: gateway).count == count, "\(user): \(files(of: gateway))")
                await client.leave()
                try await peers.close()
            }
            await gateway.end()
        }

        /// bob finds his recording and downloads it, in the page as well; others do not; an admin finds all.
        private func downloads(of client: APIClient, at gateway: GatewayProcess, on stage: Stage) async throws {
            let entry = try #require(try await list(client).first), size = try #require(entry["size"]?.intValue)
            #expect(try await list(client).count == 1 && entry["dialled"] == "bob")
            let wanted: JSONValue = ["call_id": try #require(entry["call_id"]), "file": try #require(entry["file"])]
            let url = try #require(try await client.request("media", "get_recording", wanted)["url"]?.stringValue)
            let (code, body) = try SmallHTTP.get(gateway.httpAddress, port: gateway.httpPort, path: url)
            #expect(code == 200 && body.contains("ftyp"))
            let path = try #require(url.split(separator: "?").first)
            for other in ["\(path)", "\(path)?ticket=1", url.replacing(".m4a", with: ".mp4")] {
                #expect(try SmallHTTP.get(gateway.httpAddress, port: gateway.httpPort, path: other).code == 404, "\(other)")
            }
            let alice = try await APIClient.user("alice", at: gateway), admin = try await APIClient.user("admin", at: gateway)
            #expect(try await alice.refusal(of: "media", "get_recording", wanted).code == 3002)
            #expect(try await list(admin).count == 2)
            await alice.leave()
            await admin.leave()

            let page = try await stage.chromium.open(gateway.page)
            try await page.begins()
            try await page.type("bob", into: "login-user")
            try await page.type(GatewayProcess.password, into: "login-password")
            try await page.click("login-button")
            try await page.wait(until: "document.body.dataset.state === 'ready'")
            try await page.run("document.getElementById('recordings-panel').open = true")
            try await page.wait(until: "document.querySelectorAll('#recordings-list button').length === 1")
            let bytes = try await page.run(
                """
                const link = new Promise(resolve => { HTMLAnchorElement.prototype.click = function () { resolve(this.href); }; });
                document.querySelector('#recordings-list button').click();
                const response = await fetch(await link);
                return (await response.arrayBuffer()).byteLength;
                """)
            #expect(bytes.intValue == size)
            try await page.click("logout-button")
            // Whoever signs in next sees none of it.
            try await page.wait(until: """
                document.body.dataset.state === 'signed-out' && !document.getElementById('recordings-panel').open
                  && document.querySelectorAll('#recordings-list button').length === 0
                """)
            try await page.close()
        }

        private func list(_ client: APIClient) async throws -> [JSONValue] {
            try await client.request("media", "list_recordings")["recordings"]?.arrayValue ?? []
        }

        /// The files that are ready.
        private func files(of gateway: GatewayProcess) -> [String] {
            ((try? FileManager.default.contentsOfDirectory(atPath: gateway.recordings.path)) ?? []).filter { $0.hasSuffix(".m4a") }
        }
    }
}

extension SIPPhone {
    /// Media flows for that long.
    fileprivate func hearsFor(_ time: Duration) async throws {
        #expect(await audio.packets(during: time) > 0)
    }
}
