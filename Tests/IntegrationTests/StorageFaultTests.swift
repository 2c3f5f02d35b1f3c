import Foundation
import JSON
import Testing

/// Disks that are full or read-only, databases that are locked or damaged: calls do not notice.
extension IntegrationTests {
    @Suite("Disks and databases that fail")
    struct StorageFaults {
        @Test("""
            databases are damaged at the start, then their disk fills up, then another program locks the records: calls and registrations go on, each fault \
            is said and counted, and in the end everything is stored
            """)
        func faults() async throws {
            try await SmallDisk.with("storage-faults") { gateway, disk in
                // Damaged: both files are kept aside, and begun anew.
                #expect(await eventually(within: .patience) { disk.names.contains { $0.hasPrefix("registrations.sqlite.corrupt-") } })
                #expect(gateway.log.contains("registrations are stored in a new file"))
                let phone = try SIPProbe(at: gateway)
                #expect(try await phone.register("bob") == 200)
                try await phone.callEcho()
                #expect(await eventually(within: .patience) { disk.names.contains("calls.sqlite.corrupt") })
                #expect(try await stored(gateway) { $0 == 1 })
                #expect(await eventually(within: .patience) { disk.contains("bob", in: "registrations.sqlite") })

                // Full.
                try await disk.fill()
                #expect(try await phone.register("alice") == 200)
                for _ in 0..<3 { try await phone.callEcho() }
                #expect(await eventually(within: .patience) { gateway.log.contains("registrations cannot be stored, and are kept in memory") })
                #expect(await eventually(within: .patience) { gateway.log.contains("calls cannot be recorded; what ends meanwhile waits in memory") })
                #expect(try await eventually(within: .patience) { try gateway.metric(#"tern_records_waiting{store="sqlite"}"#) >= 3 })
                #expect(try gateway.metric(#"tern_records_errors_total{store="sqlite"}"#) >= 1)
                disk.makeRoom()
                #expect(await eventually(within: .patience) { gateway.log.contains("registrations are stored again") })
                #expect(try await stored(gateway) { $0 == 4 })
                #expect(gateway.log.contains("calls are recorded again"))
                #expect(await eventually(within: .patience) { disk.contains("alice", in: "registrations.sqlite") })

                // Locked.
                let errors = try gateway.metric(#"tern_records_errors_total{store="sqlite"}"#)
                let holder = try await TestProcess("/usr/bin/python3", ["-c", """
                    import sqlite3, time
                    database = sqlite3.connect("\(disk.path)/calls.sqlite", isolation_level=None)
                    database.execute("BEGIN EXCLUSIVE")
                    print("LOCKED", flush=True)
                    time.sleep(60)
                    """])
                _ = try await holder.line(with: "LOCKED", within: .patience)
                try await phone.callEcho()
                #expect(try await eventually(within: .patience) { try gateway.metric(#"tern_records_errors_total{store="sqlite"}"#) > errors })
                try await phone.callEcho()
                await holder.stop(within: .zero)
                #expect(try await stored(gateway) { $0 == 6 })
                #expect(try gateway.metric(#"tern_records_lost_total{store="sqlite"}"#) == 0)
            }
        }

        @Test("the disk is read-only at the start: calls and registrations go on in memory, and are stored when it can be written to")
        func readOnly() async throws {
            try await SmallDisk.with("read-only", isReadOnly: true) { gateway, disk in
                let phone = try SIPProbe(at: gateway)
                #expect(try await phone.register("bob") == 200)
                try await phone.callEcho()
                #expect(await eventually(within: .patience) { gateway.log.contains("registrations cannot be stored, and are kept in memory") })
                #expect(await eventually(within: .patience) { gateway.log.contains("calls cannot be recorded; what ends meanwhile waits in memory") })
                #expect(gateway.log.contains("Read-only file system"))
                try await disk.remount("rw")
                #expect(try await stored(gateway) { $0 == 1 })
                #expect(await eventually(within: .patience) { disk.contains("bob", in: "registrations.sqlite") })
            }
        }

        /// Whether there are that many ended calls in the database, now or soon.
        private func stored(_ gateway: GatewayProcess, _ fits: (Int) -> Bool) async throws -> Bool {
            let client = try await APIClient.user("admin", at: gateway)
            let isThere = await eventually(within: .patience) {
                let calls = try? await client.request("admin", "find_calls")["calls"]?.arrayValue
                return calls.map { found in fits(found.count { $0["end"] != nil }) } ?? false
            }
            await client.leave()
            let waiting = try gateway.metric(#"tern_records_waiting{store="sqlite"}"#)
            return isThere && waiting == 0
        }
    }
}

/// A disk of 2 MB, on which a gateway has its databases.
private struct SmallDisk {
    let path: String
    private var ballast: String { path + "/ballast" }

    /// Runs `body` with a gateway that finds damaged databases on the disk, or a disk that it cannot write to.
    static func with(_ name: String, isReadOnly: Bool = false, _ body: (GatewayProcess, SmallDisk) async throws -> Void) async throws {
        let stage = try Stage.running
        let folder = stage.environment.directory.appendingPathComponent("\(name)/disk")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let disk = SmallDisk(path: folder.path)
        try await disk.mount(["-t", "tmpfs", "-o", "size=2m\(isReadOnly ? ",ro" : "")", "tmpfs", folder.path])
        defer { umount2(folder.path, 2 /* MNT_DETACH */) }
        if !isReadOnly {
            for file in ["calls.sqlite", "registrations.sqlite"] {
                try String(repeating: "no database ", count: 1_000).write(toFile: "\(folder.path)/\(file)", atomically: false, encoding: .utf8)
            }
        }
        let gateway = try await GatewayProcess(
            in: stage.environment, name: name, registrations: "disk/registrations.sqlite", records: ["database: DIRECTORY/disk/calls.sqlite"])
        do {
            try await body(gateway, disk)
        } catch {
            Issue.record("\(error)\n\(gateway.log.suffix(4_000))")
        }
        await gateway.end()
    }

    private func mount(_ arguments: [String]) async throws {
        let mount = try await TestProcess("mount", arguments)
        guard await mount.exit(within: .seconds(5)) == .exited(0) else { throw HarnessError("mount: \(mount.output)") }
    }

    func remount(_ option: String) async throws { try await mount(["-o", "remount,\(option)", path]) }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

    /// Whether a database, or what is beside it, has that text.
    func contains(_ text: String, in file: String) -> Bool {
        ["", "-wal"].contains { side in
            FileManager.default.contents(atPath: "\(path)/\(file)\(side)").map { $0.range(of: Data(text.utf8)) != nil } ?? false
        }
    }

    func fill() async throws {
        let fill = try await TestProcess("dd", ["if=/dev/zero", "of=\(ballast)", "bs=4k"])
        _ = await fill.exit(within: .seconds(5))
    }

    func makeRoom() { try? FileManager.default.removeItem(atPath: ballast) }
}
