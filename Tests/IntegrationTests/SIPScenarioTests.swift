import Foundation
import JSON
import Testing

/// The scenarios of `sipp-scenarios/` that need no page.
extension IntegrationTests {
    @Suite("SIP scenarios")
    struct SIPScenarios {
        /// As many at once as two cores bear without being late.
        private static let width = 10

        @Test("each goes as it says, several at the same time")
        func all() async throws {
            let stage = try Stage.running
            try #require(SIPScenarios.plays.count <= SIPScenarioPhones.count)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, play) in SIPScenarios.plays.enumerated() {
                    if number >= SIPScenarios.width + SIPScenarios.slow.count { try await group.next() }
                    group.addTask { try await play.run(on: stage, phone: number) }
                }
                try await group.waitForAll()
            }
        }

        @Test("no scenario is forgotten: a test plays each, and the README has it")
        func complete() throws {
            let root = try Stage.running.environment.root
            let folder = root.appendingPathComponent("sipp-scenarios"), tests = root.appendingPathComponent("Tests/IntegrationTests")
            let readme = try String(contentsOf: folder.appendingPathComponent("README.md"), encoding: .utf8)
            let sources = try FileManager.default.contentsOfDirectory(at: tests, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "swift" }.map { try String(contentsOf: $0, encoding: .utf8) }.joined()
            let names = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .filter { $0.pathExtension == "xml" }.map { $0.deletingPathExtension().lastPathComponent }
            #expect(names.count >= 40)
            for name in names {
                #expect(readme.contains("| \(name) |") || readme.contains(name + ",") || readme.contains(", \(name)"), "\(name)")
                #expect(sources.contains("\"\(name)\""), "\(name)")
            }
        }

        @Test("RTP and pressed keys come back from a phone behind a route", arguments: ["uac-echo", "uac-keys"])
        func throughRoute(scenario: String) async throws {
            try await SIPScenarioPlay.pair(scenario, "uas-rtp-echo").run(on: .running, phone: 0)
        }

        @Test("two phones hear each other's tone")
        func bothWays() async throws {
            let stage = try Stage.running
            let low = try RTPPhone(on: stage.environment.address, frequency: 440)
            let high = try RTPPhone(on: stage.environment.address, frequency: 1_300)
            let called = try await SIPpRun.called(
                "uas-answer", port: SIPScenarioPhones.port(0), in: stage.environment, rtpPort: high.port)
            let calling = try await SIPpRun.calling(
                SIPScenarioPhones.name(0), "uac-call-user", on: stage, rtpPort: low.port, "-d", "1000")
            #expect(await low.hears(1_300))
            #expect(await high.hears(440))
            await calling.passes()
            await called.passes()
            low.stop()
            high.stop()
        }

        @Test("a phone calls a user without an offer: the browser's goes to the phone, the phone's answer to the browser")
        func lateOffer() async throws {
            try await called(by: "uac-late-offer") { client, peers, invite, id in
                #expect(invite["offer"] == nil)
                let offer = try await peers.offer("alice", frequency: 1_000, video: false)
                let data = try await client.request("media", "answer_call", ["call_id": id, "offer": ["sdp": offer]])
                try await peers.accept("alice", try #require(data["answer"]?["sdp"]))
            }
        }

        @Test("a browser answers while it rings: the phone gets 183 with SDP")
        func earlyAnswer() async throws {
            try await called(by: "uac-early-media") { client, peers, invite, id in
                let answer = try await peers.answer(
                    "alice", to: try #require(invite["offer"]?["sdp"]), frequency: 1_000, video: false)
                try await client.request("media", "ring_call", ["call_id": id, "answer": ["sdp": answer]])
                try await peers.connected("alice")
                try await client.request("media", "answer_call", ["call_id": id, "answer": ["sdp": answer]])
            }
        }

        @Test("a browser calls a phone that plays an announcement before it answers", arguments: [
            "uas-early-media", "uas-early-media-changes", "uas-100rel", "uas-forks",
        ])
        func announcement(scenario: String) async throws {
            let stage = try Stage.running
            try await stage.with("alice") { page in
                let run = try await SIPpRun.called(scenario, in: stage.environment)
                try await page.dial("sip:bob@\(stage.environment.address):\(run.port)")
                try await page.wait(for: "in-call")
                try await page.click("hangup-button")
                await run.passes()
                _ = try await page.endOfCall()
            }
        }

        /// A scenario calls alice, who takes the call over the API.
        private func called(
            by scenario: String, _ takes: (APIClient, Peers, JSONValue, JSONValue) async throws -> Void
        ) async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("alice", at: stage.gateway)
            let peers = try await Peers(stage)
            let run = try await SIPpRun.calling("alice", scenario, on: stage)
            let invite = try await client.serve("call_invite")
            let id = try #require(invite["call_id"])
            try await takes(client, peers, invite, id)
            await run.passes()
            _ = try await client.event("hangup", of: id.stringValue)
            try await peers.close()
            await client.leave()
        }

        /// They come first, and mostly wait.
        private static let slow: [SIPScenarioPlay] = [
            .echo("uac-session-update"), .echo("uac-session-reinvite"), .echo("uac-lost-ack"),
            .pair("uac-prack-lost", "uas-early-media"),
        ]

        private static let plays: [SIPScenarioPlay] = slow + offers + door + media + pairs

        private static let offers: [SIPScenarioPlay] = [
            .echo("uac-late-offer"), .echo("uac-late-offer-unanswered"), .echo("uac-hold-sendonly"), .echo("uac-hold-inactive"),
            .echo("uac-hold-zero"), .echo("uac-reinvite-codec"), .echo("uac-reinvite-port"), .echo("uac-reinvite-video"),
            .echo("uac-reinvite-no-sdp"), .echo("uac-reinvite-refused"), .echo("uac-overlapping"), .echo("uac-update"),
            .echo("uac-session-too-small"), .echo("uac-session-refreshes"), .echo("uac-bye-reason"), .echo("uac-cancel-late"),
            .echo("uac-keys-info"),
        ]

        private static let door: [SIPScenarioPlay] = [
            .echo("uac-retransmission"), .echo("uac-merged"), .echo("uac-max-forwards"), .echo("uac-require"),
            .echo("uac-not-sdp"), .echo("uac-no-codec"), .echo("uac-methods"), .echo("uac-no-dialog"), .echo("uac-big-tcp"),
        ]

        private static let media: [SIPScenarioPlay] = [
            .echo("uac-srtp"), .echo("uac-avpf"), .echo("uac-savpf"), .echo("uac-refused-media"),
        ]

        private static let pairs: [SIPScenarioPlay] = [
            .pair("uac-late-offer", "uas-late-offer"), .pair("uac-early-media", "uas-early-media"),
            .pair("uac-early-media-changes", "uas-early-media-changes"), .pair("uac-early-media-changes", "uas-forks"),
            .pair("uac-100rel", "uas-early-media"), .pair("uac-early-media", "uas-100rel"),
            .pair("uac-held", "uas-holds"), .pair("uac-refuses", "uas-refused"), .pair("uac-glare", "uas-holds"),
            .pair("uac-reinvite-events", "uas-reinvited"), .pair("uac-record-route", "uas-hangs-up"),
            .pair("uac-update-early", "uas-no-answer"), .pair("uac-cancel", "uas-cancel-crossing"),
            .pair("uac-bye-reason", "uas-reason"), .pair("uac-keys-info", "uas-keys-info"),
            .pair("uac-transfer", "uas-transferred"), .pair("uac-call", "uas-answer-tcp", .tcp), .pair("uac-call", "uas-srtp", .srtp),
            .pair("uac-call", "uas-record-route"), .pair("uac-call", "uas-lost-ack"), .pair("uac-call", "uas-session-too-small"),
            .pair("uac-call", "uas-session-refreshes"), .pair("uac-hung-up", "uas-hangs-up"),
            .refusal("uas-redirects", 302), .refusal("uas-challenges", 403), .refusal("uas-fails", 500),
            .refusal("uas-unavailable", 503),
        ]
    }
}
