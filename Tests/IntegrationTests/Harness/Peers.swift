import JSON

/// RTCPeerConnections in a page: what the browsers of an application server's users would have. Each speaks a tone and
/// shows a moving picture.
struct Peers: Sendable {
    let page: Page

    /// On a page of the gateway's that has no script of its own.
    init(_ stage: Stage) async throws {
        page = try await stage.chromium.open(stage.gateway.page + "status")
        try await page.run(
            """
            window.peers = {};
            window.gathered = pc => pc.iceGatheringState === 'complete' ? Promise.resolve() : new Promise(resolve =>
              pc.addEventListener('icegatheringstatechange', () => { if (pc.iceGatheringState === 'complete') resolve(); }));
            window.picture = () => {
              const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 240 });
              const pen = canvas.getContext('2d');
              setInterval(() => {
                for (let y = 0; y < 240; y += 16) for (let x = 0; x < 320; x += 16) {
                  pen.fillStyle = `hsl(${Math.random() * 360} 80% 50%)`;
                  pen.fillRect(x, y, 16, 16);
                }
              }, 66);
              return canvas.captureStream(15).getVideoTracks()[0];
            };
            window.peer = (name, frequency, video) => {
              const context = new AudioContext(), oscillator = new OscillatorNode(context, { frequency });
              const out = context.createMediaStreamDestination();
              oscillator.connect(out);
              oscillator.start();
              const pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' }), stream = new MediaStream(), sound = new Audio();
              pc.addTrack(out.stream.getAudioTracks()[0], out.stream);
              if (video) pc.addTrack(picture(), out.stream);
              pc.ontrack = ({ track }) => stream.addTrack(track);
              sound.muted = true;
              sound.srcObject = stream;
              sound.play().catch(() => {});
              peers[name] = { pc, stream, context, sound };
              return pc;
            };
            """)
    }

    /// A new peer's offer, with its candidates.
    func offer(_ name: String, frequency: Double, video: Bool = true) async throws -> JSONValue {
        try await page.run(
            """
            const pc = peer(args[0], args[1], args[2]);
            await pc.setLocalDescription();
            await gathered(pc);
            return pc.localDescription.sdp;
            """, .string(name), .real(frequency), .bool(video))
    }

    /// A new peer's answer to an offer, with its candidates.
    func answer(_ name: String, to offer: JSONValue, frequency: Double, video: Bool = true) async throws -> JSONValue {
        try await page.run(
            """
            const pc = peer(args[0], args[1], args[3]);
            await pc.setRemoteDescription({ type: 'offer', sdp: args[2] });
            await pc.setLocalDescription();
            await gathered(pc);
            return pc.localDescription.sdp;
            """, .string(name), .real(frequency), offer, .bool(video))
    }

    func accept(_ name: String, _ answer: JSONValue) async throws {
        try await page.run("await peers[args[0]].pc.setRemoteDescription({ type: 'answer', sdp: args[1] })", .string(name), answer)
    }

    /// Nil when the peer hears that tone, else what it hears.
    func missing(_ frequency: Double, at name: String) async throws -> String? {
        try await page.missing(frequency, in: "peers['\(name)'].stream")
    }

    /// RTP packets of a kind that a peer gets in a second.
    func packets(_ kind: String, at name: String) async throws -> Int {
        try await page.run(
            """
            const count = async () => {
              for (const report of (await peers[args[0]].pc.getStats()).values())
                if (report.type === 'inbound-rtp' && report.kind === args[1]) return report.packetsReceived;
              return 0;
            };
            const before = await count();
            await new Promise(resolve => setTimeout(resolve, 1000));
            return await count() - before;
            """, .string(name), .string(kind)).intValue ?? 0
    }

    /// What the peer's congestion control thinks that it may send, bit/s; the server's REMB bounds it.
    func sendingLimit(of name: String) async throws -> Double {
        try await page.run(
            """
            for (const report of (await peers[args[0]].pc.getStats()).values())
              if (report.type === 'candidate-pair' && report.nominated) return report.availableOutgoingBitrate ?? 1e9;
            return 1e9;
            """, .string(name)).doubleValue ?? 1e9
    }

    /// What the peer sends in two seconds, sound and picture, in kbit/s.
    func rate(of name: String) async throws -> Double {
        try await page.run(
            """
            const count = async () => {
              let bytes = 0;
              for (const report of (await peers[args[0]].pc.getStats()).values()) if (report.type === 'outbound-rtp') bytes += report.bytesSent;
              return bytes;
            };
            const before = await count(), begin = performance.now();
            await new Promise(resolve => setTimeout(resolve, 2000));
            return (await count() - before) * 8 / (performance.now() - begin) + 0.001;
            """, .string(name)).doubleValue ?? 0
    }

    /// Waits until ICE and DTLS are done.
    func connected(_ name: String) async throws {
        let state = try await page.run(
            """
            const { pc } = peers[args[0]], end = performance.now() + 8000;
            while (pc.connectionState !== 'connected' && performance.now() < end)
              await Promise.race([new Promise(resolve => pc.addEventListener('connectionstatechange', resolve, { once: true })),
                new Promise(resolve => setTimeout(resolve, 500))]);
            return pc.connectionState;
            """, .string(name)).stringValue
        guard state == "connected" else { throw HarnessError("\(name) is \(state ?? "gone")") }
    }

    func close() async throws {
        try await page.run("for (const { pc } of Object.values(peers)) pc.close()")
        try await page.close()
    }
}
