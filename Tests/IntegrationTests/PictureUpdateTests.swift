import Foundation
import JSON
import SDP
import Testing

/// Full pictures: whoever begins to see needs one, and asks for it.
extension IntegrationTests {
    @Suite("Keyframe requests")
    struct PictureUpdates {
        @Test("a phone's keyframe request by INFO, or by PLI, brings a keyframe of the browser's", arguments: [true, false])
        func byPhone(isInfo: Bool) async throws {
            try await call { _, phone, port in
                for _ in 1 ... 3 {
                    #expect(await eventually(within: .patience) { await isQuiet(phone) })
                    let before = phone.video.keyframes
                    if isInfo {
                        #expect(try await phone.info("application/media_control+xml", Self.wish) == 200)
                    } else {
                        phone.video.wish(at: try Stage.running.gateway.address, port: port)
                    }
                    #expect(await phone.video.seesKeyframe(after: before))
                }
            }
        }

        @Test("a browser that has lost frames asks the phone for a keyframe by PLI, though the phone has not named AVPF")
        func byBrowser() async throws {
            try await call { page, phone, _ in
                let before = phone.video.receivedWishes
                phone.video.reflects = false
                let stops = try await page.stopsReceiving("video")
                #expect(stops)
                phone.video.reflects = true
                #expect(await eventually(within: .patience) { phone.video.receivedWishes > before })
                let sees = try await page.sees()
                #expect(sees)
            }
        }

        @Test("after the answer, a hold of the phone's, one of the page's, and `use_video: true`, each side is asked for a keyframe")
        func begins() async throws {
            try await call(info: true) { page, phone, _ in
                // After the answer.
                #expect(try await phone.informed(within: .patience).body.contains("picture_fast_update"))
                #expect(await phone.video.seesKeyframe(after: 0))

                for direction in [Direction.inactive, .sendrecv] {
                    let before = phone.video.keyframes
                    phone.media.direction = direction
                    try await phone.offers()
                    guard direction == .sendrecv else { continue }
                    #expect(await phone.video.seesKeyframe(after: before))
                    #expect(try await phone.informed(within: .patience).body.contains("picture_fast_update"))
                }

                for command in ["hold", "resume"] {
                    let before = phone.video.keyframes
                    try await page.run("window.outcome = tern.current.\(command)()")
                    try await phone.offered()
                    phone.media.direction = command == "hold" ? .recvonly : .sendrecv
                    try await phone.accept()
                    try await page.run("await outcome")
                    guard command == "resume" else { continue }
                    #expect(await phone.video.seesKeyframe(after: before))
                    #expect(try await phone.informed(within: .patience).body.contains("picture_fast_update"))
                }

                try await page.run("await tern.current.update({ video: false })")
                #expect(await phone.video.seesNothing())
                let before = phone.video.keyframes
                try await page.run("await tern.current.update({ video: true })")
                #expect(await phone.video.seesKeyframe(after: before))
                #expect(try await phone.informed(415, within: .patience).body.contains("picture_fast_update"))
                // It was refused: the next one is not sent.
                try await page.run("await tern.current.update({ video: false }); await tern.current.update({ video: true })")
                #expect(await phone.video.sees())
                #expect(!(await phone.isInformed()))
                #expect(try await page.sees())
            }
        }

        @Test("the first video frame is seen with the answer and the media connection, whoever calls: within a second where nothing else runs", arguments: [true, false])
        func first(pageCalls: Bool) async throws {
            let watch = """
                window.first = new Promise(resolve => tern.current.on('connected', async () => {
                  const { peerConnection } = tern.current, begin = Date.now();
                  for (;;) {
                    for (const report of (await peerConnection.getStats()).values())
                      if (report.type === 'inbound-rtp' && report.kind === 'video' && report.framesDecoded)
                        return resolve(Date.now() - Math.max(begin, tern.current.answeredAt ?? 0));
                    if (Date.now() - begin > 5000) return resolve(5000);
                    await new Promise(next => setTimeout(next, 20));
                  }
                }));
                """
            try await call(pageCalls: pageCalls, watch: watch) { page, phone, _ in
                let time = try await page.run("return await first").intValue ?? 5_000
                #expect(time < 3_000, "\(time) ms")
                #expect(phone.video.keyframes > 0)
            }
        }

