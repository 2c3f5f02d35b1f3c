import Foundation
import JSON
import Testing

/// What changes in a session while it is recorded.
extension IntegrationTests {
    @Suite("Recordings of what changes")
    struct RecordingChanges {
        enum Silence: String, CaseIterable { case audioOff, hold }

        @Test("what does not flow is not recorded: a phone's and a browser's sound while it is off, or held", arguments: Silence.allCases)
        func silence(by means: Silence) async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway), phone = try SIPPhone(stage)
            try await admin.request("core", "subscribe", [:])
            try await stage.with("alice") { page in
                phone.call("alice")
                try await page.answer()
                try await phone.answered()
                #expect(await phone.audio.hears(Chromium.frequency))
                let id = try await admin.onlySession()
                let call = try #require(try await admin.request("media", "get_info", ["session_id": .string(id)])["call_id"])
                try await admin.update(id, ["record": true])
                let begin = ContinuousClock.now
                var times: [Double] = []
                for isOn in [false, true] {
                    try await Task.sleep(for: .seconds(1.5))
                    if means == .hold {
                        async let answer = admin.request("media", isOn ? "resume_call" : "hold_call", ["call_id": call, "side": "callee"])
                        _ = try await phone.offered()
                        phone.media.direction = isOn ? .sendrecv : .recvonly
                        try await phone.accept()
                        _ = try await answer
                    } else {
                        try await admin.update(id, ["use_audio": .bool(isOn)])
                    }
                    times.append((ContinuousClock.now - begin).seconds)
                }
                try await Task.sleep(for: .seconds(1.5))
                try await admin.update(id, ["record": false])
                let recorded = try await admin.recorded(id, at: stage.gateway)
                for (tone, side) in [(440.0, Recorded.Side.left), (Chromium.frequency, .right)] {
                    let spans = recorded.spans(of: tone, on: side)
                    #expect(spans.count == 2, "\(spans), \(times)")
                    guard spans.count == 2 else { continue }
                    #expect(abs(spans[0].upperBound - times[0]) < 0.4 && abs(spans[1].lowerBound - times[1]) < 0.4, "\(spans), \(times)")
                    #expect(spans[1].upperBound > recorded.duration - 0.4)
                }
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
            await admin.leave()
            phone.stop()
        }

        @Test("video that is added to an echo is recorded")
        func echo() async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway)
            try await admin.request("core", "subscribe", [:])
            try await stage.with("alice") { page in
                try await page.dial("echo")
                try await page.wait(for: "in-call")
                try await addsPicture(admin, page, stage) {
                    try await page.run("await tern.current.changeVideo(true)")
                    #expect(try await page.sees())
                }
            }
            await admin.leave()
        }

        @Test("video that a browser adds to a call with another is recorded")
        func browsers() async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway)
            try await admin.request("core", "subscribe", [:])
            try await stage.with("bob") { bob in
                try await stage.with("alice") { alice in
                    try await alice.dial("bob")
                    try await bob.answer()
                    try await alice.wait(for: "in-call")
                    try await addsPicture(admin, alice, stage) {
                        try await alice.run("await tern.current.changeVideo(true)")
                        #expect(try await bob.sees())
                    }
                    _ = try await bob.endOfCall()
                }
            }
            await admin.leave()
        }

        @Test("video that is added to a call with a phone is recorded, of both sides")
        func phone() async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway), phone = try SIPPhone(stage)
            try await admin.request("core", "subscribe", [:])
            try await stage.with("alice") { page in
                phone.call("alice")
                try await page.answer()
                try await phone.answered()
                phone.media.video = .vp8
                let recorded = try await addsPicture(admin, page, stage) {
                    async let change = page.run("await tern.current.changeVideo(true)")
                    _ = try await phone.offered()
                    try await phone.accept()
                    _ = try await change
                    #expect(await phone.video.sees())
                }
                #expect(recorded.hears(440, on: .left) && recorded.hears(Chromium.frequency, on: .right))
                // Two pictures side by side.
                let size = try recorded.size()
                #expect(size.count == 2 && size[0] >= 2 * size[1], "\(size)")
                try await phone.hungUp()
            }
            await admin.leave()
            phone.stop()
        }

        @Test("a call that is handed over goes on being recorded, in a file of its new session")
        func transfer() async throws {
            let stage = try Stage.running
            let admin = try await APIClient.user("admin", at: stage.gateway)
            let asks = try SIPPhone(stage), third = try Transfers.phone(58, stage, frequency: 1_600)
            try await admin.request("core", "subscribe", [:])
            try await stage.with("alice") { page in
                asks.call("alice")
                try await page.answer()
                try await asks.answered()
                #expect(try await page.missing(440, in: Page.remote) == nil)
                let id = try await admin.onlySession()
                try await admin.update(id, ["record": true])
                _ = try await admin.recording(.started, of: id)
                try await Task.sleep(for: .seconds(1))
                #expect(try await asks.refer(to: SIPScenarioPhones.name(58)) == 202)
                _ = try await asks.notified()
                try await third.called()
                try await third.accept()
                #expect(try await asks.notified() == "SIP/2.0 200 OK.")
                try await asks.hungUp()
                let started = try await admin.recording(.started, of: nil)
                let next = try #require(started["file"]?.stringValue)
                #expect(next != id && started["former"] == .array([.string(id)]), "\(started.text)")
                #expect(await third.audio.hears(Chromium.frequency))
                try await page.wait(until: "document.body.dataset.recording === 'true'")
                try await Task.sleep(for: .seconds(1))
                try await third.hangUp()
                try await page.wait(for: "ready")
                let before = try await admin.recorded(id, at: stage.gateway), after = try await admin.recorded(next, at: stage.gateway)
                #expect(before.hears(440, on: .left) && before.hears(Chromium.frequency, on: .right))
                #expect(after.hears(Chromium.frequency, on: .left) && after.hears(1_600, on: .right))
            }
            await admin.leave()
            asks.stop()
            third.stop()
        }

        /// Records a call, adds a picture in the middle, and ends it.
        @discardableResult
        private func addsPicture(_ admin: APIClient, _ page: Page, _ stage: Stage, change: () async throws -> Void) async throws -> Recorded {
            let id = try await admin.onlySession()
            try await admin.update(id, ["record": true])
            let begin = ContinuousClock.now
            try await Task.sleep(for: .seconds(1))
            try await change()
            let shown = (ContinuousClock.now - begin).seconds
            try await Task.sleep(for: .seconds(2))
            try await page.click("hangup-button")
            let recorded = try await admin.recorded(id, at: stage.gateway)
            #expect(recorded.path.hasSuffix(".mp4") && recorded.streams == ["aac,audio", "h264,video"], "\(recorded.path)")
            #expect(recorded.duration > shown + 1.5)
            // One tone from the beginning to the end, but for what is lost when another capture begins.
            let side: Recorded.Side = recorded.hears(Chromium.frequency, on: .left) ? .left : .right
            let spans = recorded.spans(of: Chromium.frequency, on: side)
            #expect(spans.count == 1 && spans.allSatisfy { $0.lowerBound < 0.5 && $0.upperBound > recorded.duration - 0.5 }, "\(spans)")
            return recorded
        }
    }
}
