import EventLoop
import Foundation
@testable import Janus
import JSON

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
