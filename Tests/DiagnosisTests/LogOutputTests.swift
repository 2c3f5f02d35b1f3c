@testable import Diagnosis
import Glibc
import Logging
import Testing

@Suite struct LogOutputTests {
    /// A pipe that is closed at the end.
    private final class Pipe {
        let read: Int32
        let write: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            try #require(pipe(&ends) == 0)
            (read, write) = (ends[0], ends[1])
            _ = fcntl(read, F_SETFL, O_NONBLOCK)
        }

        deinit {
            close(read)
            close(write)
        }

        func drain() -> String {
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while case let count = Glibc.read(read, &chunk, chunk.count), count > 0 { bytes += chunk.prefix(count) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test("a logger writes its own metadata, what it is given, and the error")
    func metadata() throws {
        let pipe = try Pipe()
        var logger = Logger(label: "tern.test") { TernLogHandler(label: $0, output: LogOutput(descriptor: pipe.write)) }
        logger[metadataKey: "call"] = "1"
        logger.info("hello", metadata: ["leg": "a", "call": "2"])
        #expect(pipe.drain().hasSuffix(" info tern.test: hello call=2 leg=a\n"))
    }

    @Test("level and format change while loggers are in use")
    func runtimeChange() throws {
        let pipe = try Pipe()
        let output = LogOutput(descriptor: pipe.write)
        let logger = Logger(label: "tern.test") { TernLogHandler(label: $0, output: output) }
        logger.debug("unheard")
        output.level = .debug
        output.format = .json
        logger.debug("heard")
        let written = pipe.drain()
        #expect(!written.contains("unheard"))
        #expect(written.contains(#""level":"debug","label":"tern.test","message":"heard""#))
    }

    @Test("a reader that stopped costs lines, not time, and is told how many; lines stay whole")
    func stalledReader() throws {
        let pipe = try Pipe()
        let output = LogOutput(descriptor: pipe.write)
        let logger = Logger(label: "tern.test") { TernLogHandler(label: $0, output: output) }
        // 1031 is F_SETPIPE_SZ, which the Swift overlay lacks: a small pipe stalls soon.
        _ = fcntl(pipe.write, 1_031, 4_096)
        let filler = String(repeating: "x", count: 200)
        let time = ContinuousClock().measure {
            for _ in 0..<200 { logger.info("line", metadata: ["filler": .string(filler)]) }
        }
        #expect(time < .seconds(5))
        _ = pipe.drain()
        logger.info("after")
        let lines = pipe.drain().split(separator: "\n")
        #expect(lines.contains { $0.contains("warning tern.log: log lines were dropped count=") })
        #expect(lines.last?.hasSuffix("info tern.test: after") == true)
    }

    @Test("a line longer than a pipe takes at once arrives whole")
    func longLine() throws {
        let pipe = try Pipe()
        let logger = Logger(label: "tern.test") { TernLogHandler(label: $0, output: LogOutput(descriptor: pipe.write)) }
        let filler = Logger.MetadataValue.string(String(repeating: "y", count: 4_000))
        logger.info("long", metadata: ["a": filler, "b": filler, "c": filler])
        #expect(pipe.drain().filter { $0 == "y" }.count == 12_000)
    }
}
