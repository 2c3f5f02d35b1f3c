import JSON
import Testing

/// How long a person waits for what a person notices. Limits are for the median of several calls, as a busy machine delays one or the other.
extension IntegrationTests {
    @Suite("What a person notices")
    struct Promptness {
        private static let calls = 7

        @Test("between two phones: ringing and the answer come at once, and media with the answer")
        func phones() async throws {
            let stage = try Stage.running
            var ringing = Times("ringing", .milliseconds(100)), answer = Times("answer", .milliseconds(100)), media = Times("first media", .milliseconds(100))
            let caller = try SIPPhone(stage), called = try SIPPhone(stage, frequency: 700, port: stage.gateway.phonePort)
            defer { caller.stop(); called.stop() }
            for _ in 1...Self.calls {
                for phone in [caller, called] { phone.audio.awaitFirstPacket() }
                caller.call("phone")
                let invited = ContinuousClock.now
                try await called.called()
                try called.ring()
                _ = try await caller.provisional(180)
                ringing.add(since: invited)
                let taken = ContinuousClock.now
                async let acknowledged: Void = called.accept()
                try await caller.answered()
                answer.add(since: taken)
                let answered = ContinuousClock.now
                try await acknowledged
                for phone in [caller, called] { media.add(since: answered, until: try await phone.hearsFirst()) }
                try await caller.hangUp()
                try await called.hungUp()
            }
            Times.check("two phones", [ringing, answer, media])
        }

        @Test("a phone calls a page: it rings and answers at once, media follows the answer, and the first picture is there at once")
        func page() async throws {
            let stage = try Stage.running
            var ringing = Times("ringing", .milliseconds(200)), answer = Times("answer", .milliseconds(300))
            var media = Times("first media", .milliseconds(250)), picture = Times("first picture", .milliseconds(400))
            try await stage.with("alice") { page in
                for _ in 1...Self.calls {
                    let phone = try SIPPhone(stage, video: .vp8)
                    defer { phone.stop() }
                    phone.call("alice")
                    let invited = ContinuousClock.now
                    _ = try await phone.provisional(180)
                    ringing.add(since: invited)
                    try await page.wait(for: "incoming")
                    try await page.run(Self.watch)
                    let taken = ContinuousClock.now
                    try await page.click("answer-video-button")
                    try await phone.answered()
                    answer.add(since: taken)
                    let answered = ContinuousClock.now
                    media.add(since: answered, until: try await phone.hearsFirst())
                    picture.add(.milliseconds(try await page.run("return await firstPicture").intValue ?? 60_000))
                    try await phone.hangUp()
                    _ = try await page.endOfCall()
                }
            }
            Times.check("a page", [ringing, answer, media, picture])
        }

        /// `firstPicture`: the milliseconds from the answer to the first picture that the page decodes.
        private static let watch = """
            window.firstPicture = new Promise(resolve => tern.current.on('answer', async () => {
              const begin = performance.now();
              while (performance.now() - begin < 20000) {
                for (const report of (await tern.current.peerConnection.getStats()).values())
                  if (report.type === 'inbound-rtp' && report.kind === 'video' && report.framesDecoded) return resolve(Math.round(performance.now() - begin));
                await new Promise(next => setTimeout(next, 10));
              }
              return resolve(20000);
            }));
            """

        /// How long something took, several times.
        private struct Times {
            let name: String
            let limit: Duration
            private var all: [Duration] = []

            init(_ name: String, _ limit: Duration) {
                self.name = name
                self.limit = limit
            }

            mutating func add(_ time: Duration) { all.append(time) }

            mutating func add(since begin: ContinuousClock.Instant, until end: ContinuousClock.Instant = .now) { add(max(.zero, end - begin)) }

            private var median: Duration { all.isEmpty ? .seconds(3_600) : all.sorted()[all.count / 2] }

            private var text: String { "\(name) \(Self.milliseconds(median)) ms (\(all.sorted().map(Self.milliseconds).map(String.init).joined(separator: ", ")))" }

            private static func milliseconds(_ time: Duration) -> Int { Int((time.seconds * 1_000).rounded()) }

            static func check(_ what: String, _ times: [Times]) {
                print("Medians of calls, \(what): \(times.map(\.text).joined(separator: "; "))")
                for one in times { #expect(one.median <= one.limit, "\(one.text), not within \(one.limit)") }
            }
        }
    }
}

extension SIPPhone {
    /// Waits for the first RTP packet that it gets, and says when it came.
    func hearsFirst(within limit: Duration = .patience) async throws -> ContinuousClock.Instant {
        guard await eventually(within: limit, { audio.firstPacket != nil }), let first = audio.firstPacket else {
            throw HarnessError("no RTP within \(limit)")
        }
        return first
    }
}
