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
        #expect(try store.write([record]).count == 0)
        #expect(try store.record("a").flatMap(CallRecord.init(json:)) == record)
        let row = try server.query("SELECT caller, dialled, answered_by, trunk, duration, mos, record->'end'->>'why' FROM tern_call WHERE id = 'a'")
        #expect(row == "alice|+49301234|bob||63000|3.1|alice hung up after 63 s\n")
        #expect(try server.query("SELECT call, kind, target, call_id FROM tern_call_leg ORDER BY call") == "a|trunk|sip:+49301234@192.0.2.9|callee-a\nb|trunk|sip:+49301234@192.0.2.9|callee-b\n")
    }

    @Test("calls are found as in SQLite")
    func found() throws {
        try RecordQueries.check(store)
        #expect(try server.query("SELECT count(*) FROM tern_call") == "5\n")
    }

    @Test("tables of the first version are brought up to date, with what is in them")
    func upgraded() throws {
        let first = RecordTable.schema(key: "TEXT COLLATE \"C\"", integer: "BIGINT", real: "DOUBLE PRECISION", json: "JSONB")
        for statement in first + ["CREATE TABLE tern_schema (version BIGINT NOT NULL)", "INSERT INTO tern_schema VALUES (1)"] { _ = try server.query(statement) }
        var tested = RecordSamples.ended("new")
        tested.lineTest = CallRecord.LineTest(verdict: "good", codes: ["fine"])
        _ = try store.write([RecordSamples.ended("old"), tested])
        #expect(try store.ids { $0.lineTest = .init("fine") } == ["new"])
        #expect(try server.query("SELECT max(version) FROM tern_schema") == "4\n")
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
        #expect(try store.write([RecordSamples.ended("b"), RecordSamples.ended("c", from: "mallory"), RecordSamples.ended("d")]).count == 1)
        #expect(try store.ids().sorted() == ["a", "b", "d"])
    }

    @Test("a record that is refused for another reason, while others are written, is given up after some attempts; where none can be written, all wait")
    func stubborn() throws {
        _ = try store.write([RecordSamples.ended("a")])
        // An error of class P0, which says nothing of whether it passes.
        try server.query("""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.caller = 'mallory' THEN RAISE EXCEPTION 'not mallory'; END IF; RETURN NEW; END $$;
            CREATE TRIGGER refuse BEFORE INSERT ON tern_call FOR EACH ROW EXECUTE FUNCTION refuse()
            """)
        let bad = RecordSamples.ended("b", from: "mallory"), batch = [RecordSamples.ended("c"), bad, RecordSamples.ended("d")]
        for _ in 0..<20 { #expect(failure { try store.write([bad]) }?.description.contains("not mallory") == true) }
        for _ in 1..<PostgresRecordStore.mostTries { #expect(failure { try store.write(batch) } != nil) }
        #expect(try store.ids().sorted() == ["a", "c", "d"])
        let refusals = try store.write(batch)
        #expect(refusals.count == 1 && refusals.reason.contains("not mallory"))
        #expect(try store.ids().sorted() == ["a", "c", "d"])
    }

    @Test("what the records take is counted once in a while, and what is deleted meanwhile is known")
    func counted() throws {
        let seldom = PostgresRecordStore(url: Secret(server.url)), often = PostgresRecordStore(url: Secret(server.url), countInterval: .zero)
        _ = try seldom.write((0..<3_000).map { RecordSamples.ended("\($0)", began: $0) })
        let used = try #require(Int(try server.query("SELECT sum(bytes) FROM tern_call").dropLast()))
        #expect(try seldom.prune(before: nil, bytes: used) == 0)
        // Not counted yet.
        _ = try seldom.write((3_000..<4_000).map { RecordSamples.ended("\($0)", began: $0) })
        #expect(try seldom.prune(before: nil, bytes: used) == 0)
        #expect(try seldom.prune(before: nil, bytes: used / 2) == 1_000)
        #expect(try seldom.prune(before: nil, bytes: used / 2) == 1_000)
        #expect(try seldom.prune(before: nil, bytes: used / 2) == 0)
        #expect(try server.query("SELECT count(*) FROM tern_call") == "2000\n")
        #expect(try often.prune(before: nil, bytes: used / 2) == 1_000)
        #expect(try often.prune(before: nil, bytes: used / 2) == 0)
    }

    @Test("results of test calls are kept as in SQLite")
    func testCalls() throws { try RecordQueries.checkTestCalls(store) }

    @Test("who only reads makes no tables, and says that there are none")
    func reader() throws {
        let reader = PostgresRecordStore(url: Secret(server.url), makesTables: false)
        #expect(failure { try reader.find(RecordQuery()) }?.description.contains("no table tern_call") == true)
        #expect(try server.query("SELECT count(*) FROM pg_tables WHERE tablename LIKE 'tern%'") == "0\n")
        _ = try store.write([RecordSamples.ended("a")])
        #expect(try reader.ids() == ["a"])
    }

    @Test("tables of the first version get what they lack, and keep their calls")
    func migrated() throws {
        _ = try store.write([RecordSamples.ended("a")])
        try server.query("DROP TABLE tern_test_call; ALTER TABLE tern_call DROP COLUMN line_test; DROP INDEX tern_call_number, tern_call_answered_by; DELETE FROM tern_schema WHERE version > 1")
        let next = PostgresRecordStore(url: Secret(server.url))
        try next.keep([StoredTestCall(gateway: "here", probe: "one", ended: 1, result: "{}")])
        #expect(try next.ids() == ["a"] && next.testCalls(of: "here", most: 1).count == 1)
        #expect(try server.query("SELECT version FROM tern_schema ORDER BY version") == "1\n2\n3\n4\n")
    }

    @Test("two gateways that begin at the same time make the tables once")
    func together() async throws {
        let url = server.url
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<4 {
                group.addTask { try PostgresRecordStore(url: Secret(url)).write([RecordSamples.ended("\(number)")]).count }
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
