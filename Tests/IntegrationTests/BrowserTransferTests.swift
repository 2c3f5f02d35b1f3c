import Foundation
import JSON
import SDP
import Testing

/// Transfers that a browser asks for, or is the subject of.
extension IntegrationTests {
    @Suite("Transfers with browsers")
    struct BrowserTransfers {
        typealias T = Transfers

        /// The page changes over to another stream once that is up.
        static func hears(_ page: Page, _ frequency: Double) async throws -> Bool {
            try await eventually(within: .patience) { try await page.missing(frequency, in: Page.remote, within: .seconds(2)) == nil }
        }

        @Test("a browser is handed over to a phone: it keeps its call and hears somebody else", arguments: [true, false])
        func browserIsTransferred(calls: Bool) async throws {
            let stage = try Stage.running
            let asks = calls ? try T.phone(50, stage, frequency: 440) : try SIPPhone(stage, frequency: 440)
            let third = try T.phone(51, stage, frequency: 1_600)
            try await stage.with("alice") { page in
                if calls {
                    try await page.dial(SIPScenarioPhones.name(50))
                    try await asks.called()
                    try await asks.accept()
                    try await page.wait(for: "in-call")
                } else {
                    asks.call("alice")
                    try await page.answer()
                    try await asks.answered()
                }
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(try await asks.refer(to: SIPScenarioPhones.name(51)) == 202)
                _ = try await asks.notified()
                try await third.called()
                #expect(try await page.missing(440, in: Page.remote) == nil, "while it rings")
                try await third.accept()
                #expect(try await asks.notified() == "SIP/2.0 200 OK.")
                try await asks.hungUp()
                #expect(try await Self.hears(page, 1_600))
                #expect(await third.audio.hears(Chromium.frequency))
                try await page.wait(for: "in-call")
                for direction in [Direction.sendonly, .sendrecv] {
                    third.media.direction = direction
                    try await third.offers()
                    try await page.wait(until: "document.body.dataset.held === '\(direction == .sendonly)'")
                }
                if calls { try await page.click("hangup-button") } else { try await third.hangUp() }
                if calls { try await third.hungUp() }
                try await page.wait(for: "ready")
            }
            asks.stop()
            third.stop()
        }

        @Test("a browser whose transfer fails hears whom it heard")
        func givenBack() async throws {
            let stage = try Stage.running
            let asks = try SIPPhone(stage, frequency: 440), third = try T.phone(52, stage, frequency: 1_600)
            try await stage.with("alice") { page in
                asks.call("alice")
                try await page.answer()
                try await asks.answered()
                #expect(try await asks.refer(to: SIPScenarioPhones.name(52)) == 202)
                _ = try await asks.notified()
                try await third.called()
                try await third.refuse(486)
                #expect(try await asks.notified().hasPrefix("SIP/2.0 486 "))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                #expect(await asks.audio.hears(Chromium.frequency))
                try await asks.hangUp()
                try await page.wait(for: "ready")
            }
            asks.stop()
            third.stop()
        }

        @Test("a phone is handed over to a browser, by a phone")
        func toBrowser() async throws {
            let stage = try Stage.running
            let asks = try SIPPhone(stage, frequency: 440), stays = try T.phone(53, stage, frequency: 1_000)
            try await T.talking(asks, to: stays, number: 53)
            try await stage.with("alice") { page in
                #expect(try await asks.refer(to: "alice") == 202)
                _ = try await asks.notified()
                try await page.wait(for: "incoming")
                #expect(try await asks.notified() == "SIP/2.0 180 Ringing")
                async let moved = stays.moves()
                try await page.answer()
                _ = try await moved
                #expect(try await asks.notified() == "SIP/2.0 200 OK.")
                try await asks.hungUp()
                #expect(try await page.missing(1_000, in: Page.remote) == nil)
                #expect(await stays.audio.hears(Chromium.frequency))
                try await stays.hangUp()
                try await page.wait(for: "ready")
            }
            asks.stop()
            stays.stop()
        }

        @Test("a browser hands its phone over by transfer_call, hears of it, and is out")
        func byBrowser() async throws {
            let stage = try Stage.running
            let stays = try T.phone(54, stage, frequency: 1_000), third = try T.phone(55, stage, frequency: 1_600)
            try await stage.with("alice") { page in
                try await page.dial(SIPScenarioPhones.name(54))
                try await stays.called()
                try await stays.accept()
                try await page.wait(for: "in-call")
                try await page.run("window.told = []; window.tern.current.on('transfer', body => told.push(body.status))")
                try await page.run("await window.tern.current.transfer(args[0])", .string(SIPScenarioPhones.name(55)))
                try await third.called()
                try third.ring()
                async let accepted: Void = third.accept()
                try await stays.moves()
                try await accepted
                try await page.wait(for: "ready")
                #expect(try await page.run("return window.told") == [180, 200])
            }
            await T.hear(stays, third)
            try await third.hangUp()
            try await stays.hungUp()
            stays.stop()
            third.stop()
        }

        @Test("a browser connects the parties of its two calls")
        func attendedByBrowser() async throws {
            let stage = try Stage.running
            let one = try T.phone(56, stage, frequency: 1_000), two = try T.phone(57, stage, frequency: 1_600)
            try await stage.with("alice") { page in
                try await page.dial(SIPScenarioPhones.name(56))
                try await one.called()
                try await one.accept()
                try await page.wait(for: "in-call")
                try await page.run(
                    "window.second = await window.tern.client.call(args[0], { stream: window.tern.current.localStream })",
                    .string(SIPScenarioPhones.name(57)))
                try await two.called()
                try await two.accept()
                try await page.run("if (second.state !== 'active') await new Promise(resolve => second.once('answer', resolve))")
                try await page.run("await window.tern.current.transfer(second)")
                try await two.moves()
                try await one.moves()
                try await page.wait(for: "ready")
                // Its own `hangup` may come a moment after that of the other call.
                try await page.run("if (second.state !== 'ended') await new Promise(resolve => second.once('ended', resolve))")
                #expect(try await page.run("return second.end.sipStatus") == 200, "by its `hangup`")
            }
            await T.hear(one, two)
            try await one.hangUp()
            try await two.hungUp()
            one.stop()
            two.stop()
        }

        @Test("a phone connects a browser that called it with the party of its other call")
        func browserIsJoined() async throws {
            let stage = try Stage.running
            let one = try SIPPhone(stage, frequency: 440), two = try SIPPhone(stage, frequency: 700)
            let third = try T.phone(59, stage, frequency: 1_600)
            try await stage.with("alice") { page in
                two.call("alice")
                try await page.answer()
                try await two.answered()
                try await T.talking(one, to: third, number: 59)
                #expect(try await one.refer(to: "alice", replacing: two.dialog) == 202)
                _ = try await one.notified()
                try await third.moves()
                #expect(try await one.notified() == "SIP/2.0 200 OK.")
                try await one.hungUp()
                try await two.hungUp()
                #expect(try await Self.hears(page, 1_600))
                #expect(await third.audio.hears(Chromium.frequency))
                try await third.hangUp()
                try await page.wait(for: "ready")
            }
            for phone in [one, two, third] { phone.stop() }
        }
    }
}