        @Test("between two browsers the first video frame is there within a second of the answer, of a hold's end and of `use_video: true`")
        func browsers() async throws {
            let stage = try Stage.running
            // The time from `args[0]` to the first picture that is decoded behind it.
            let first = """
                const decoded = async () => {
                  let sum = 0;
                  for (const report of (await tern.current.peerConnection.getStats()).values())
                    if (report.type === 'inbound-rtp' && report.kind === 'video') sum += report.framesDecoded ?? 0;
                  return sum;
                };
                window.firstPicture = (async () => {
                  const before = tern.current.peerConnection ? await decoded() : 0;
                  await new Promise(resolve => tern.current.on(args[0], resolve));
                  const begin = performance.now();
                  while (performance.now() - begin < 20000) {
                    await new Promise(next => setTimeout(next, 20));
                    if (await decoded() > before) return performance.now() - begin;
                  }
                  return 20000;
                })();
                """
            func time(_ page: Page) async throws -> Double { try await page.run("return await firstPicture").doubleValue ?? 20_000 }
            try await stage.with("bob") { bob in
                try await stage.with("alice") { alice in
                    try await alice.dial("bob", video: true)
                    try await bob.wait(for: "incoming")
                    try await alice.wait(until: "tern.current")
                    for page in [alice, bob] { try await page.run(first, "connected") }
                    try await bob.answer(video: true)
                    for page in [alice, bob] { #expect(try await time(page) < 1_000) }
                    // A busy machine may be late once.
                    for (off, on, events) in [
                        ("hold()", "resume()", ["holding", "resume"]),
                        ("update({ video: false })", "update({ video: true })", ["updated", "updated"]),
                    ] {
                        var times: [Double] = []
                        for _ in 1...3 where times.isEmpty || times.contains(where: { $0 >= 1_000 }) {
                            try await alice.run("await tern.current.\(off)")
                            for page in [alice, bob] { #expect(try await page.stopsReceiving("video", within: .seconds(20))) }
                            for (page, event) in zip([alice, bob], events) { try await page.run(first, .string(event)) }
                            try await alice.run("await tern.current.\(on)")
                            times = [try await time(alice), try await time(bob)]
                        }
                        #expect(times.allSatisfy { $0 < 1_000 }, "after \(on): \(times) ms")
                    }
                    try await alice.click("hangup-button")
                    _ = try await bob.endOfCall()
                }
            }
        }

        @Test("one phone's keyframe request reaches the other by INFO, where that one takes it, and by PLI", arguments: [true, false])
        func phones(info: Bool) async throws {
            let stage = try Stage.running
            let caller = try SIPPhone(stage, video: .vp8), called = try SIPPhone(stage, video: .vp8, port: SIPScenarioPhones.port(0))
            defer {
                caller.stop()
                called.stop()
            }
            called.takesInfo = info
            caller.call(SIPScenarioPhones.name(0))
            try await called.called()
            try await called.accept()
            try await caller.answered()
            #expect(await caller.audio.hears(440))
            if info { _ = try await called.informed() }
            let before = called.video.receivedWishes
            #expect(try await caller.info("application/media_control+xml", Self.wish) == 200)
            #expect(await eventually(within: .patience) { called.video.receivedWishes > before })
            if info {
                #expect(try await called.informed().body.contains("picture_fast_update"))
            } else {
                #expect(!(await called.isInformed()))
            }
            try await caller.hangUp()
            try await called.hungUp()
        }

        @Test("a phone in its own echo that requests a keyframe by INFO is asked for it by PLI: the video is its own")
        func echo() async throws {
            let phone = try SIPPhone(Stage.running, video: .vp8)
            defer { phone.stop() }
            phone.call("echo")
            try await phone.answered()
            // Those of the begin: at once, and once more.
            #expect(await eventually(within: .patience) { phone.video.receivedWishes >= 2 })
            for _ in 1 ... 3 {
                let before = phone.video.receivedWishes
                #expect(try await phone.info("application/media_control+xml", Self.wish) == 200)
                #expect(await eventually(within: .patience) { phone.video.receivedWishes > before })
            }
            try await phone.hangUp()
        }

        private static let wish =
            "<?xml version=\"1.0\"?><media_control><vc_primitive><to_encoder><picture_fast_update/></to_encoder></vc_primitive></media_control>"

        /// Whether no keyframe comes in for half a second.
        private func isQuiet(_ phone: SIPPhone) async -> Bool {
            let before = phone.video.keyframes
            try? await Task.sleep(for: .milliseconds(500))
            return phone.video.keyframes == before
        }

        /// An established call with picture between the page and a phone; `body` gets the gateway's port for the phone's picture too.
        private func call(
            info: Bool = false, pageCalls: Bool = true, watch: String = "", _ body: (Page, SIPPhone, Int) async throws -> Void
        ) async throws {
            let stage = try Stage.running
            let phone = try SIPPhone(stage, video: .vp8)
            defer { phone.stop() }
            phone.takesInfo = info
            try await stage.with("alice") { page in
                let description: SessionDescription
                if pageCalls {
                    try await page.dial(phone.uri, video: true)
                    description = try await phone.called()
                    // The phone may hear of the call before the page has its id.
                    try await page.wait(until: "tern.current")
                    try await page.run(watch)
                    try await phone.accept()
                    try await page.wait(for: "in-call")
                } else {
                    phone.call("alice")
                    try await page.wait(for: "incoming")
                    try await page.run(watch)
                    try await page.answer(video: true)
                    description = try await phone.answered()
                }
                #expect(await phone.video.sees())
                try await body(page, phone, Int(description.media.last?.port ?? 0))
                try await phone.hangUp()
                _ = try await page.endOfCall()
            }
        }
    }
}
