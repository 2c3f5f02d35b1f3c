import JSON
import Testing

/// Pictures of all kinds in recordings.
extension IntegrationTests {
    @Suite("Video in recordings")
    struct RecordingPictures {
        @Test("whatever codec a browser's video has, it is in the file", arguments: ["AV1", "VP9", "H264"])
        func codecs(_ codec: String) async throws {
            try await recorded(prepared: """
                const plain = window.peer;
                window.peer = (...given) => {
                  const pc = plain(...given);
                  for (const transceiver of pc.getTransceivers()) {
                    if (transceiver.sender.track?.kind !== 'video') continue;
                    const { codecs } = RTCRtpSender.getCapabilities('video');
                    transceiver.setCodecPreferences(codecs.filter(({ mimeType }) => [`video/${args[0]}`, 'video/rtx'].includes(mimeType)));
                  }
                  return pc;
                };
                """, codec) { (recorded: Recorded, answer: String) throws in
                #expect(answer.uppercased().contains(" \(codec)/90000"))
                // So the browser turns its pictures itself.
                #expect(!answer.contains("urn:3gpp:video-orientation"))
                #expect(try recorded.size() == [320, 240])
                #expect(try recorded.pictures() > 25)
                #expect(try recorded.brightness("iw:ih:0:0").contains { $0 > 60 }, "it is black")
            }
        }

        /// An echo of a peer that the script has prepared, recorded.
        private func recorded(
            prepared script: String, _ argument: String = "", _ look: (Recorded, String) throws -> Void
        ) async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("alice", at: stage.gateway), peers = try await Peers(stage)
            try await peers.page.run(script, .string(argument))
            let offer = try await peers.offer("one", frequency: 700)
            let start = try await client.request("media", "start_session", ["type": "echo", "offer": ["sdp": offer]])
            let id = try #require(start["session_id"]?.stringValue), answer = try #require(start["answer"]?["sdp"])
            try await peers.accept("one", answer)
            try await peers.connected("one")
            let heard = try await peers.missing(700, at: "one")
            #expect(heard == nil)
            try await client.update(id, ["record": true])
            try await Task.sleep(for: .seconds(3))
            try await client.request("media", "stop_session", ["session_id": .string(id)])
            let recorded = try await client.recorded(id, at: stage.gateway)
            #expect(recorded.path.hasSuffix("/\(id).mp4"))
            try look(recorded, answer.stringValue ?? "")
            await client.leave()
            try await peers.close()
        }
    }
}
