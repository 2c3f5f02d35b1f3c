import EventLoop
import Foundation
import Registrar
import Testing

@Suite("Registrations of a process that is killed, or has no disk", .serialized)
struct ProcessTests {
    @Test("kill -9 in the middle of writing leaves a file with everything that was stored")
    @LoopActor func killed() async throws {
        let directory = try TestDirectory()
        for round in 1...4 {
            let stored = 150 * round
            let outcome = try await WriterProcess.run(WriterProcess.path, [directory.database], killAt: "stored \(stored)")
            #expect(outcome.exit == .killed(signal: Int(SIGKILL)), "\(outcome.output.suffix(3)) \(outcome.errors)")
            let log = CollectedLog()
            let service = try await StorageTests.start(directory, log: log)
            #expect(directory.damaged.isEmpty && log.count("error") == 0)
            for number in 1...stored where service.bindings(of: "user\(number)").count != 1 {
                Issue.record("user\(number) of \(stored) has \(service.bindings(of: "user\(number)").count) contacts in round \(round)")
            }
            await service.stop()
        }
    }

    @Test("a full disk stops no registration, and is said once", .timeLimit(.minutes(1)))
    @LoopActor func bound() async throws {
        let directory = try TestDirectory()
        let outcome = try await WriterProcess.run(WriterProcess.path, [directory.database, "65536"])
        checkFull(outcome)
        // What was stored before it was full can be read, and there is room now.
        let log = CollectedLog()
        let service = try await StorageTests.start(directory, log: log)
        #expect(directory.damaged.isEmpty && log.count("error") == 0 && service.count >= 50)
        await service.stop()
    }

    @Test("a file system without room stops no registration", .enabled(if: Mounts.possible), .timeLimit(.minutes(1)))
    @LoopActor func tmpfs() async throws {
        checkFull(try await Mounts.run(options: "size=128k", "exec \"$1\" \"$0/registrations.sqlite\""))
    }

    @Test("a directory that cannot be written to stops no registration", .enabled(if: Mounts.possible), .timeLimit(.minutes(1)))
    @LoopActor func readOnly() async throws {
        let outcome = try await Mounts.run(options: "size=1m,ro", "exec \"$1\" \"$0/registrations.sqlite\"")
        checkFull(outcome)
        #expect(outcome.errors.contains { $0.contains("Read-only file system") })
    }

    private func checkFull(_ outcome: WriterProcess.Outcome) {
        #expect(outcome.exit == .exited(0), "\(outcome.output.suffix(3)) \(outcome.errors)")
        #expect(outcome.output.last?.hasPrefix("full ") == true)
        #expect(outcome.errors.filter { $0.contains("registrations cannot be stored") }.count == 1)
    }
}

/// File systems of a child process' own, which end with it.
enum Mounts {
    private static let unshare = getuid() == 0 ? ["--mount"] : ["--user", "--map-root-user", "--mount"]

    static let possible: Bool = {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/unshare")
        process.arguments = unshare + ["/bin/sh", "-c", "PATH=$PATH:/usr/sbin:/sbin; mount -t tmpfs none /mnt"]
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }()

    /// Runs a script with a tmpfs as `$0` and the writer as `$1`.
    @LoopActor static func run(options: String, _ script: String) async throws -> WriterProcess.Outcome {
        let directory = try TestDirectory()
        let mount = "PATH=$PATH:/usr/sbin:/sbin; mount -t tmpfs -o \(options) none \"$0\" && \(script)"
        return try await WriterProcess.run(
            "/usr/bin/unshare", unshare + ["/bin/sh", "-c", mount, directory.path, WriterProcess.path])
    }
}
