import Configuration
import Events
import Foundation
import Glibc
import TestPostgres
import Testing
@testable import Diagnosis

@Suite("Records in PostgreSQL", .serialized)
struct PostgresRecordTests {
    private let server: PostgresServer
    private let store: PostgresRecordStore

    init() throws {
        server = try PostgresServer()
        store = PostgresRecordStore(url: Secret(server.url))
    }

    @Test("a record is as it was when it is read again; a later one takes its place, and other programs see its columns")
    func whole() throws {
        _ = try store.write([RecordSamples.begun("a"), RecordSamples.failed("b")])
        let record = RecordSamples.ended("a")
        #expect(try store.write([record]) == 0)
        #expect(try store.record("a").flatMap(CallRecord.init(json:)) == record)
        let row = try server.query("SELECT caller, dialled, answered_by, trunk, duration, mos, record->'end'->>'why' FROM tern_call WHERE id = 'a'")
        #expect(row == "alice|+49301234|bob||63000|3.1|alice hung up after 63 s\n")
        #expect(try server.query("SELECT call, kind, target, call_id FROM tern_call_leg ORDER BY call") == "a|trunk|sip:+49301234@192.0.2.9|callee-a\nb|trunk|sip:+49301234@192.0.2.9|callee-b\n")
    }

    @Test("calls are found as in SQLite")
    func found() throws {
        try RecordQueries.check(store)
        #expect(try server.query("SELECT count(*) FROM tern_call") == "4\n")
    }

    @Test("a call is found by its ids as in SQLite")
    func identified() throws { try RecordQueries.checkIDs(store) }

    @Test("calls without an end are found as in SQLite")
    func open() throws { try RecordQueries.checkOpen(store) }

    @Test("old calls are deleted, and the oldest when there are too many")
    func retention() throws {
        _ = try store.write((0..<1_500).map { RecordSamples.ended("\($0)", began: $0) })
        #expect(try store.prune(before: 300, bytes: .max) == 300)
        #expect(try store.prune(before: 300, bytes: .max) == 0)
        let used = try #require(Int(try server.query("SELECT sum(bytes) FROM tern_call").dropLast()))
        #expect(try store.prune(before: 300, bytes: used / 2) == 1_000)
        #expect(try store.prune(before: 300, bytes: used / 2) == 0)
        #expect(try server.query("SELECT count(*) FROM tern_call_leg") == "200\n")
    }

    @Test("the server ends and comes back: writing fails, and goes on")
    func restart() throws {
        _ = try store.write([RecordSamples.ended("a")])
        server.stop()
        #expect(failure { try store.write([RecordSamples.ended("b")]) } != nil)
        #expect(failure { try store.find(RecordQuery()) } != nil)
        try server.start()
        _ = try store.write([RecordSamples.ended("b")])
        #expect(try store.ids().sorted() == ["a", "b"])
    }

    @Test("a record that the database refuses is left out, and the others are written")
    func refused() throws {
        _ = try store.write([RecordSamples.ended("a")])
        try server.query("ALTER TABLE tern_call ADD CHECK (caller <> 'mallory')")
        #expect(try store.write([RecordSamples.ended("b"), RecordSamples.ended("c", from: "mallory"), RecordSamples.ended("d")]) == 1)
        #expect(try store.ids().sorted() == ["a", "b", "d"])
    }

    @Test("two gateways that begin at the same time make the tables once")
    func together() async throws {
        let url = server.url
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<4 {
                group.addTask { try PostgresRecordStore(url: Secret(url)).write([RecordSamples.ended("\(number)")]) }
            }
            for try await refused in group { #expect(refused == 0) }
        }
        #expect(try store.ids().count == 4)
    }

    @Test("a server that accepts and says nothing is given up, and its password is in no error")
    func silent() throws {
        let listener = try #require(SilentServer())
        let silent = PostgresRecordStore(url: Secret("postgres://tern:hush@127.0.0.1:\(listener.port)/tern"), patience: .milliseconds(300))
        let began = ContinuousClock.now
        let error = failure { try silent.write([RecordSamples.ended("a")]) }
        #expect(ContinuousClock.now - began < .seconds(5))
        #expect(error?.description.contains("hush") == false && error?.description.contains("127.0.0.1") == true)
    }
}

/// Accepts connections, and says nothing.
final class SilentServer {
    let port: Int
    private let descriptor: Int32

    init?() {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        inet_pton(AF_INET, "127.0.0.1", &address.sin_addr)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 && listen(descriptor, 8) == 0 && getsockname(descriptor, $0, &length) == 0 }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isBound else { return nil }
    }

    deinit { close(descriptor) }
}
