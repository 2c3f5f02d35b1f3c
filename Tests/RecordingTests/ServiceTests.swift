import EventLoop
import Foundation
import Logging
@testable import Recording
import TestRandom
import Testing

/// The service with the built `tern` and the real ffmpeg, on captures that the test has written.
@Suite("Finishing", .timeLimit(.minutes(2)))
@LoopActor
struct ServiceTests {
    private let folder: Folder
    private let name: RecordingName

    init() throws {
        folder = try Folder()
        name = try #require(RecordingName(Sample.name))
    }

    private func service(_ change: (inout RecordingConfiguration) -> Void = { _ in }) throws -> RecordingService {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let tern = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("tern").path
        var configuration = RecordingConfiguration(directory: folder.path, preparation: [tern, "prepare-recording"])
        change(&configuration)
        return RecordingService(configuration: configuration, log: Logger(label: "tern.test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// What becomes of the recording whose captures are there.
    private func outcome(
        _ layout: RecordingLayout, length: Int? = 3_000, begun: Int? = nil, style: VideoStyle = .sideBySide, _ change: (inout RecordingConfiguration) -> Void = { _ in }
    ) async throws -> RecordingOutcome {
        let manifest = RecordingManifest(name: name, layout: layout, style: style, length: length, begun: begun)
        try Data(manifest.text.utf8).write(to: folder.url.appendingPathComponent(RecordingManifest.file(name)))
        let service = try service(change)
        let outcome = await withCheckedContinuation { done in
            service.onOutcome = { _, outcome in done.resume(returning: outcome) }
            LoopActor.task { await service.start() }
        }
        await service.stop()
        return outcome
    }

    /// Waits for what comes about on the loop, 30 s at most.
    private func come(_ isThere: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(30)
        while !isThere(), ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(10)) }
    }

    private func near(_ spans: [Range<Int>], _ wanted: [Range<Int>]) -> Bool {
        spans.count == wanted.count
            && zip(spans, wanted).allSatisfy { abs($0.lowerBound - $1.lowerBound) <= 100 && abs($0.upperBound - $1.upperBound) <= 100 }
    }

    @Test("the caller is left and the called party right, each at its time, and nothing else is left")
    func stereo() async throws {
        try folder.write(.tone(440, packets: 140, first: 100), "\(name)-caller-audio.mjr")
        try folder.write(.tone(1_000, packets: 50, first: 1_500), "\(name)-callee-audio.mjr")
        try folder.write(Capture(isEmpty: true), "\(name)-caller-video.mjr")
        #expect(try await outcome(.proxy) == .ready(file: "\(name).m4a", length: 3_000))
        #expect(folder.names == ["\(name).m4a"])
        let path = "\(folder.path)/\(name).m4a"
        #expect(abs(try Sound.duration(path) - 3) < 0.1)
        #expect(try Sound.streams(path) == ["aac,audio"])
        let (left, right) = (try Sound.channel(0, of: path), try Sound.channel(1, of: path))
        #expect(near(Sound.spans(of: 440, in: left), [100..<2_900]), "\(Sound.spans(of: 440, in: left))")
        #expect(near(Sound.spans(of: 1_000, in: right), [1_500..<2_500]), "\(Sound.spans(of: 1_000, in: right))")
        #expect(Sound.spans(of: 1_000, in: left).isEmpty && Sound.spans(of: 440, in: right).isEmpty)
    }

    @Test("a pause shifts nothing behind it, whether the timestamps went on or stood still", arguments: [true, false])
    func pause(goesOn: Bool) async throws {
        var capture = Capture()
        for number in 0..<100 {
            let pause = number < 50 ? 0 : 1_200
            capture.append(
                Sample.packet(number, timestamp: UInt32(number * 160 + (goesOn ? pause * 8 : 0)), payload: Sample.tone(number, frequency: 440)),
                at: number * 20 + pause)
        }
        try folder.write(capture, "\(name)-caller-audio.mjr")
        try folder.write(.tone(1_000, packets: 150), "\(name)-callee-audio.mjr")
        _ = try await outcome(.proxy, length: 3_200)
        let left = try Sound.channel(0, of: "\(folder.path)/\(name).m4a")
        #expect(near(Sound.spans(of: 440, in: left), [0..<1_000, 2_200..<3_200]), "\(Sound.spans(of: 440, in: left))")
    }

    @Test("telephone events and comfort noise are no sound, and a change of codec is heard")
    func mixed() async throws {
        var capture = Capture()
        for number in 0..<100 {
            let isSecond = number >= 50
            var payload = Sample.tone(number, frequency: 440)
            if isSecond { payload = payload.map(ServiceTests.aLaw) }
            capture.append(Sample.packet(number, type: isSecond ? 8 : 0, payload: payload), at: number * 20)
        }
        for number in 100..<120 { capture.append(Sample.packet(number, timestamp: 16_000, type: 101, payload: [1, 10, 0, UInt8(number)]), at: number * 20) }
        capture.append(Sample.packet(120, type: 13, payload: [40]), at: 2_400)
        try folder.write(capture, "\(name)-audio.mjr")
        #expect(try await outcome(.echo) == .ready(file: "\(name).m4a", length: 3_000))
        for index in 0...1 {
            let samples = try Sound.channel(index, of: "\(folder.path)/\(name).m4a")
            #expect(near(Sound.spans(of: 440, in: samples), [0..<2_000]), "\(Sound.spans(of: 440, in: samples))")
        }
    }

    /// From mu-law, by way of the sample (ITU-T G.711, table 1a).
    private static func aLaw(_ mu: UInt8) -> UInt8 {
        let bits = Int(~mu), value = ((((bits & 0x0f) << 3) + 132) << ((bits >> 4) & 7)) - 132
        var exponent = 7
        while exponent > 0, value & (1 << (exponent + 7)) == 0 { exponent -= 1 }
        let mantissa = exponent == 0 ? (value >> 4) & 0x0f : (value >> (exponent + 3)) & 0x0f
        return UInt8((bits & 0x80 == 0 ? 0x80 : 0) | exponent << 4 | mantissa) ^ 0x55
    }

    @Test("G.722 and Opus are heard as they were said, also behind a pause without packets", arguments: ["g722", "opus"])
    func encoded(codec: String) async throws {
        let packets = try ServiceTests.packets(codec, seconds: 2)
        #expect(packets.count >= 95)
        var capture = Capture(codec: codec)
        for (number, payload) in packets.enumerated() where !(30..<60).contains(number) {
            let ticks = codec == "opus" ? 960 : 160
            capture.append(
                Sample.packet(number, timestamp: UInt32(number * ticks), type: codec == "opus" ? 111 : 9, payload: payload), at: number * 20)
        }
        try folder.write(capture, "\(name)-caller-audio.mjr")
        _ = try await outcome(.proxy, length: 2_000)
        let spans = Sound.spans(of: 440, in: try Sound.channel(0, of: "\(folder.path)/\(name).m4a"))
        #expect(near(spans, [0..<600, 1_200..<2_000]), "\(spans)")
    }

    /// A tone of 440 Hz, 20 ms a packet.
    private static func packets(_ codec: String, seconds: Int) throws -> [[UInt8]] {
        let source = ["-v", "error", "-f", "lavfi", "-i", "sine=440:d=\(seconds),volume=4"]
        guard codec == "opus" else {
            let bytes = [UInt8](try Sound.run("ffmpeg", source + ["-ac", "1", "-ar", "16000", "-c:a", "g722", "-f", "g722", "-"]))
            return stride(from: 0, to: bytes.count - 159, by: 160).map { Array(bytes[$0..<($0 + 160)]) }
        }
        let data = try Sound.run("ffmpeg", source + ["-ar", "48000", "-ac", "1", "-c:a", "libopus", "-frame_duration", "20", "-f", "ogg", "-"])
        // RFC 3533: the lacing values of each page, behind two pages of headers.
        let bytes = [UInt8](data)
        var packets: [[UInt8]] = [], offset = 0, page = 0, open: [UInt8] = []
        while offset + 27 <= bytes.count {
            let count = Int(bytes[offset + 26])
            var start = offset + 27 + count
            for lace in bytes[(offset + 27)..<start] {
                open += bytes[start..<(start + Int(lace))]
                start += Int(lace)
                guard lace < 255 else { continue }
                if page > 1 { packets.append(open) }
                open = []
            }
            offset = start
            page += 1
        }
        return packets
    }

    @Test("what is no video or no audio costs the other side nothing, and its capture stays", arguments: ["vp8", "opus"])
    func garbage(codec: String) async throws {
        var generator = SeededRandom("noise in a capture, \(codec)")
        var capture = Capture(codec: codec, medium: codec == "vp8" ? "v" : "a")
        for number in 0..<100 {
            let noise = (0..<60).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let head: [UInt8] = codec == "vp8" ? [0x10, 0x00, 0xff, 0xff, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01] : [0x7b, 0xff]
            capture.append(
                Sample.packet(number, timestamp: UInt32(number * (codec == "vp8" ? 1_800 : 960)), type: 96, payload: head + noise), at: number * 20)
        }
        let file = "\(name)-callee-\(codec == "vp8" ? "video" : "audio").mjr"
        try folder.write(capture, file)
        try folder.write(.tone(440, packets: 150), "\(name)-caller-audio.mjr")
        guard case .ready(let path, 3_000) = try await outcome(.proxy) else { Issue.record("not ready"); return }
        let spans = Sound.spans(of: 440, in: try Sound.channel(0, of: "\(folder.path)/\(path)"))
        #expect(near(spans, [0..<3_000]), "\(spans)")
        if path.hasSuffix(".m4a"), codec == "vp8" { #expect(folder.names.contains(file)) }
    }

    @Test("video is as large as it was sent, and in time with the audio", arguments: ["vp8", "vp9", "h264", "h265", "av1"])
    func video(codec: String) async throws {
        // The first frame is large and late, the others jitter.
        try folder.write(try TestVideo.capture(codec) { $0 == 0 ? 150 : 40 + $0 * 7 % 30 }, "\(name)-caller-video.mjr")
        // As far behind its time as the video is.
        var beep = Capture(first: 1_040)
        for number in 50..<70 { beep.append(Sample.packet(number, payload: Sample.tone(number, frequency: 440)), at: (number - 50) * 20) }
        try folder.write(beep, "\(name)-caller-audio.mjr")
        let outcome = try await outcome(.proxy)
        try #require(outcome == .ready(file: "\(name).mp4", length: 3_000), "\(outcome)")
        #expect(folder.names == ["\(name).mp4"])
        let path = "\(folder.path)/\(name).mp4"
        #expect(try Sound.run("ffprobe", ["-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of", "csv=p=0", path]) == Data("960,540\n".utf8))
        let frames = try TestVideo.brightness(path)
        let flash = frames.indices.filter { frames[$0] > 128 }.map { $0 * 40 }
        let sound = Sound.spans(of: 440, in: try Sound.channel(0, of: path))
        let begin = try #require(flash.first), end = try #require(flash.last), span = try #require(sound.first)
        #expect(abs(begin - span.lowerBound) <= 60 && abs(end + 40 - span.upperBound) <= 60 && flash.count >= 9, "\(flash), \(sound)")
    }

    @Test("video that is not encoded anew is as they were sent", arguments: ["vp9", "h264", "h265", "av1"])
    func tracks(codec: String) async throws {
        try folder.write(try TestVideo.capture(codec), "\(name)-video.mjr")
        #expect(try await outcome(.echo, style: .tracks) == .ready(file: "\(name).mkv", length: 3_000))
        let path = "\(folder.path)/\(name).mkv"
        #expect(try Sound.streams(path) == ["aac,audio", "\(codec == "h265" ? "hevc" : codec),video"])
        #expect(try TestVideo.brightness(path).count { $0 > 128 } >= 9)
    }

    @Test("a codec that cannot be read costs no sound, and its capture stays")
    func unknownCodec() async throws {
        var capture = Capture(codec: "h266", medium: "v")
        for number in 0..<20 { capture.append(Sample.packet(number, type: 96), at: number * 40) }
        try folder.write(capture, "\(name)-video.mjr")
        try folder.write(.tone(440, packets: 150), "\(name)-audio.mjr")
        #expect(try await outcome(.echo) == .ready(file: "\(name).m4a", length: 3_000))
        #expect(folder.names == ["\(name)-audio.mjr", "\(name)-video.mjr", "\(name).m4a"])
    }

    @Test("of redundant audio what is repeated is not heard")
    func redundant() async throws {
        let packets = try ServiceTests.packets("opus", seconds: 2)
        var capture = Capture(codec: "opus", more: #","or":63"#)
        for (number, payload) in packets.enumerated() {
            let before = number > 0 ? packets[number - 1] : []
            let block: [UInt8] = [0x80 | 111, UInt8(960 >> 6), UInt8((960 & 0x3f) << 2) | UInt8(before.count >> 8), UInt8(before.count & 0xff)]
            capture.append(
                Sample.packet(number, timestamp: UInt32(number * 960), type: 63, payload: (number > 0 ? block : []) + [111] + before + payload), at: number * 20)
        }
        try folder.write(capture, "\(name)-audio.mjr")
        #expect(try await outcome(.echo, length: 2_000) == .ready(file: "\(name).m4a", length: 2_000))
        let spans = Sound.spans(of: 440, in: try Sound.channel(0, of: "\(folder.path)/\(name).m4a"))
        #expect(near(spans, [0..<2_000]), "\(spans)")
    }

    @Test("in a long pause something is said all the time, so that ffmpeg need not keep it in memory")
    func longPause() throws {
        var capture = Capture()
        for number in 0..<100 {
            capture.append(Sample.packet(number, payload: Sample.tone(number, frequency: 440)), at: number * 20 + (number < 50 ? 0 : 600_000))
        }
        try folder.write(capture, "\(name)-audio.mjr")
        let track = try #require(try TrackPreparation(directory: folder.path, work: folder.path).run(name.description, .echo).tracks.first)
        let text = try Sound.run("ffprobe", ["-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", "\(folder.path)/\(track.file)"])
        let times = String(decoding: text, as: UTF8.self).split(separator: "\n").compactMap { Double($0.filter { $0 != "," }) }
        #expect(times.count > 1_200 && zip(times, times.dropFirst()).allSatisfy { $1 - $0 <= 1.5 })
    }

    @Test("whose end nobody saw is as long as what was recorded; packets of 60 ms are no longer than they are")
    func unended() async throws {
        var capture = Capture()
        for number in 0..<40 {
            let payload = (0..<3).flatMap { Sample.tone(number * 3 + $0, frequency: 440) }
            capture.append(Sample.packet(number, timestamp: UInt32(number * 480), payload: payload), at: number * 60)
        }
        try folder.write(capture, "\(name)-caller-audio.mjr")
        #expect(try await outcome(.proxy, length: nil) == .ready(file: "\(name).m4a", length: 2_400))
        #expect(abs(try Sound.duration("\(folder.path)/\(name).m4a") - 2.4) < 0.1)
    }

    @Test("where nobody said anything there is silence as long as the recording")
    func silent() async throws {
        for side in ["caller", "callee"] { try folder.write(Capture(isEmpty: true), "\(name)-\(side)-audio.mjr") }
        #expect(try await outcome(.proxy) == .ready(file: "\(name).m4a", length: 3_000))
        #expect(abs(try Sound.duration("\(folder.path)/\(name).m4a") - 3) < 0.1)
    }

    @Test("captures stay where the configuration says so")
    func kept() async throws {
        try folder.write(.tone(440, packets: 150), "\(name)-audio.mjr")
        _ = try await outcome(.echo) { $0.keepsCaptures = true }
        #expect(folder.names == ["\(name)-audio.mjr", "\(name).m4a"])
    }

    @Test("without ffmpeg it fails and everything stays; the next start finishes it")
    func withoutProgram() async throws {
        try folder.write(.tone(440, packets: 150), "\(name)-audio.mjr")
        let failed = try await outcome(.echo) { $0.ffmpeg = "/nonexistent/ffmpeg" }
        guard case .failed(.program, isTriedAgain: true) = failed else { Issue.record("\(failed)"); return }
        #expect(folder.names == ["\(name)-audio.mjr", "\(name).recording"])
        #expect(try await outcome(.echo) == .ready(file: "\(name).m4a", length: 3_000))
    }

    @Test("what has failed is tried again, and the second outcome is told")
    func triedAgain() async throws {
        try folder.write(.tone(440, packets: 150), "\(name)-audio.mjr")
        let program = folder.path + "/ffmpeg"
        let manifest = RecordingManifest(name: name, layout: .echo, style: .sideBySide, length: 3_000)
        try Data(manifest.text.utf8).write(to: folder.url.appendingPathComponent(RecordingManifest.file(name)))
        let service = try service {
            $0.ffmpeg = program
            $0.retryDelay = .milliseconds(200)
        }
        var outcomes: [RecordingOutcome] = []
        service.onOutcome = { _, outcome in
            outcomes.append(outcome)
            guard outcomes.count == 1 else { return }
            #expect(service.status.waiting == 1 && service.status.failed == 1 && service.status.unfinished == 0)
            try? FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: "/usr/bin/ffmpeg")
        }
        await service.start()
        try await come { outcomes.count == 2 }
        guard case .failed(.program, isTriedAgain: true) = outcomes.first else { Issue.record("\(outcomes)"); return }
        #expect(outcomes.last == .ready(file: "\(name).m4a", length: 3_000))
        #expect(service.status.waiting == 0 && service.status.ready == 1 && service.status.failed == 1)
        await service.stop()
        #expect(folder.names == ["\(name).m4a", "ffmpeg"])
    }

    @Test("what fails again and again is given up, told of once more, and stays for the next start")
    func givenUp() async throws {
        try folder.write(.tone(440, packets: 10), "\(name)-audio.mjr")
        let manifest = RecordingManifest(name: name, layout: .echo, style: .sideBySide, length: 200)
        try Data(manifest.text.utf8).write(to: folder.url.appendingPathComponent(RecordingManifest.file(name)))
        let service = try service {
            $0.ffmpeg = "false"
            $0.retryDelay = .milliseconds(1)
        }
        var outcomes: [RecordingOutcome] = []
        service.onOutcome = { _, outcome in outcomes.append(outcome) }
        await service.start()
        try await come { outcomes.count == 2 }
        guard case .failed(.helper, isTriedAgain: true) = outcomes.first, case .failed(.helper, isTriedAgain: false) = outcomes.last else {
            Issue.record("\(outcomes)")
            return
        }
        #expect(service.status.waiting == 0 && service.status.failed == 1 && service.status.unfinished == 0)
        #expect(folder.names == ["\(name)-audio.mjr", "\(name).recording"])
        await service.stop()
    }

    @Test("however many are left behind, few files are open at a time")
    func manyLeftBehind() async throws {
        for number in 2..<302 {
            let one = try #require(RecordingName("\(name)-\(number)"))
            let manifest = RecordingManifest(name: one, layout: .echo, style: .sideBySide, length: 100)
            try Data(manifest.text.utf8).write(to: folder.url.appendingPathComponent(RecordingManifest.file(one)))
        }
        let service = try service { $0.preparation = ["sleep"] }
        await service.start()
        #expect(service.status.unfinished == 300)
        let open = FileSystem.names("/proc/self/fd").filter { (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.hasPrefix(folder.path) == true }
        #expect(open.count <= 2, "\(open.count)")
        await service.stop()
    }

    @Test("parts follow one another, whatever their numbers and timestamps, and what lies between them is silent")
    func parts() async throws {
        try folder.write(.tone(440, packets: 50, first: 0), "\(name)-caller-audio.mjr")
        try folder.write(.tone(440, packets: 25, first: 1_500), "\(name)-p2-caller-audio.mjr")
        try folder.write(.tone(440, packets: 25, first: 2_500), "\(name)-p10-caller-audio.mjr")
        // Of another recording.
        try folder.write(.tone(440, packets: 150), "\(name)-2-caller-audio.mjr")
        #expect(try await outcome(.proxy) == .ready(file: "\(name).m4a", length: 3_000))
        let spans = Sound.spans(of: 440, in: try Sound.channel(0, of: "\(folder.path)/\(name).m4a"))
        #expect(near(spans, [0..<1_000, 1_500..<2_000, 2_500..<3_000]), "\(spans)")
        #expect(folder.names == ["\(name)-2-caller-audio.mjr", "\(name).m4a"])
    }

    @Test("what was said before anything could be captured is not missing in time; a clock that says nonsense is not believed", arguments: [2_000, 4_000])
    func begun(earlier: Int) async throws {
        try folder.write(.tone(440, packets: 50), "\(name)-p2-audio.mjr")
        let begun = Capture.created - earlier * 1_000
        #expect(try await outcome(.echo, begun: begun) == .ready(file: "\(name).m4a", length: 3_000))
        let spans = Sound.spans(of: 440, in: try Sound.channel(0, of: "\(folder.path)/\(name).m4a"))
        #expect(near(spans, earlier == 2_000 ? [2_000..<3_000] : [0..<1_000]), "\(spans)")
    }

    @Test("a stop in the middle of finishing leaves all to the next start")
    func stopped() async throws {
        try folder.write(.tone(440, packets: 20_000), "\(name)-audio.mjr")
        let manifest = RecordingManifest(name: name, layout: .echo, style: .sideBySide, length: nil)
        try Data(manifest.text.utf8).write(to: folder.url.appendingPathComponent(RecordingManifest.file(name)))
        let service = try service()
        service.onOutcome = { _, outcome in Issue.record("\(outcome)") }
        await service.start()
        #expect(service.status.unfinished == 1)
        await service.stop()
        #expect(folder.names == ["\(name)-audio.mjr", "\(name).recording"])
        #expect(try await outcome(.echo, length: nil) == .ready(file: "\(name).m4a", length: 400_000))
    }

    @Test("a program that takes too long is killed, one that fails has the last word")
    func programs() async throws {
        await #expect(throws: RecordingError.self) { try await HelperProcess().run(["sleep", "60"], limit: .milliseconds(50)) }
        // Behind calls, but not so far that it never comes to an end.
        #expect(try await HelperProcess().run(["nice"], limit: .seconds(10)).output == ["\(getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0) + 5)"])
        let result = try await HelperProcess().run(["sh", "-c", "echo one; echo two >&2; exit 3"], limit: .seconds(10))
        #expect(result.exit == .exited(3) && result.output == ["one"] && result.complaint == "two")
        let failed = try await { () async throws -> RecordingOutcome in
            try folder.write(.tone(440, packets: 10), "\(name)-audio.mjr")
            return try await outcome(.echo) { $0.ffmpeg = "false" }
        }()
        guard case .failed(.helper, isTriedAgain: true) = failed else { Issue.record("\(failed)"); return }
        #expect(folder.names == ["\(name)-audio.mjr", "\(name).recording"])
    }

    @Test("a job that ended between its last two steps does not make the file anew")
    func afterRename() async throws {
        try Data("whole".utf8).write(to: folder.url.appendingPathComponent("\(name).m4a"))
        #expect(try await outcome(.echo) == .ready(file: "\(name).m4a", length: 3_000))
        #expect(try String(contentsOf: folder.url.appendingPathComponent("\(name).m4a"), encoding: .utf8) == "whole")
        #expect(folder.names == ["\(name).m4a"])
    }

    @Test("without a capture there is nothing to finish, now or later")
    func nothing() async throws {
        #expect(try await outcome(.echo) == .failed(.nothingRecorded, isTriedAgain: false))
        #expect(folder.names.isEmpty)
    }

    @Test("a recording that runs is not touched by another gateway, and its length is from start to stop")
    func running() async throws {
        let (service, other) = (try service(), try service())
        try await service.begin(name, .echo) { _ in }
        try await service.begin(name, .echo) { _ in }
        service.started(name)
        try folder.write(.tone(440, packets: 10), "\(name)-audio.mjr")
        other.onOutcome = { _, outcome in Issue.record("\(outcome)") }
        await other.start()
        #expect(other.status == RecordingService.Status() && service.status.running == 1)
        await other.stop()
        let outcome = await withCheckedContinuation { done in
            service.onOutcome = { _, outcome in done.resume(returning: outcome) }
            service.stopped(name)
            service.closed(name)
        }
        guard case .ready(_, let length) = outcome else { Issue.record("\(outcome)"); return }
        #expect(length < 10_000)
        #expect(service.status.ready == 1 && service.status.running == 0 && service.status.unfinished == 0)
        await service.stop()
    }

    @Test("with too little room, or where nothing can be written, nothing is begun")
    func noRoom() async throws {
        let full = try service { $0.minimumFree = .max }
        await #expect(throws: RecordingError.diskFull) { try await full.begin(name, .echo) { _ in } }
        let gone = try service { $0.directory = "/nonexistent" }
        await #expect(throws: RecordingError.self) { try await gone.begin(name, .echo) { _ in } }
        #expect(full.status.refused == 1 && folder.names.isEmpty)
    }

    @Test("what is abandoned while its manifest is being written leaves nothing")
    func abandonedEarly() async throws {
        let service = try service(), name = name
        // Jobs of the loop run in their order: the beginning has come as far as it can by itself before it is abandoned.
        let begun = LoopActor.task { () -> RecordingError? in
            do throws(RecordingError) { try await service.begin(name, .echo) { _ in }; return nil } catch { return error }
        }
        await LoopActor.task {}.value
        await service.abandon(name)
        #expect(await begun.value == nil)
        #expect(folder.names.isEmpty && service.status.running == 0)
    }

    @Test("what is abandoned leaves nothing")
    func abandoned() async throws {
        let service = try service()
        try await service.begin(name, .echo) { _ in }
        try folder.write(Capture(isEmpty: true), "\(name)-audio.mjr")
        await service.abandon(name)
        #expect(folder.names.isEmpty && service.status.running == 0)
    }
}
