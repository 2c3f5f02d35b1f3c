import EventLoop
import Foundation
@testable import Registrar
import Testing

@Suite("Stored registrations", .serialized)
struct StorageTests {
    static let udp = "udp/192.0.2.1:5060/198.51.100.1:5060"
    static let tcp = "tcp/192.0.2.1:49152/198.51.100.1:5060"

    @LoopActor
    static func start(
        _ directory: TestDirectory, limits: RegistrarLimits = RegistrarLimits(), log: CollectedLog = CollectedLog()
    ) async throws -> RegistrarService {
        try await RegistrarService.start(database: directory.database, limits: limits, log: log.logger)
    }

    @Test("contacts are there after a restart, with all they had and the time that is left")
    @LoopActor func restart() async throws {
        let directory = try TestDirectory()
        let first = try await Self.start(directory)
        let path = ["<sip:edge1.example;lr>", "<sip:edge2.example;lr>"]
        _ = first.handle(.sample(
            [.init("sip:alice@192.0.2.1", q: 300, instance: "<urn:uuid:1>", registrationID: 2)], expires: 600, cSeq: 4_294_967_295,
            path: path, flow: Self.udp))
        _ = first.handle(.sample([.init("sip:bob@192.0.2.2")], user: "bob", expires: 900, callID: "b", flow: Self.udp))
        _ = first.handle(.sample([.init("sip:bob@192.0.2.2")], user: "bob", expires: 0, callID: "b", cSeq: 2, flow: Self.udp))
        _ = first.handle(.sample([.init("sip:carol@192.0.2.3")], user: "carol", expires: 900, callID: "c", flow: Self.udp))
        let before = try #require(first.bindings(of: "alice").first)
        await first.stop()

        let second = try await Self.start(directory)
        #expect(second.count == 2 && second.bindings(of: "bob").isEmpty)
        var after = try #require(second.bindings(of: "alice").first)
        #expect(abs(after.remainingSeconds(at: .now) - before.remainingSeconds(at: .now)) <= 1)
        (after.expires, after.updated) = (before.expires, before.updated)
        #expect(after == before)
        // CSeq counts on.
        #expect(second.handle(.sample([.init("sip:alice@192.0.2.1")], cSeq: 1, flow: Self.udp)) == .outOfOrder)
        // A new binding takes no number of an old one's.
        _ = second.handle(.sample([.init("sip:dave@192.0.2.4")], user: "dave", callID: "d", flow: Self.udp))
        await second.stop()
        let third = try await Self.start(directory)
        #expect(third.count == 3)
        await third.stop()
    }

    @Test("a contact that was stored and has ended is gone from the file")
    @LoopActor func unregistered() async throws {
        let directory = try TestDirectory()
        let first = try await Self.start(directory)
        _ = first.handle(.sample([.init("sip:alice@192.0.2.1")], callID: "1", flow: Self.udp))
        _ = first.handle(.sample([.init("sip:alice@192.0.2.2")], callID: "2", flow: Self.udp))
        #expect(await first.flush())
        _ = first.handle(.sample([.init("sip:alice@192.0.2.1")], expires: 0, callID: "1", cSeq: 2, flow: Self.udp))
        await first.stop()
        let second = try await Self.start(directory)
        #expect(second.bindings(of: "alice").map(\.contact.host) == ["192.0.2.2"])
        await second.stop()
    }

    @Test("the connections of a former process are gone: what was registered over them is dropped, but for what has a Path")
    @LoopActor func connections() async throws {
        let directory = try TestDirectory()
        let first = try await Self.start(directory)
        _ = first.handle(.sample([.init("sip:alice@192.0.2.1;transport=tcp")], callID: "1", flow: Self.tcp))
        _ = first.handle(.sample([.init("sip:alice@192.0.2.2")], callID: "2", path: ["<sip:edge;lr>"], flow: Self.tcp))
        _ = first.handle(.sample([.init("sip:alice@192.0.2.3")], callID: "3", flow: Self.udp))
        await first.stop()
        for _ in 1...2 {
            let next = try await Self.start(directory)
            #expect(Set(next.bindings(of: "alice").map(\.contact.host)) == ["192.0.2.2", "192.0.2.3"])
            await next.stop()
        }
    }

