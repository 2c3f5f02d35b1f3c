import JSON
import Testing

/// How sound and picture lie to one another in a recording, and the two sides.
extension IntegrationTests {
    @Suite("Recordings in sync")
    struct RecordingSync {
        /// Both peers of the page beep and flash at the same moments.
        private static let source = """
            window.isOn = false;
            window.onChange = [];
            setInterval(() => { isOn = !isOn; for (const act of onChange) act(); }, 900);
            window.peer = (name, frequency) => {
              const context = new AudioContext({ latencyHint: 'interactive' }), gain = new GainNode(context, { gain: 0 });
              const oscillator = new OscillatorNode(context, { frequency }), out = context.createMediaStreamDestination();
              oscillator.connect(gain).connect(out);
              oscillator.start();
              const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 }), pen = canvas.getContext('2d');
              let count = 0;
              const draw = () => {
                pen.fillStyle = isOn ? 'white' : 'black';
                pen.fillRect(0, 0, 320, 240);
                pen.fillStyle = 'gray';
                pen.fillRect(count++ % 300, 0, 8, 8);
              };
              setInterval(draw, 40);
              onChange.push(() => { gain.gain.value = isOn ? 0.5 : 0; draw(); });
              const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' }), stream = new MediaStream(), sound = new Audio();
              pc.addTrack(out.stream.getAudioTracks()[0], out.stream);
              pc.addTrack(canvas.captureStream(25).getVideoTracks()[0], out.stream);
              pc.ontrack = ({ track }) => stream.addTrack(track);
              sound.muted = true;
              sound.srcObject = stream;
              sound.play().catch(() => {});
              peers[name] = { pc, stream, context, sound };
              return pc;
            };
            """

        @Test("a beep and a flash of the same moment are within 100 ms in the file, on each side and from one side to the other")
        func browsers() async throws {
            let stage = try Stage.running
            let client = try await APIClient.user("alice", at: stage.gateway), peers = try await Peers(stage)
            try await peers.page.run(Self.source)
            let offer = try await peers.offer("caller", frequency: 700)
            let start = try await client.request("media", "start_session", ["type": "proxy", "offer": ["sdp": offer], "record": true])
            let id = try #require(start["session_id"]?.stringValue)
            let answer = try await peers.answer("callee", to: try #require(start["offer"]?["sdp"]), frequency: 1_500)
            let answered = try await client.request("media", "answer_session", ["session_id": .string(id), "answer": ["sdp": answer]])
            try await peers.accept("caller", try #require(answered["answer"]?["sdp"]))
            for name in ["caller", "callee"] { try await peers.connected(name) }
            // So many beeps are to be compared.
            try await Task.sleep(for: .seconds(12))
            try await client.request("media", "stop_session", ["session_id": .string(id)])
            let recorded = try await client.recorded(id, at: stage.gateway)
            let beeps = [onsets(recorded, 700, .left), onsets(recorded, 1_500, .right)]
            let flashes = [try onsets(recorded, "iw/2:ih:0:0"), try onsets(recorded, "iw/2:ih:iw/2:0")]
            for (side, name) in ["caller", "callee"].enumerated() {
                let skew = try median(of: flashes[side], against: beeps[side])
                print("recording: the \(name)'s picture is \(skew) ms behind its sound")
                #expect(abs(skew) <= 100, "\(name): \(flashes[side]), \(beeps[side])")
            }
            let skew = try median(of: beeps[1], against: beeps[0])
            print("recording: the callee's sound is \(skew) ms behind the caller's")
            #expect(abs(skew) <= 100, "\(beeps)")
            await client.leave()
            try await peers.close()
        }

        /// In milliseconds.
        private func onsets(_ recorded: Recorded, _ frequency: Double, _ side: Recorded.Side) -> [Int] {
            recorded.spans(of: frequency, on: side).map { Int($0.lowerBound * 1_000) }.filter { $0 > 100 }
        }

        private func onsets(_ recorded: Recorded, _ crop: String) throws -> [Int] {
            let pictures = try recorded.brightness(crop)
            return pictures.indices.dropFirst().filter { pictures[$0] > 128 && pictures[$0 - 1] <= 128 }.map { $0 * 40 }
        }

        /// How far each of some moments is behind the nearest of the others, on the whole.
        private func median(of some: [Int], against others: [Int]) throws -> Int {
            let differences = some.compactMap { one in others.map { one - $0 }.min { abs($0) < abs($1) } }.filter { abs($0) < 450 }.sorted()
            guard differences.count >= 3 else { throw HarnessError("\(some) and \(others) have too little in common") }
            return differences[differences.count / 2]
        }
    }
}
