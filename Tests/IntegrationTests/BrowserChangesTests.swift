import SDP
import Testing

/// Offers within a call, from the phone and from the page.
extension IntegrationTests {
    @Suite("Changes within a call")
    struct BrowserChanges {
        @Test("the phone holds and resumes: the page says so, media stops and comes back", arguments: [Direction.sendonly, .inactive])
        func hold(direction: Direction) async throws {
            try await Stage.running.call { page, phone in
                phone.media.direction = direction
                try await phone.offers()
                try await page.wait(until: "document.body.dataset.held === 'true'")
                try await page.wait(until: "!document.getElementById('call-hold').hidden")
                #expect(await eventually(within: .patience) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
                if direction == .sendonly {
                    #expect(try await page.missing(440, in: Page.remote) == nil, "music on hold")
                } else {
                    #expect(try await page.stopsReceiving("audio"))
                }
                phone.media.direction = .sendrecv
                try await phone.offers()
                try await page.wait(until: "document.body.dataset.held === 'false'")
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
            }
        }

        @Test("the page adds its video and drops it: the phone gets each as a re-INVITE, and media follows")
        func picture() async throws {
            try await Stage.running.call { page, phone in
                phone.media.video = .vp8
                try await page.click("picture-button")
                let offer = try await phone.offered()
                #expect(offer.media.map(\.kind) == [.audio, .video])
                try await phone.accept()
                try await page.wait(until: "document.getElementById('picture-button').getAttribute('aria-pressed') === 'true'")
                #expect(await phone.video.sees())
                #expect(try await page.sees())
                #expect(await phone.audio.hears(Chromium.frequency))

                try await page.click("picture-button")
                let second = try await phone.offered()
                let picture = try #require(second.media.last)
                #expect(second.media.map(\.kind) == [.audio, .video])
                #expect(picture.port == 0 || second.direction(of: picture) == .inactive)
                phone.media.video = picture.port == 0 ? nil : .vp8
                phone.media.videoDirection = .inactive
                try await phone.accept()
                try await page.wait(until: "document.getElementById('picture-button').getAttribute('aria-pressed') === 'false'")
                #expect(await phone.video.seesNothing())
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
            }
        }

        @Test("the phone refuses the page's video with 488: the page is told, and the call goes on as it was")
        func refused() async throws {
            try await Stage.running.call { page, phone in
                try await page.click("picture-button")
                try await phone.offered()
                try await phone.refuse(488)
                try await page.wait(until: "!document.getElementById('notice').hidden")
                let state = try await page.run("return tern.current.peerConnection.signalingState").stringValue
                #expect(state == "stable")
                let tracks = try await page.run("return tern.current.localStream.getVideoTracks().length").intValue
                #expect(tracks == 0)
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                // What the phone offers next is taken.
                phone.media.direction = .sendonly
                try await phone.offers()
                try await page.wait(until: "document.body.dataset.held === 'true'")
                phone.media.direction = .sendrecv
                try await phone.offers()
                try await page.wait(until: "document.body.dataset.held === 'false'")
                #expect(await phone.audio.hears(Chromium.frequency))
            }
        }

        @Test("of two offers that cross the page's stands: the phone's gets 491, and is taken when it comes again")
        func glare() async throws {
            try await Stage.running.call { page, phone in
                try await page.click("picture-button")
                try await phone.offered()
                phone.media.direction = .sendonly
                await #expect { try await phone.offers() } throws: { "\($0)".contains("SIP/2.0 491 ") }
                phone.media.direction = .sendrecv
                phone.media.video = .vp8
                try await phone.accept()
                try await page.wait(until: "document.getElementById('picture-button').getAttribute('aria-pressed') === 'true'")
                #expect(await phone.video.sees())
                phone.media.direction = .sendonly
                try await phone.offers()
                try await page.wait(until: "document.body.dataset.held === 'true'")
                phone.media.direction = .sendrecv
                try await phone.offers()
                try await page.wait(until: "document.body.dataset.held === 'false'")
                #expect(await phone.audio.hears(Chromium.frequency))
            }
        }

        @Test("the video that the phone refused once is offered again and taken: it is seen at both ends")
        func refusedOnce() async throws {
            try await Stage.running.call { page, phone in
                for _ in 1 ... 2 {
                    try await page.click("picture-button")
                    try await phone.offered()
                    try await phone.refuse(488)
                    try await page.wait(until: "!document.getElementById('notice').hidden")
                }
                phone.media.video = .vp8
                try await page.click("picture-button")
                let offer = try await phone.offered()
                #expect(offer.media.map(\.kind) == [.audio, .video])
                try await phone.accept()
                try await page.wait(until: "document.getElementById('picture-button').getAttribute('aria-pressed') === 'true'")
                #expect(await phone.video.sees())
                #expect(try await page.sees())
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                // And an offer of the phone's comes in the names that the page knows.
                phone.media.direction = .sendonly
                try await phone.offers()
                try await page.wait(until: "document.body.dataset.held === 'true'")
                phone.media.direction = .sendrecv
                try await phone.offers()
                try await page.wait(until: "document.body.dataset.held === 'false'")
                #expect(await phone.video.sees())
                #expect(try await page.sees())
            }
        }

        @Test("the phone adds video that it sends back, also after it has refused the page's: the page receives it, and speaks on",
            arguments: [false, true])
        func phonePicture(afterRefusal: Bool) async throws {
            try await Stage.running.call { page, phone in
                if afterRefusal {
                    try await page.click("picture-button")
                    try await phone.offered()
                    try await phone.refuse(488)
                    try await page.wait(until: "!document.getElementById('notice').hidden")
                }
                phone.media.video = .vp8
                let answer = try await phone.offers()
                #expect(answer.media.map(\.kind) == [.audio, .video])
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
                // The page has a place for its own picture now.
                try await page.click("picture-button")
                try await phone.offered()
                try await phone.accept()
                #expect(await phone.video.sees())
                #expect(try await page.sees())
            }
        }

        @Test("the phone drops its video and adds it again: each is seen at the other end again")
        func droppedAndAdded() async throws {
            try await Stage.running.call { page, phone in
                phone.media.video = .vp8
                try await phone.offers()
                try await page.click("picture-button")
                try await phone.offered()
                try await phone.accept()
                #expect(await phone.video.sees())
                #expect(try await page.sees())
                for _ in 1 ... 2 {
                    phone.media.video = nil
                    #expect(try await phone.offers().media.map(\.port).last == 0)
                    #expect(await phone.audio.hears(Chromium.frequency))
                    phone.media.video = .vp8
                    #expect(try await phone.offers().media.map(\.port).last != 0)
                    // What the page sees is what it sends itself, which the phone sends back.
                    #expect(await phone.video.sees())
                    #expect(try await page.sees())
                    #expect(try await page.missing(440, in: Page.remote) == nil)
                }
            }
        }
    }
}