    @Test("the file and its side files are for their owner alone")
    @LoopActor func mode() async throws {
        let directory = try TestDirectory()
        // As somebody may have made it.
        #expect(FileManager.default.createFile(atPath: directory.database, contents: nil, attributes: [.posixPermissions: 0o644]))
        let service = try await Self.start(directory)
        _ = service.handle(.sample([.init("sip:alice@192.0.2.1")], flow: Self.udp))
        #expect(await service.flush())
        #expect(directory.names.contains("registrations.sqlite"))
        for name in directory.names {
            let mode = try FileManager.default.attributesOfItem(atPath: directory.path + "/" + name)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(name)")
        }
        await service.stop()
    }

    @Test(":memory: keeps no file")
    @LoopActor func memory() async throws {
        let service = try await RegistrarService.start(database: ":memory:", limits: RegistrarLimits(), log: CollectedLog().logger)
        #expect(service.handle(.sample([.init("sip:alice@192.0.2.1")])).status == 200)
        #expect(await service.flush())
        #expect(!FileManager.default.fileExists(atPath: ":memory:"))
        await service.stop()
    }

    @Test("a directory that is missing is an error at the start")
    @LoopActor func noDirectory() async throws {
        let directory = try TestDirectory()
        let path = directory.path + "/none/registrations.sqlite"
        await #expect(throws: RegistrarError.noDirectory(directory.path + "/none")) {
            _ = try await RegistrarService.start(database: path, limits: RegistrarLimits(), log: CollectedLog().logger)
        }
    }

    // MARK: Damage

    @Test("a file that is no database is moved aside, and a new one is begun")
    @LoopActor func noDatabase() async throws {
        let directory = try TestDirectory()
        let garbage = Data((0..<20_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        try garbage.write(to: URL(fileURLWithPath: directory.database))
        let log = CollectedLog()
        let service = try await Self.start(directory, log: log)
        #expect(log.count("error: registrations are stored in a new file") == 1)
        #expect(directory.damaged.count == 1)
        #expect(try directory.damaged.first.map { try Data(contentsOf: URL(fileURLWithPath: directory.path + "/" + $0)) } == garbage)
        try await checkWorks(service, directory)
    }

    @Test("a database with a damaged page is moved aside")
    @LoopActor func damagedPage() async throws {
        let directory = try TestDirectory()
        let first = try await Self.start(directory)
        for number in 1...2_000 {
            _ = first.handle(.sample([.init("sip:u@192.0.2.1")], user: "user\(number)", callID: "\(number)", flow: Self.udp))
        }
        await first.stop()
        let file = try #require(FileHandle(forUpdatingAtPath: directory.database))
        let size = try file.seekToEnd()
        try file.seek(toOffset: size / 2)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 16_384))
        try file.close()
        let service = try await Self.start(directory)
        #expect(directory.damaged.count == 1)
        try await checkWorks(service, directory)
    }

    @Test("rows that no binding can be made of are left out", arguments: [
        "contact = 'tel:1'", "contact = ''", "user = ''", "cseq = -1", "cseq = 4294967296", "expires = -9223372036854775808",
        "expires = 0", "id = -5", "id = 9223372036854775807",
    ])
    @LoopActor func rows(change: String) async throws {
        let directory = try TestDirectory()
        let first = try await Self.start(directory)
        for number in 1...2 {
            _ = first.handle(.sample([.init("sip:alice@192.0.2.\(number)")], callID: "\(number)", flow: Self.udp))
        }
        await first.stop()
        try SQLiteText.run("UPDATE binding SET \(change) WHERE contact = 'sip:alice@192.0.2.1'", directory.database)
        let second = try await Self.start(directory)
        #expect(second.bindings(of: "alice").map(\.contact.host) == ["192.0.2.2"])
        await second.stop()
    }

    @Test("a database of a later version is left alone")
    @LoopActor func laterVersion() async throws {
        let directory = try TestDirectory()
        try await Self.start(directory).stop()
        try SQLiteText.run("INSERT INTO grdb_migrations VALUES ('99')", directory.database)
        let log = CollectedLog()
        let service = try await Self.start(directory, log: log)
        #expect(log.count("later version") == 1 && directory.damaged.isEmpty)
        #expect(service.handle(.sample([.init("sip:alice@192.0.2.1")])).status == 200)
        await service.stop()
    }

    // MARK: What is in the way

    @Test("what is no file is not written to, and phones register all the same")
    @LoopActor func noFile() async throws {
        let directory = try TestDirectory()
        #expect(mkfifo(directory.database, 0o600) == 0)
        let log = CollectedLog()
        let service = try await Self.start(directory, log: log)
        #expect(service.handle(.sample([.init("sip:alice@192.0.2.1")])).status == 200)
        #expect(await !service.flush())
        #expect(log.count("error: registrations cannot be stored") == 1 && log.count("is no file") == 1)
        await service.stop()
    }

    @Test("a database that somebody else has locked stops nobody; it is said once, tried again, and said when it works")
    @LoopActor func locked() async throws {
        let directory = try TestDirectory()
        let log = CollectedLog()
        let first = try await Self.start(directory)
        let second = try await Self.start(directory, log: log)
        _ = first.handle(.sample([.init("sip:alice@192.0.2.1")], flow: Self.udp))
        #expect(second.handle(.sample([.init("sip:bob@192.0.2.2")], user: "bob", flow: Self.udp)).status == 200)
        #expect(await !second.flush(limit: .milliseconds(20)), "SQLite waits half a second for a lock")
        #expect(await !second.flush())
        #expect(second.bindings(of: "bob").count == 1)
        await first.stop()
        #expect(await second.flush())
        #expect(log.count("error: registrations cannot be stored") == 1)
        #expect(log.count("notice: registrations are stored again") == 1)
        await second.stop()
        let third = try await Self.start(directory)
        #expect(third.bindings(of: "bob").count == 1)
        #expect(third.bindings(of: "alice").count == 1, "what the first has stored is not overwritten")
        await third.stop()
    }

    @Test("a file that is deleted while it is open is written anew, with everything")
    @LoopActor func deleted() async throws {
        let directory = try TestDirectory()
        let first = try await Self.start(directory)
        _ = first.handle(.sample([.init("sip:alice@192.0.2.1")], flow: Self.udp))
        #expect(await first.flush())
        for name in directory.names { try FileManager.default.removeItem(atPath: directory.path + "/" + name) }
        _ = first.handle(.sample([.init("sip:bob@192.0.2.2")], user: "bob", flow: Self.udp))
        #expect(await !first.flush())
        #expect(await first.flush())
        await first.stop()
        let second = try await Self.start(directory)
        #expect(second.count == 2)
        await second.stop()
    }

    @Test("bindings end by themselves, and are said to have, and are gone from the file")
    @LoopActor func ends() async throws {
        let directory = try TestDirectory()
        var limits = RegistrarLimits()
        limits.minimumExpires = 1
        let service = try await Self.start(directory, limits: limits)
        let (ended, said) = AsyncStream.makeStream(of: BindingChange.self)
        service.onChange = { if $0.kind == .unregistered(.expired) { said.yield($0) } }
        _ = service.handle(.sample([.init("sip:alice@192.0.2.1", expires: 1), .init("sip:alice@192.0.2.2")], flow: Self.udp))
        var changes = ended.makeAsyncIterator()
        #expect(await changes.next()?.binding.contact.host == "192.0.2.1")
        #expect(service.count == 1)
        await service.stop()
        let next = try await Self.start(directory)
        #expect(next.count == 1)
        await next.stop()
    }

    /// It registers, and what it registers is there after a restart.
    @LoopActor private func checkWorks(_ service: RegistrarService, _ directory: TestDirectory) async throws {
        #expect(service.count == 0)
        #expect(service.handle(.sample([.init("sip:alice@192.0.2.1")], flow: Self.udp)).status == 200)
        #expect(await service.flush())
        await service.stop()
        let next = try await Self.start(directory)
        #expect(next.count == 1 && directory.damaged.count == 1)
        await next.stop()
    }
}
