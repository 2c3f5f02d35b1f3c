import Foundation
import JSON
import SDP
import Testing

/// The buttons of a call, pressed as with a pointer or by keyboard, and what becomes of it at the far end.
extension IntegrationTests {
    @Suite("The page's controls")
    struct PageControls {
        @Test("Mute: the phone's tone is gone, and comes back")
        func mute() async throws {
            try await call { page, phone in
                try await page.tap("mute-button")
                try await page.wait(until: "document.getElementById('mute-button').getAttribute('aria-pressed') === 'true'")
                #expect(await silent(phone))
                #expect(await phone.audio.packets(during: .milliseconds(400)) > 0)
                try await page.press("m")
                try await page.wait(until: "document.getElementById('mute-button').getAttribute('aria-pressed') === 'false'")
                #expect(await phone.audio.hears(Chromium.frequency))
            }
        }

        @Test("Hold: the phone is offered it, nothing flows, the page says so; Hold again takes it back")
        func hold() async throws {
            try await call { page, phone in
                try await page.tap("hold-button")
                try await answer(phone, to: .sendonly, with: .recvonly)
                try await page.wait(until: "document.body.dataset.holding === 'true' && !document.getElementById('call-holding').hidden")
                #expect(await eventually(within: .patience) { await phone.audio.packets(during: .milliseconds(400)) == 0 })
                try await page.press("h")
                try await answer(phone, to: .sendrecv, with: .sendrecv)
                try await page.wait(until: "document.body.dataset.holding === 'false' && document.getElementById('call-holding').hidden")
                #expect(await phone.audio.hears(Chromium.frequency))
                #expect(try await page.missing(440, in: Page.remote) == nil)
            }
        }

        @Test("Keypad: keys by pointer and by keyboard arrive at the phone, in order; the phone's are shown; Escape closes it")
        func keypad() async throws {
            try await call { page, phone in
                try await page.tap("keypad-button")
                try await page.tap(selector: "#call-keys [data-key='5']")
                try await page.press("12#")
                #expect(await eventually(within: .patience) { phone.audio.keys == "512#" }, "\(phone.audio.keys)")
                #expect(try await page.text(of: "dtmf-digits") == "512#")
                #expect(try await phone.info("application/dtmf-relay", "Signal=9\r\nDuration=100\r\n") == 200)
                try await page.wait(until: "document.getElementById('dtmf-received').textContent === '9'")
                try await page.press(Chromium.Key.escape)
                try await page.wait(until: "document.getElementById('call-keypad').hidden && document.activeElement.id === 'keypad-button'")
            }
        }

        @Test("Record: it is said while it goes on, and the recording has the call's sound")
        func record() async throws {
            try await call { page, phone in
                let session = try #require(try await page.run("return tern.current.sessionId").stringValue)
                try await page.tap("record-button")
                try await page.wait(until: "document.body.dataset.recording === 'true' && !document.getElementById('call-recording').hidden")
                #expect(await phone.audio.packets(during: .milliseconds(1_500)) > 0)
                try await page.press("r")
                try await page.wait(until: "document.body.dataset.recording === 'false' && document.getElementById('call-recording').hidden")
                let file = try Stage.running.gateway.recordings.appendingPathComponent(session + ".m4a")
                #expect(await eventually(within: .patience) { FileManager.default.fileExists(atPath: file.path) })
                let recorded = try Recorded(file.path)
                #expect(recorded.streams == ["aac,audio"])
                #expect(recorded.duration > 0.5 && recorded.duration < 10)
            }
        }

        @Test("Bit rate: the gateway has the limit that was chosen")
        func bitrate() async throws {
            let stage = try Stage.running
            try await stage.with("alice") { alice in
                try await stage.with("bob") { bob in
                    try await alice.dial("bob", video: true)
                    try await bob.answer(video: true)
                    try await alice.wait(for: "in-call")
                    try await alice.tap("call-bitrate")
                    try await alice.press("2" + Chromium.Key.enter)
                    try await alice.wait(until: "tern.current.options.bitrate === 256")
                    let info = try await alice.run("return await tern.client.request('media', 'get_info', { session_id: tern.current.sessionId })")
                    #expect(info["options"]?["bitrate"] == 256)
                    try await alice.tap("hangup-button")
                    _ = try await bob.endOfCall()
                    _ = try await alice.endOfCall()
                }
            }
        }

        @Test("Volume: it is remembered, and counts at once")
        func volume() async throws {
            try await call { page, _ in
                try await page.run("document.getElementById('call-volume').focus()")
                try await page.press(Chromium.Key.left)
                try await page.wait(until: "document.getElementById('call-volume').value === '95'")
                #expect(try await page.run("return [document.getElementById('remote-video').volume, localStorage.getItem('tern.volume')]") == [0.95, "95"])
                try await page.run("localStorage.removeItem('tern.volume')")
            }
        }

