import Events
import Foundation
import Testing
@testable import Diagnosis

@Suite("Records as lines of JSON")
struct RecordFileTests {
    private let folder: TestFolder
    private let path: String
    private let file: RecordFile

    init() throws {
        folder = try TestFolder()
        path = folder.file("calls.jsonl")
        file = RecordFile(path: path)
    }

    private func lines(_ path: String) throws -> [CallRecord?] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { CallRecord(json: String($0)) }
    }

    @Test("each call is a line, appended to what is there")
    func appended() throws {
        _ = try file.write([RecordSamples.ended("a"), RecordSamples.failed("b")])
        file.close()
        _ = try RecordFile(path: path).write([RecordSamples.ended("c", to: "two\nlines \"and\" ü")])
        #expect(try lines(path) == [RecordSamples.ended("a"), RecordSamples.failed("b"), RecordSamples.ended("c", to: "two\nlines \"and\" ü")])
    }

    @Test("a file that is moved away is begun anew, whether or not an empty one takes its place", arguments: [false, true])
    func rotated(isReplaced: Bool) throws {
        _ = try file.write([RecordSamples.ended("a")])
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        if isReplaced { try #require(FileManager.default.createFile(atPath: path, contents: nil)) }
        _ = try file.write([RecordSamples.ended("b")])
        #expect(try lines(path + ".1").count == 1 && lines(path) == [RecordSamples.ended("b")])
    }

    @Test("a full disk and a path that cannot be written are errors; a pipe that nobody reads does not hold anybody up")
    func obstacles() throws {
        let full = failure { try RecordFile(path: "/dev/full").write([RecordSamples.ended("a")]) }
        #expect(full?.description == "/dev/full: No space left on device")
        #expect(failure { try RecordFile(path: folder.file("none/calls.jsonl")).write([RecordSamples.ended("a")]) } != nil)
        try #require(mkfifo(folder.file("pipe"), 0o600) == 0)
        #expect(failure { try RecordFile(path: folder.file("pipe")).write([RecordSamples.ended("a")]) } != nil)
    }

    @Test("of a batch that does not fit nothing is left")
    func partial() throws {
        _ = try file.write([RecordSamples.ended("a")])
        let size = try #require(FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
        #expect(FileSizeLimit.with(bytes: size * 3 / 2) { failure { try file.write([RecordSamples.ended("b")]) } } != nil)
        #expect(try lines(path) == [RecordSamples.ended("a")])
        _ = try file.write([RecordSamples.ended("b")])
        #expect(try lines(path).count == 2)
    }
}
