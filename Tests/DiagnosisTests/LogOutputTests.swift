@testable import Diagnosis
import Foundation
import Glibc
import Logging
import Synchronization
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

        /// - Parameter output: Whose lines are waited for.
        func drain(_ output: LogOutput? = nil) -> String {
            if let output { #expect(output.flush(within: .seconds(10))) }
            var bytes: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 65_536)
            while case let count = Glibc.read(read, &chunk, chunk.count), count > 0 { bytes += chunk.prefix(count) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test("a logger writes its own metadata, what it is given, and the error")
    func metadata() throws {
        let pipe = try Pipe()
        let (output, plain) = logging(to: pipe)
        var logger = plain
        logger[metadataKey: "call"] = "1"
        logger.info("hello", metadata: ["leg": "a", "call": "2"])
        #expect(pipe.drain(output).hasSuffix(" info tern.test: hello call=2 leg=a\n"))
        var handler = TernLogHandler(label: "tern.test", output: output)
        handler.metadata = ["call": "1", "leg": "a", "error": "none", "side": "caller"]
        handler.metadataProvider = Logger.MetadataProvider { ["leg": "b", "call": "3", "trunk": "t"] }
        let other = Logger(label: "tern.test") { [handler] _ in handler }
        other.info("hello", error: Failure(), metadata: ["call": "2", "error": "given"])
        #expect(pipe.drain(output).hasSuffix(" info tern.test: hello call=2 error=failed leg=b side=caller trunk=t\n"))
    }

    private struct Failure: Error, CustomStringConvertible {
        let description = "failed"
    }

    @Test("level and format change while loggers are in use")
    func runtimeChange() throws {
        let pipe = try Pipe()
        let (output, logger) = logging(to: pipe)
        logger.debug("unheard")
        output.level = .debug
        output.format = .json
        logger.debug("heard")
        let written = pipe.drain(output)
        #expect(!written.contains("unheard"))
        #expect(written.contains(#""level":"debug","label":"tern.test","message":"heard""#))
    }

    @Test("a filter shows all lines of one call, below the level too, and nothing else below it")
    func callFilter() throws {
        let pipe = try Pipe()
        let (output, logger) = logging(to: pipe)
        logger.debug("before", metadata: ["call": "c1"])
        output.show(.call("c1"), for: .seconds(60))
        logger.debug("one", metadata: ["call": "c1"])
        logger.debug("two", metadata: ["call": "c2"])
        logger.debug("three")
        logger.trace("four", metadata: ["call": "c1"])
        logger.info("five", metadata: ["call": "c2"])
        #expect(output.filter?.subject == .call("c1"))
        output.show(nil)
        logger.debug("six", metadata: ["call": "c1"])
        let messages = pipe.drain(output).split(separator: "\n").compactMap { $0.split(separator: ": ").last.map(String.init) }
        #expect(messages == ["one call=c1", "five call=c2"] && output.filter == nil)
    }

    @Test("a user's filter shows the lines that name the user, and the calls that they name")
    func userFilter() throws {
        let pipe = try Pipe()
        let (output, logger) = logging(to: pipe)
        output.show(.user("alice"), for: .seconds(60))
        logger.debug("early", metadata: ["call": "c1"])
        logger.info("call from a browser", metadata: ["call": "c1", "user": "alice"])
        logger.debug("leg", metadata: ["call": "c1"])
        logger.debug("other", metadata: ["call": "c2", "user": "bob"])
        logger.debug("by source", metadata: ["call": "c3", "source": "user alice"])
        logger.debug("third", metadata: ["call": "c3"])
        logger.debug("alice in a text", metadata: ["reason": "alice"])
        let text = pipe.drain(output)
        for message in ["call from a browser", "leg", "by source", "third"] { #expect(text.contains("test: \(message) ")) }
        for message in ["early", "other", "alice in a text"] { #expect(!text.contains("test: \(message) ")) }
    }

    @Test("a filter ends by itself, and says so once")
    func filterEnds() throws {
        let pipe = try Pipe()
        let (output, logger) = logging(to: pipe)
        output.show(.call("c1"), for: .zero)
        for _ in 1...3 { logger.debug("late", metadata: ["call": "c1"]) }
        let lines = pipe.drain(output).split(separator: "\n")
        #expect(lines.count == 1 && lines.first?.hasSuffix(#"notice tern.log: the log's filter has ended subject="call c1""#) == true, "\(lines)")
        #expect(output.filter == nil && logger.logLevel == .info)
    }

    /// A logger whose lines go to a pipe, past which `capacity` bytes wait.
    private func logging(to pipe: Pipe, capacity: Int = LineWriter.capacity) -> (output: LogOutput, logger: Logger) {
        let output = LogOutput(descriptor: pipe.write, capacity: capacity)
        return (output, Logger(label: "tern.test") { TernLogHandler(label: $0, output: output) })
    }

    @Test("a reader that stopped costs lines, not time, and is told how many; lines stay whole")
    func stalledReader() throws {
        let pipe = try Pipe()
        let (output, logger) = logging(to: pipe, capacity: 8_192)
        // 1031 is F_SETPIPE_SZ, which the Swift overlay lacks: a small pipe stalls soon.
        _ = fcntl(pipe.write, 1_031, 4_096)
        let filler = String(repeating: "x", count: 200)
        let time = ContinuousClock().measure {
            for number in 1...2_000 { logger.info("line \(number).", metadata: ["filler": .string(filler)]) }
        }
        #expect(time < .seconds(1))
        #expect(!output.flush(within: .milliseconds(50)))
        var text = ""
        for _ in 0..<100 where !output.flush(within: .milliseconds(10)) { text += pipe.drain() }
        logger.info("after")
        text += pipe.drain(output)
        let lines = text.split(separator: "\n")
        let dropped = lines.compactMap { $0.split(separator: "log lines were dropped count=").last.flatMap { Int($0) } }
        let numbers = lines.compactMap { $0.split(separator: "line ").dropFirst().first?.split(separator: ".").first.flatMap { Int($0) } }
        // What is there is whole and in order; notices stand where the others would.
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 } && lines.count == numbers.count + dropped.count + 1, "\(numbers)")
        #expect(lines.count { $0.hasSuffix(filler) } == numbers.count)
        #expect(!dropped.isEmpty && dropped.reduce(0, +) + numbers.count == 2_000, "\(dropped)")
        #expect(lines.dropLast().last?.contains("warning tern.log: log lines were dropped count=") == true)
        #expect(lines.last?.hasSuffix("info tern.test: after") == true)
    }

    @Test("what waits is written before the writer goes")
    func end() throws {
        let pipe = try Pipe()
        do {
            let (_, logger) = logging(to: pipe)
            for number in 1...100 { logger.info("line \(number)") }
        }
        #expect(pipe.drain().split(separator: "\n").count == 100)
    }

    @Test("a full disk costs lines, each of which is counted once, and they go on when there is room")
    func fullDisk() throws {
        let pipe = try Pipe()
        let full = open("/dev/full", O_WRONLY)
        try #require(full >= 0)
        defer { close(full) }
        let drops = Atomic(0)
        let writer = LineWriter(descriptor: full, notice: { "\($0) were dropped" }, onDrop: { drops.add(1, ordering: .relaxed) })
        for number in 1...3 { writer.write("line \(number)") }
        #expect(writer.flush(within: .seconds(5)))
        #expect(drops.load(ordering: .relaxed) == 3)
        try #require(dup2(pipe.write, full) == full)
        writer.write("line 4")
        #expect(writer.flush(within: .seconds(5)))
        #expect(pipe.drain() == "3 were dropped\nline 4\n")
        #expect(drops.load(ordering: .relaxed) == 3)
    }

    @Test("lines wait for others and are written together; an urgent one, and whoever flushes, waits for none")
    func together() throws {
        let ends = UnsafeMutablePointer<Int32>.allocate(capacity: 2)
        defer { ends.deallocate() }
        // What is written at a time arrives as one message.
        try #require(socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, ends) == 0)
        let (read, write) = (ends[0], ends[1])
        defer { for end in [read, write] { close(end) } }
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(read, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        func received() -> String {
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(read, &bytes, bytes.count, 0)
            return String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self)
        }
        let drops = Atomic(0)
        let writer = LineWriter(descriptor: write, delay: .seconds(60), notice: { "\($0) were dropped" }, onDrop: { drops.add(1, ordering: .relaxed) })
        for number in 1...3 { writer.write("line \(number)") }
        writer.write("urgent", isUrgent: true)
        #expect(received() == "line 1\nline 2\nline 3\nurgent\n")
        writer.write("line 5")
        #expect(writer.flush(within: .seconds(10)))
        #expect(received() == "line 5\n")
        // Not more at a time than a pipe takes as a whole.
        let filler = String(repeating: "z", count: 999)
        for _ in 1...5 { writer.write(filler) }
        writer.write(String(repeating: "y", count: 5_000), isUrgent: true)
        #expect([received(), received(), received()].map(\.utf8.count) == [4_000, 1_000, 5_001])
        #expect(writer.flush(within: .seconds(10)))
        // Whoever reads is gone: each line counts.
        shutdown(read, Int32(SHUT_RDWR))
        for number in 1...3 { writer.write("line \(number)") }
        #expect(writer.flush(within: .seconds(10)))
        #expect(drops.load(ordering: .relaxed) == 3)
    }

    @Test("a disk that takes a part of many lines gets the rest of the one that was cut, when there is room")
    func cutLine() throws {
        let path = NSTemporaryDirectory() + "tern-lines-\(UUID().uuidString)"
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        try #require(file >= 0)
        defer {
            close(file)
            unlink(path)
        }
        let drops = Atomic(0)
        let writer = LineWriter(descriptor: file, delay: .seconds(60), notice: { "\($0) were dropped" }, onDrop: { drops.add(1, ordering: .relaxed) })
        var before = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &before)
        var small = rlimit(rlim_cur: 17, rlim_max: before.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &small)
        for number in 1...5 { writer.write("line \(number)") }
        let isWritten = writer.flush(within: .seconds(10))
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &before)
        #expect(isWritten)
        #expect(drops.load(ordering: .relaxed) == 2)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "line 1\nline 2\nlin")
        writer.write("line 6")
        #expect(writer.flush(within: .seconds(10)))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "line 1\nline 2\nline 3\n2 were dropped\nline 6\n")
    }

    @Test("a line longer than a pipe takes at once arrives whole")
    func longLine() throws {
        let pipe = try Pipe()
        let (output, logger) = logging(to: pipe)
        let filler = Logger.MetadataValue.string(String(repeating: "y", count: 4_000))
        logger.info("long", metadata: ["a": filler, "b": filler, "c": filler])
        #expect(pipe.drain(output).filter { $0 == "y" }.count == 12_000)
    }
}