        /// Headless, there is no screen: a picture of the page's own stands for it.
        @Test("Share screen: the other page sees it in a call that had no video, and again after a camera; the camera comes back")
        func screen() async throws {
            let stage = try Stage.running
            // Browsers send less of a picture when they are short of something: its shape stays.
            let shows = """
                const video = document.getElementById('remote-video'), end = performance.now() + 20000;
                const fits = () => Math.abs(video.videoWidth / video.videoHeight - args[0]) < 0.1;
                while (performance.now() < end && !fits()) await new Promise(next => setTimeout(next, 100));
                return fits() || `${video.videoWidth} x ${video.videoHeight}`;
                """
            let screen = 16.0 / 9, camera = 4.0 / 3
            try await stage.with("alice") { alice in
                try await stage.with("bob") { bob in
                    try await alice.run("""
                        navigator.mediaDevices.getDisplayMedia = async () => {
                          const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 }), paint = canvas.getContext('2d');
                          window.painter = setInterval(() => { paint.fillStyle = `hsl(${Date.now() % 360} 80% 50%)`; paint.fillRect(0, 0, 640, 360); }, 50);
                          return window.screenStream = canvas.captureStream(20);
                        };
                        """)
                    try await alice.dial("bob")
                    try await bob.answer()
                    try await alice.wait(for: "in-call")
                    try await alice.tap("screen-button")
                    try await alice.wait(until: "document.getElementById('screen-button').getAttribute('aria-pressed') === 'true'", within: .seconds(20))
                    #expect(try await bob.run(shows, .real(screen)) == true)
                    try await alice.press("s")
                    try await alice.wait(until: "document.getElementById('screen-button').getAttribute('aria-pressed') === 'false'", within: .seconds(20))
                    #expect(try await bob.stopsReceiving("video", within: .seconds(20)))
                    #expect(try await alice.run("return screenStream.getVideoTracks()[0].readyState") == "ended")

                    try await alice.tap("picture-button")
                    #expect(try await bob.run(shows, .real(camera)) == true)
                    try await alice.tap("screen-button")
                    #expect(try await bob.run(shows, .real(screen)) == true)
                    // As by the browser's own button.
                    try await alice.run("const [track] = screenStream.getVideoTracks(); track.stop(); track.dispatchEvent(new Event('ended'))")
                    #expect(try await bob.run(shows, .real(camera)) == true)
                    try await alice.wait(until: "document.getElementById('screen-button').getAttribute('aria-pressed') === 'false'", within: .seconds(20))
                    try await alice.tap("hangup-button")
                    _ = try await bob.endOfCall()
                }
            }
        }

        @Test("a recording that becomes ready after the call is told of where the user looks, until another call begins")
        func recordingReady() async throws {
            try await call { page, phone in
                try await page.tap("record-button")
                try await page.wait(until: "document.body.dataset.recording === 'true'")
                #expect(await phone.audio.packets(during: .milliseconds(800)) > 0)
            } after: { page in
                let status = "document.getElementById('recording-status')"
                try await page.wait(until: "!\(status).hidden && /ready: .+[.]m4a/.test(\(status).textContent)", within: .seconds(30))
                try await page.dial("echo")
                try await page.wait(for: "in-call")
                try await page.wait(until: "\(status).hidden")
                try await page.tap("hangup-button")
                _ = try await page.endOfCall()
            }
        }

        @Test("another microphone in the call: the tone goes on, from the new one")
        func microphone() async throws {
            try await call { page, phone in
                let before = try await page.run("return tern.current.localStream.getAudioTracks()[0].id")
                try await page.tap("settings-button")
                try await page.wait(until: "document.querySelectorAll('#choose-microphone option').length > 1")
                try await page.run("""
                    const field = document.getElementById('choose-microphone');
                    field.selectedIndex = field.options.length - 1;
                    field.dispatchEvent(new Event('change'));
                    """)
                try await page.press(Chromium.Key.escape)
                let isNew = try await eventually(within: .patience) {
                    try await page.run("return tern.current.localStream.getAudioTracks()[0]?.id ?? args[0]", before) != before
                }
                #expect(isNew)
                #expect(await phone.audio.hears(Chromium.frequency))
                try await page.run("localStorage.removeItem('tern.devices')")
            }
        }

        // MARK: Parts

        private func silent(_ phone: SIPPhone) async -> Bool {
            await eventually(within: .patience) { !(await phone.audio.hears(Chromium.frequency, within: .milliseconds(800))) }
        }

        private func answer(_ phone: SIPPhone, to offered: Direction, with direction: Direction) async throws {
            #expect(try await phone.offered().audioDirection == offered)
            phone.media.direction = direction
            try await phone.accept()
        }

        /// An established call from the page to a phone, both of which have been heard.
        private func call(
            _ body: (Page, SIPPhone) async throws -> Void, after: (Page) async throws -> Void = { _ in }
        ) async throws {
            try await Stage.running.call(prepare: {
                $0.media.hasKeys = true
                $0.takesInfo = true
            }, body) { page, phone in
                try await page.tap("hangup-button")
                try await phone.hungUp()
                _ = try await page.endOfCall()
                try await after(page)
            }
        }
    }
}
