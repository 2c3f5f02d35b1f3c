import JSON
import SDP
import Testing

/// What changes in a call of two phones, with sound and picture.
extension IntegrationTests {
    @Suite("Two phones")
    struct PhoneToPhone {
        @Test("update_session stops audio and video, alone and together, in both directions, and they flow again; no phone is asked")
        func update() async throws {
            try await call { one, other in
                let admin = try await APIClient.user("admin", at: Stage.running.gateway)
                let id = try await admin.onlySession()
                let steps: [(audio: Bool, video: Bool)] = [(true, false), (true, true), (false, true), (false, false), (true, true)]
                for step in steps {
                    try await admin.update(id, ["use_audio": .bool(step.audio), "use_video": .bool(step.video)])
                    for phone in [one, other] {
                        #expect(await flows(phone.sip.audio, step.audio), "audio after \(step)")
                        #expect(await flows(phone.picture, step.video), "video after \(step)")
                    }
                }
                // What flows is the other's, in its own line.
                #expect(await one.sip.audio.hears(700))
                #expect(await other.sip.audio.hears(440))
                #expect(await one.picture.hears(1_300))
                #expect(await other.picture.hears(1_000))
                for phone in [one, other] { #expect(await !phone.sip.wasOfferedAgain()) }
                await admin.leave()
            }
        }

        @Test("keys as RTP: each reaches the other phone, once and in order, and the sound goes on")
        func keys() async throws {
            try await call { one, other in
                for key: UInt8 in [1, 5, 11] { try await press(key, one, other) }
                #expect(other.sip.audio.keys == "15#")
                for key: UInt8 in [0, 10] { try await press(key, other, one) }
                #expect(one.sip.audio.keys == "0*")
                #expect(other.sip.audio.keys == "15#")
                #expect(await one.sip.audio.hears(700))
                #expect(await other.sip.audio.hears(440))
            }
        }

        private func press(_ key: UInt8, _ one: Phone, _ other: Phone) async throws {
            let before = other.sip.audio.keys.count
            one.sip.audio.press(key)
            #expect(await eventually(within: .patience) { other.sip.audio.keys.count > before })
        }

        /// Whether packets come, or whether they have stopped.
        private func flows(_ ear: RTPPhone, _ isWanted: Bool) async -> Bool {
            await eventually(within: .patience) { await (ear.packets(during: .milliseconds(400)) > 0) == isWanted }
        }

        /// A phone whose picture is RTP with a tone in it: what is inside is nobody's business between two phones.
        private struct Phone {
            let sip: SIPPhone
            let picture: RTPPhone

            init(_ stage: Stage, frequency: Double, picture: Double, port: Int = 0) throws {
                sip = try SIPPhone(stage, frequency: frequency, port: port)
                self.picture = try RTPPhone(on: stage.environment.address, frequency: picture)
                sip.media = PhoneMedia(
                    address: stage.environment.address, audioPort: sip.audio.port, videoPort: self.picture.port, video: .vp8)
                sip.media.hasKeys = true
            }

            func show(to description: SessionDescription) throws {
                let line = try #require(description.media.first { $0.kind == .video && $0.port != 0 })
                picture.connect(to: sip.media.address, port: Int(line.port))
            }

            func stop() {
                sip.stop()
                picture.stop()
            }
        }

        /// An established call between two phones that hear and see each other.
        private func call(_ body: (Phone, Phone) async throws -> Void) async throws {
            let stage = try Stage.running
            let one = try Phone(stage, frequency: 440, picture: 1_000)
            let other = try Phone(stage, frequency: 700, picture: 1_300, port: stage.gateway.phonePort)
            defer {
                one.stop()
                other.stop()
            }
            one.sip.call("phone")
            try other.show(to: await other.sip.called())
            try await other.sip.accept()
            try one.show(to: await one.sip.answered())
            #expect(await one.sip.audio.hears(700))
            #expect(await one.picture.hears(1_300))
            #expect(await other.picture.hears(1_000))
            try await body(one, other)
            try await one.sip.hangUp()
            try await other.sip.hungUp()
        }
    }
}
