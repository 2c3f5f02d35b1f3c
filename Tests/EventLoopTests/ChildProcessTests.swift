import EventLoop
import Foundation
import Testing

@Suite("A child process", .serialized)
struct ChildProcessTests {
    struct Outcome: Sendable {
        var pid: Int32 = 0
        var output: [String] = []
        var errors: [String] = []
        var exit: ChildProcess.Exit?
    }

    /// Runs a shell script to its end; `onLine` sees each line while it runs.
    @LoopActor
    static func run(
        _ script: String, maximumLineLength: Int = 4_096, environment: [String: String]? = nil,
        onLine: @escaping @LoopActor (ChildProcess?, String) -> Void = { _, _ in }
    ) async throws -> Outcome {
        try await run(
            ChildProcess.Command(
                executable: "/bin/sh", arguments: ["-c", script], environment: environment, maximumLineLength: maximumLineLength),
            onLine: onLine)
    }

    @LoopActor
    static func run(
        _ command: ChildProcess.Command, onLine: @escaping @LoopActor (ChildProcess?, String) -> Void = { _, _ in }
    ) async throws -> Outcome {
        var outcome = Outcome()
        var child: ChildProcess?
        let exit: ChildProcess.Exit = try await withCheckedThrowingContinuation { done in
            do throws(ChildProcessError) {
                child = try ChildProcess(command) { stream, line in
                    if stream == .standardOutput { outcome.output.append(line) } else { outcome.errors.append(line) }
                    onLine(child, line)
                } onExit: { done.resume(returning: $0) }
                outcome.pid = child?.pid ?? 0
            } catch {
                done.resume(throwing: error)
            }
        }
        outcome.exit = exit
        return outcome
    }

    /// Whether there is a process of that id; a zombie counts.
    static func exists(_ pid: Int32) -> Bool { kill(pid, 0) == 0 }

    @Test("its lines come apart by output and in order, the last one without a line feed too, and before its exit")
    @LoopActor func lines() async throws {
        let outcome = try await Self.run("echo one; echo two; echo; echo fault >&2; printf 'thr\\303\\244\\377e'; exit 7")
        #expect(outcome.output == ["one", "two", "", "thrä\u{FFFD}e"])
        #expect(outcome.errors == ["fault"])
        #expect(outcome.exit == .exited(7))
        #expect(!Self.exists(outcome.pid))
    }

    @Test("a line without an end is cut at the limit, and a megabyte of output is not lost")
    @LoopActor func bounds() async throws {
        let outcome = try await Self.run("head -c 1000000 /dev/zero | tr '\\0' x", maximumLineLength: 1_000)
        #expect(outcome.output.count == 1_000)
        #expect(outcome.output.allSatisfy { $0.utf8.count == 1_000 })
    }

    @Test("a signal reaches it, and a killed one says so")
    @LoopActor func signals() async throws {
        let caught = try await Self.run("trap 'exit 3' TERM; echo ready; while :; do sleep 0.01; done") { child, line in
            if line == "ready" { child?.kill(SIGTERM) }
        }
        #expect(caught.exit == .exited(3))
        let killed = try await Self.run("echo ready; while :; do sleep 0.01; done") { child, _ in child?.kill(SIGKILL) }
        #expect(killed.exit == .killed(signal: Int(SIGKILL)))
        #expect(!Self.exists(killed.pid))
    }

    @Test("a grandchild that keeps the outputs open does not hold the exit back")
    @LoopActor func grandchild() async throws {
        let outcome = try await Self.run("sleep 30 & echo $!")
        #expect(outcome.exit == .exited(0))
        kill(try #require(outcome.output.first.flatMap { Int32($0) }), SIGKILL)
    }

    @Test("it inherits no descriptor, not even one that was opened without close-on-exec, and reads from /dev/null")
    @LoopActor func descriptors() async throws {
        let leaky = open("/dev/null", O_RDONLY)
        defer { close(leaky) }
        let outcome = try await Self.run("ls /proc/$$/fd; readlink /proc/$$/fd/0; cat")
        #expect(outcome.output == ["0", "1", "2", "/dev/null"])
    }

    @Test("it gets the environment and the directory that it was given")
    @LoopActor func surroundings() async throws {
        var command = ChildProcess.Command(executable: "sh", arguments: ["-c", "echo $A; pwd"])
        command.environment = ["A": "b c"]
        command.directory = "/usr"
        #expect(try await Self.run(command).output == ["b c", "/usr"])
    }

    @Test("it has this process' environment, but for what is the configuration's own: that may have passwords")
    @LoopActor func secrets() async throws {
        setenv("TERN_USERS", "[{name: alice, password: swordfish}]", 1)
        setenv("TEST_OF_CHILDREN", "there", 1)
        defer {
            unsetenv("TERN_USERS")
            unsetenv("TEST_OF_CHILDREN")
        }
        let outcome = try await Self.run(ChildProcess.Command(executable: "env"))
        #expect(outcome.output.contains { $0.contains("TEST_OF_CHILDREN=there") })
        #expect(!outcome.output.contains { $0.contains("swordfish") || $0.hasPrefix("TERN_") })
    }

    @Test("what cannot be executed is an error that names it", arguments: ["/nonexistent/program", "no-such-program", "/etc/passwd", "/usr"])
    @LoopActor func missing(path: String) async throws {
        let error = await #expect(throws: ChildProcessError.self) { try await Self.run(.init(executable: path)) }
        #expect(error?.description.hasPrefix(path) == true)
    }

    @Test("the kernel is told to kill it with this process, unless that is not wanted", arguments: [true, false])
    @LoopActor func parentDeath(diesWithParent: Bool) async throws {
        let outcome = try await Self.run(
            .init(executable: "setpriv", arguments: ["--dump"], diesWithParent: diesWithParent))
        let line = try #require(outcome.output.first { $0.hasPrefix("Parent death signal") })
        #expect(line.contains("KILL") == diesWithParent)
    }

    @Test("twenty of them, one after the other, leave neither a descriptor nor a process")
    @LoopActor func leaks() async throws {
        _ = try await Self.run("true")
        let before = openDescriptors()
        for _ in 0..<20 {
            let outcome = try await Self.run("echo x; echo y >&2")
            #expect(outcome.output == ["x"])
            #expect(!Self.exists(outcome.pid))
        }
        await Task.yield()
        #expect(openDescriptors() == before)
    }
}
