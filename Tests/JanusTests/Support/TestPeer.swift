import EventLoop
import Foundation
import JSON

@testable import Janus

/// A PeerConnection with live media, of aiortc in a process of its own, and its leg.
@LoopActor
final class TestPeer {
    let leg: EngineLeg
    let id: EngineLegID
    private let process = Process()
    private let input = Pipe()
    private let lines: Record<JSONValue>
    /// Payload type of VP8 in its offer.
    private let video: Int

    /// Starts it, and exchanges its description.
    init(of client: JanusClient) async throws {
        let output = Pipe(), lines = Record<JSONValue>()
        self.lines = lines
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("webrtc-peer.py").path
        process.executableURL = URL(fileURLWithPath: "/usr/bin/python3")
        process.arguments = [script]
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        Thread.detachNewThread {
            var rest = Data()
            while case let data = output.fileHandleForReading.availableData, !data.isEmpty {
                rest += data
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = String(decoding: rest[..<end], as: UTF8.self)
                    rest = Data(rest[(end + 1)...])
                    // A string alone is no document for the parser.
                    if let value = try? JSONValue(parsing: "[\(line)]").arrayValue?.first { LoopActor.task { lines.add(value) } }
                }
            }
        }
        leg = try await EngineLeg.attach(to: client)
        id = try await leg.id()
        let offer = try await lines.first { $0.stringValue != nil }.stringValue ?? ""
        video = TestPeer.type(of: "VP8/90000", in: offer) ?? 97
        try await leg.take(JSEP(type: .offer, sdp: offer))
        let answer = try await leg.give(TestPeer.answer(video: video), .answer)
        write(answer.sdp)
    }

    /// Has it talk with that leg.
    func configure(to peer: EngineLegID?) async throws(JanusError) {
        let media = [
            EngineMedium(.audio, mindex: 0, payloads: [EnginePayload(0, "pcmu", clock: 8_000)]),
            EngineMedium(.video, mindex: 1, payloads: [EnginePayload(video, "vp8", clock: 90_000)]),
        ]
        try await leg.configure(EngineConfiguration(peer: peer, media: media))
    }

    /// Packets of that kind that it has received.
    func received(_ kind: String) -> Int { lines.elements.last?[kind]?.intValue ?? 0 }

    /// Waits until it has received more packets of audio than that.
    func hears(after count: Int) async throws { try await lines.first { $0["audio"]?.intValue ?? 0 > count } }

    /// Ends the process, then the leg. Harmless where the leg has ended.
    func stop() async {
        try? input.fileHandleForWriting.close()
        await leg.handle.detach()
        let process = process
        await withCheckedContinuation { done in
            Thread.detachNewThread {
                process.waitUntilExit()
                done.resume()
            }
        }
    }

    private func write(_ text: String) {
        let line = JSONValue.array([.string(text)]).text.dropFirst().dropLast() + "\n"
        try? input.fileHandleForWriting.write(contentsOf: Data(line.utf8))
    }

    private static func type(of encoding: String, in offer: String) -> Int? {
        let line = offer.components(separatedBy: "\r\n").first { $0.hasPrefix("a=rtpmap:") && $0.hasSuffix(" \(encoding)") }
        return line.flatMap { Int($0.dropFirst("a=rtpmap:".count).prefix { $0 != " " }) }
    }

    private static func answer(video: Int) -> String {
        func medium(_ kind: String, _ type: Int, _ encoding: String, mid: Int) -> [String] {
            [
                "m=\(kind) 9 UDP/TLS/RTP/SAVPF \(type)", "c=IN IP4 0.0.0.0", "a=mid:\(mid)", "a=sendrecv", "a=rtcp-mux",
                "a=rtpmap:\(type) \(encoding)",
            ]
        }
        let lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0 1"] + medium("audio", 0, "PCMU/8000", mid: 0)
            + medium("video", video, "VP8/90000", mid: 1) + ["a=rtcp-fb:\(video) nack", "a=rtcp-fb:\(video) nack pli"]
        return lines.map { $0 + "\r\n" }.joined()
    }
}

/// Session descriptions as browsers make them.
enum Descriptions {
    /// An offer as Chrome makes it, of audio and, if wanted, video; candidates are trickled.
    static func chromeOffer(video: Bool = true) -> String {
        lines(head(video: video) + audio(setup: "actpass") + (video ? Self.video(setup: "actpass") : []))
    }

    /// Chrome's answer to that offer, or to what Janus made of it.
    static func chromeAnswer(video: Bool = true) -> String {
        lines(head(video: video) + audio(setup: "active") + (video ? Self.video(setup: "active") : []))
    }

    private static func lines(_ lines: [String]) -> String { lines.map { $0 + "\r\n" }.joined() }

    private static func head(video: Bool) -> [String] {
        [
            "v=0", "o=- 4611731400430051336 2 IN IP4 127.0.0.1", "s=-", "t=0 0",
            "a=group:BUNDLE 0\(video ? " 1" : "")", "a=extmap-allow-mixed", "a=msid-semantic: WMS stream",
        ]
    }

    private static func transport(mid: Int, setup: String) -> [String] {
        [
            "c=IN IP4 0.0.0.0", "a=rtcp:9 IN IP4 0.0.0.0", "a=ice-ufrag:4ZcD", "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlDa",
            "a=ice-options:trickle",
            "a=fingerprint:sha-256 75:74:5A:A6:A4:E5:52:F4:A7:67:4C:01:C7:EE:91:3F:21:3D:A2:E3:53:7B:6F:30:86:F2:30:AA:65:FB:04:24",
            "a=setup:\(setup)", "a=mid:\(mid)", "a=sendrecv", "a=msid:stream track\(mid)", "a=rtcp-mux",
        ]
    }

    private static func audio(setup: String) -> [String] {
        ["m=audio 9 UDP/TLS/RTP/SAVPF 111 9 0 8 110"] + transport(mid: 0, setup: setup) + [
            "a=rtpmap:111 opus/48000/2", "a=rtcp-fb:111 transport-cc", "a=fmtp:111 minptime=10;useinbandfec=1",
            "a=rtpmap:9 G722/8000", "a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "a=rtpmap:110 telephone-event/48000",
            "a=ssrc:1001 cname:browser", "a=ssrc:1001 msid:stream track0",
        ]
    }

    private static func video(setup: String) -> [String] {
        ["m=video 9 UDP/TLS/RTP/SAVPF 96 97"] + transport(mid: 1, setup: setup) + [
            "a=rtcp-rsize", "a=rtpmap:96 VP8/90000", "a=rtcp-fb:96 goog-remb", "a=rtcp-fb:96 ccm fir", "a=rtcp-fb:96 nack",
            "a=rtcp-fb:96 nack pli", "a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96",
            "a=ssrc-group:FID 2001 2002", "a=ssrc:2001 cname:browser", "a=ssrc:2002 cname:browser",
        ]
    }
}
