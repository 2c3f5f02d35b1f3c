import Foundation
import TestRandom
import Testing

@testable import Recording

@Suite("Captures") struct CaptureTests {
    private func frames(_ capture: Capture) throws -> [CaptureFile.Frame] {
        let folder = try Folder()
        try folder.write(capture, "a.mjr")
        let file = try CaptureFile(folder.path + "/a.mjr")
        var frames: [CaptureFile.Frame] = []
        while let frame = file.next() { frames.append(frame) }
        return frames
    }

    @Test("each packet is read, with its time")
    func whole() throws {
        let frames = try frames(.tone(440, packets: 1_000))
        let arrivals = (0..<1_000).map { number in Int64(number * 20) }
        #expect(frames.map(\.arrival) == arrivals)
        #expect(RTPPacket(frames[7].bytes)?.payload.elementsEqual(Sample.tone(7, frequency: 440)) == true)
    }

    @Test("a capture that was cut off anywhere has all packets before")
    func truncated() throws {
        let whole = Capture.tone(440, packets: 20)
        let size = 10 + 12 + 160, head = whole.data.count - 20 * size
        for cut in stride(from: 0, through: whole.data.count, by: 37) {
            var capture = whole
            capture.data = whole.data.prefix(cut)
            #expect(try frames(capture).count == max(0, cut - head) / size)
        }
    }

    @Test("behind a packet of which a part is missing reading goes on")
    func hole() throws {
        var capture = Capture.tone(440, packets: 20)
        let size = 10 + 12 + 160, start = capture.data.count - 10 * size
        capture.data.removeSubrange((start + 50)..<(start + 90))
        #expect(try frames(capture).count == 19)
    }

    @Test("what is no capture is refused, an empty one has nothing")
    func others() throws {
        let folder = try Folder()
        try Data("RIFF....WAVE".utf8).write(to: folder.url.appendingPathComponent("a.mjr"))
        #expect(throws: RecordingError.self) { try CaptureFile(folder.path + "/a.mjr") }
        #expect(throws: RecordingError.self) { try CaptureFile(folder.path + "/none.mjr") }
        try folder.write(Capture(isEmpty: true), "b.mjr")
        #expect(try CaptureFile(folder.path + "/b.mjr").header == nil)
    }

    @Test("whatever a peer has sent, nothing traps", arguments: ["pcmu", "opus", "vp8", "vp9", "h264", "h265", "av1"])
    func anything(codec: String) throws {
        var generator = SeededRandom("random captures, \(codec)")
        let folder = try Folder()
        for round in 0..<30 {
            var capture = Capture(codec: codec, medium: ["pcmu", "opus"].contains(codec) ? "a" : "v", more: #","or":127"#)
            for number in 0..<200 {
                let payload = (0..<Int.random(in: 0...40, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) }
                var packet = Sample.packet(
                    number, timestamp: round % 2 == 0 ? nil : .random(in: 0...UInt32.max, using: &generator),
                    type: [0, 96, 127].randomElement(using: &generator) ?? 0, payload: payload)
                if round % 3 == 0 { packet = Sample.packet(.random(in: 0...65_535, using: &generator), type: 96, payload: payload) }
                capture.append(packet, at: number * 20)
            }
            for _ in 0..<(round % 4 * 5) { capture.data[.random(in: 100..<capture.data.count, using: &generator)] = .random(in: 0...255, using: &generator) }
            try folder.write(capture, "\(Sample.name)-audio.mjr")
            try folder.write(capture, "\(Sample.name)-video.mjr")
            _ = try TrackPreparation(directory: folder.path, work: folder.path).run(Sample.name, .echo)
        }
    }

    @Test("a packet's padding, sources and extension are no payload; what is no RTP is none")
    func packets() {
        let plain: [UInt8] = [0x80, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3]
        #expect(RTPPacket(plain + [9, 9])?.payload == [9, 9])
        let rest = Array(plain.dropFirst()), sources: [UInt8] = [1, 1, 1, 1], extensions: [UInt8] = [0xbe, 0xde, 0, 1, 5, 5, 5, 5]
        let full: [UInt8] = [0xb1] + rest + sources + extensions + [9, 9, 0, 2]
        #expect(RTPPacket(full)?.payload == [9, 9])
        let padding: [UInt8] = [0xa0] + rest + [200], extended: [UInt8] = [0x90] + rest + [0, 0, 9, 9]
        for bad in [[], Array(plain.dropLast()), [0x40] + rest, padding, extended] { #expect(RTPPacket(bad) == nil) }
    }
}

@Suite("Names and manifests") struct NameTests {
    @Test("a recording is named after its session", arguments: ["", "-2", "-17"])
    func good(suffix: String) throws {
        let name = try #require(RecordingName(Sample.name + suffix))
        #expect(name.session == Sample.name && name.description == Sample.name + suffix)
    }

    @Test("nothing else is a name", arguments: [
        "", "../../etc/passwd", Sample.name + "-", Sample.name + "-x", Sample.name + "/..", Sample.name + "-2-3", Sample.name.uppercased(),
        "54c1b637-36fb-40c2-8080-28f07603cda", "54c1b637-36fb-40c2-8080-28f07603cdé", Sample.name + "-1234567890",
    ])
    func bad(text: String) { #expect(RecordingName(text) == nil) }

    @Test("a manifest comes back as it was, and is one block whatever is in it")
    func manifest() throws {
        let name = try #require(RecordingName(Sample.name))
        for layout in RecordingLayout.allCases {
            for length in [nil, 0, Int.max] {
                let manifest = RecordingManifest(name: name, layout: layout, style: .tracks, length: length, begun: length.map { $0 / 2_048 })
                #expect(RecordingManifest(name: name, text: manifest.text) == manifest)
                #expect(manifest.text.utf8.count == RecordingManifest.size)
            }
        }
        for text in ["", "{}", "[1]", #"{"version":2,"layout":"echo","video":"tracks"}"#, #"{"version":1,"layout":"../x","video":"tracks"}"#] {
            #expect(RecordingManifest(name: name, text: text) == nil)
        }
    }
}
