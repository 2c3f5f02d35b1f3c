import EventLoop
import Foundation
@testable import Janus
import Testing

/// With programs that pretend to be Janus, and misbehave.
extension Serially {
@Suite("A supervised Janus", .serialized)
struct JanusProcessTests {
    /// A process that is supervised within a directory of its own, for the length of one test.
    @LoopActor
    final class Supervised {
        let directory: String
        let states = Record<JanusProcessState>()
        private(set) var process: JanusProcess

        static func run(
            script: String, address: String = Machine.address, change: (inout JanusProcessConfiguration) -> Void = { _ in },
            _ body: @LoopActor (Supervised) async throws -> Void
        ) async throws {
            let supervised = try Supervised(script: script, address: address, change: change)
            supervised.process.start()
            do { try await body(supervised) } catch { await supervised.end(); throw error }
            await supervised.end()
        }

        private init(script: String, address: String, change: (inout JanusProcessConfiguration) -> Void) throws {
            directory = try Machine.scratchDirectory()
            // Each life leaves its id, so that it can be looked for afterwards.
            try "#!/bin/sh\necho $$ >> $0.pids\n\(script)\n".write(toFile: "\(directory)/janus", atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(directory)/janus")
            var configuration = JanusProcessConfiguration(
                executable: "\(directory)/janus", directory: "\(directory)/run/janus", rtpPorts: 22_000...22_099,
                localAddress: address, eventLoops: 1, memoryLimit: 1 << 30)
            configuration.firstRestart = .milliseconds(5)
            configuration.longestRestart = .milliseconds(20)
            change(&configuration)
            let states = states
            process = JanusProcess(configuration: configuration) { states.add($0) }
        }

        private func end() async {
            await process.stop()
            #expect(process.state == .stopped)
            #expect(lives.filter(Machine.exists).isEmpty)
            Machine.remove(directory)
        }

        /// The ids of all processes that were started.
        var lives: [Int32] {
            let text = try? String(contentsOfFile: "\(directory)/janus.pids", encoding: .utf8)
            return (text ?? "").split(separator: "\n").compactMap { Int32($0) }
        }

        /// The reason of the next failure that matches.
        @discardableResult
        func failure(where matches: @escaping @LoopActor (JanusProcessError) -> Bool = { _ in true }) async throws -> JanusProcessError? {
            let state = try await states.first { state in
                if case .backingOff(_, let reason) = state { matches(reason) } else { false }
            }
            guard case .backingOff(_, let reason) = state else { return nil }
            return reason
        }
    }

    @Test("a program that is missing is named, and started once it is there")
    @LoopActor func missing() async throws {
        try await Supervised.run(script: "exit 0", change: { $0.executable += "-missing" }) { supervised in
            let reason = try await supervised.failure()
            guard case .installation(let text) = reason else { Issue.record("\(String(describing: reason))"); return }
            #expect(text.contains("/janus-missing: No such file"))
            try FileManager.default.moveItem(atPath: "\(supervised.directory)/janus", toPath: "\(supervised.directory)/janus-missing")
            #expect(try await supervised.failure { if case .ended = $0 { true } else { false } } == .ended("it exited with status 0"))
        }
    }

    @Test("one that ends at once is started again and again, after growing waits")
    @LoopActor func endsAtOnce() async throws {
        try await Supervised.run(script: "exit 3", change: { $0.longestRestart = .seconds(10) }) { supervised in
            var waits: [Duration] = []
            let clock = ContinuousClock()
            _ = try await supervised.states.first { state in
                guard case .backingOff(let until, let reason) = state else { return false }
                #expect(reason == .ended("it exited with status 3"))
                waits.append(until - clock.now)
                return waits.count == 4
            }
            for (wait, expected) in zip(waits, [5, 10, 20, 40]) {
                #expect(wait > .milliseconds(expected - 4) && wait <= .milliseconds(expected))
            }
        }
    }

    @Test("one that never opens its port is killed and says so")
    @LoopActor func silent() async throws {
        try await Supervised.run(script: "exec sleep 60", change: { $0.startLimit = .milliseconds(200) }) { supervised in
            let reason = try await supervised.failure()
            guard case .silent(let text) = reason else { Issue.record("\(String(describing: reason))"); return }
            #expect(text.contains("did not answer within 0.2 seconds"))
        }
    }

    @Test("one that ignores SIGTERM is killed")
    @LoopActor func stubborn() async throws {
        try await Supervised.run(
            script: "trap '' TERM; touch $0.up; while :; do sleep 0.02; done", change: { $0.stopLimit = .milliseconds(100) }
        ) { supervised in
            try await supervised.states.first { $0 == .starting }
            while !FileManager.default.fileExists(atPath: "\(supervised.directory)/janus.up") { await Task.yield() }
            let start = ContinuousClock.now
            await supervised.process.stop()
            #expect(ContinuousClock.now - start >= .milliseconds(95))
            #expect(ContinuousClock.now - start < .seconds(2))
        }
    }

    @Test("stopping while it waits to start again ends the waiting")
    @LoopActor func stopWhileWaiting() async throws {
        try await Supervised.run(script: "exit 1", change: { $0.firstRestart = .seconds(60); $0.longestRestart = .seconds(60) }) { supervised in
            try await supervised.failure()
            await supervised.process.stop()
            #expect(supervised.process.state == .stopped)
            supervised.states.clear()
            supervised.process.start()
            try await supervised.failure()
        }
    }

    @Test("its directory and files are for its user only, and the links lead to the needed libraries")
    @LoopActor func directory() async throws {
        try await Supervised.run(script: "exec sleep 60") { supervised in
            let directory = "\(supervised.directory)/run/janus"
            func mode(_ path: String) throws -> Int {
                try #require(FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
            }
            #expect(try mode(directory) == 0o700)
            #expect(try mode("\(directory)/janus.jcfg") == 0o600)
            let plugins = try FileManager.default.contentsOfDirectory(atPath: "\(directory)/plugins").sorted()
            #expect(plugins == ["libjanus_tern.so"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory)/transports") == ["libjanus_websockets.so"])
            let text = try String(contentsOfFile: "\(directory)/janus.jcfg", encoding: .utf8)
            #expect(text.contains("api_secret = \"\(supervised.process.apiSecret)\""))
            #expect(supervised.process.apiSecret.utf8.count == 32)
            #expect(supervised.process.apiSecret != supervised.process.adminSecret)
        }
    }

    @Test("a directory that cannot be had, and values that cannot work, are the reason that is given", arguments: [
        ("directory", "/proc/tern/janus", "/proc"), ("directory", "/etc/passwd", "is no directory of this user"),
        ("directory", "/tmp/tern\u{7}", "control character"),
        ("address", "203.0.113.77", "not an address of this machine"), ("address", "::1", "no IPv4 address"),
        ("address", "localhost", "no IPv4 address"), ("ports", "", "at least 8"), ("loops", "", "0 event loops"),
        ("libraries", "/nonexistent", "/nonexistent/transports/libjanus_websockets.so"),
        ("engine", "/nonexistent/libjanus_tern.so", "plugin for Janus is missing: no readable file /nonexistent/libjanus_tern.so"),
    ])
    @LoopActor func unworkable(field: String, value: String, reason: String) async throws {
        try await Supervised.run(script: "exec sleep 60", change: { configuration in
            switch field {
            case "directory": configuration.directory = value
            case "address": configuration.localAddress = value
            case "ports": configuration.rtpPorts = 22_000...22_003
            case "libraries": configuration.libraries = value
            case "engine": configuration.engine = value
            default: configuration.eventLoops = 0
            }
        }) { supervised in
            let failure = try await supervised.failure()
            #expect(failure?.description.contains(reason) == true, "\(String(describing: failure))")
        }
        Machine.remove("/tmp/tern\u{7}")
    }

    @Test("one that hangs is killed after two checks without an answer, and started again")
    @LoopActor func hanging() async throws {
        try await Supervised.run(script: "exec /usr/bin/janus \"$@\"", change: { $0.healthInterval = .milliseconds(100) }) { supervised in
            let state = try await supervised.states.first { if case .running = $0 { true } else { false } }
            guard case .running(let pid) = state else { return }
            kill(pid, SIGSTOP)
            let reason = try await supervised.failure()
            guard case .silent(let text) = reason else { Issue.record("\(String(describing: reason))"); return }
            #expect(text.contains("ceased to answer"))
            try await supervised.states.first { if case .running(let next) = $0 { next != pid } else { false } }
            #expect(!Machine.exists(pid))
        }
    }

    @Test("one that takes more memory than it may is killed, and started again")
    @LoopActor func memory() async throws {
        // `tail` keeps what could be the last ten lines.
        try await Supervised.run(script: "exec tail /dev/zero", change: { $0.memoryLimit = 64 << 20; $0.startLimit = .seconds(30) }) { supervised in
            let reason = try await supervised.failure()
            guard case .memory(let used, 67_108_864) = reason else { Issue.record("\(String(describing: reason))"); return }
            #expect(used > 64 << 20)
            try await supervised.states.first { _ in supervised.lives.count == 2 }
        }
    }

    @Test("memory is what is in RAM and in swap, as /proc has it", arguments: [
        ("Name:\tjanus\nVmRSS:\t    2048 kB\nVmSwap:\t     512 kB\nThreads:\t14\n", 2_621_440 as Int?), ("VmRSS:\t 4 kB\n", 4_096),
        ("Name:\tjanus\nState:\tZ (zombie)\n", nil), ("VmRSS:\tmuch kB\n", nil), ("", nil),
    ])
    func memory(status: String, bytes: Int?) {
        #expect(MemoryWatch.memory(inStatus: status) == bytes)
    }

    @Test("its ports change when another program has taken one meanwhile")
    @LoopActor func portTaken() async throws {
        let held = try LocalPort.free()
        let socket = try #require(Self.listen(on: held))
        defer { close(socket) }
        #expect(try LocalPort.free(preferred: held) != held)
        let free = try LocalPort.free()
        #expect(try LocalPort.free(preferred: free) == free)
    }

    private static func listen(on port: UInt16) -> Int32? {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
        name.sin_port = port.bigEndian
        let bound = withUnsafePointer(to: &name) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        return bound == 0 && Glibc.listen(socket, 1) == 0 ? socket : nil
    }
}
}
