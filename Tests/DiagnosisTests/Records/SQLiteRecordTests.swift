import Events
import Foundation
import Glibc
import GRDB
import Testing
@testable import Diagnosis

@Suite("Records in SQLite")
struct SQLiteRecordTests {
    private let folder: TestFolder
    private let store: SQLiteRecordStore

    init() throws {
        folder = try TestFolder()
        store = SQLiteRecordStore(path: folder.file("records.sqlite"))
    }

    @Test("a record is as it was when it is read again, by another process as well")
    func whole() throws {
        let record = RecordSamples.ended("a")
        #expect(try store.write([record]).count == 0)
        #expect(try store.find(RecordQuery()).compactMap(CallRecord.init(json:)) == [record])
        let other = SQLiteRecordStore(path: folder.file("records.sqlite"), makesFile: false)
        #expect(try other.record("a").flatMap(CallRecord.init(json:)) == record)
        #expect(try FileManager.default.attributesOfItem(atPath: folder.file("records.sqlite"))[.posixPermissions] as? Int == 0o600)
    }

    @Test("results of test calls are kept, of each probe the last ones, and deleted with the records of their time")
    func testCalls() throws {
        try RecordQueries.checkTestCalls(store)
        #expect(try SQLiteRecordStore(path: folder.file("records.sqlite")).testCalls(of: "here", most: 10_000).count == RecordTable.mostTestCalls - 90)
    }

    @Test("a file of the first version is taken on: it gets what it lacks, and keeps its calls")
    func migrated() throws {
        _ = try store.write([RecordSamples.ended("a")])
        store.close()
        let queue = try DatabaseQueue(path: folder.file("records.sqlite"))
        try queue.write { db in
            try db.execute(sql: "DROP TABLE tern_test_call")
            try db.execute(sql: "DELETE FROM grdb_migrations WHERE identifier = '2'")
        }
        try queue.close()
        try store.keep([StoredTestCall(gateway: "here", probe: "one", ended: 1, result: "{}")])
        #expect(try store.ids() == ["a"] && store.testCalls(of: "here", most: 1).count == 1)
    }

    @Test("a later record of a call takes the place of the former one, its legs included")
    func replaced() throws {
        var record = RecordSamples.begun("a")
        _ = try store.write([record])
        record = RecordSamples.ended("a")
        record.legs.append(.init(number: 2, kind: "browser", target: "bob", invited: 5))
        _ = try store.write([record])
        #expect(try store.ids() == ["a"])
        let queue = try DatabaseQueue(path: folder.file("records.sqlite"))
        #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM tern_call_leg WHERE call = 'a'") } == 2)
        #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT duration FROM tern_call") } == 63_000)
    }

    @Test("calls are found by who called whom, when, and whether they failed; the latest first")
    func found() throws {
        try RecordQueries.check(store)
    }

    @Test("whom a call went to, or came from, is looked up in an index: no query goes through all calls", arguments: [false, true], [false, true])
    func indexed(isRecorded: Bool, isBounded: Bool) throws {
        _ = try store.write([RecordSamples.ended("a")])
        var from = RecordQuery(), to = RecordQuery()
        (from.from, to.to) = (RecordQuery.Pattern("alice"), RecordQuery.Pattern("bob"))
        let queue = try DatabaseQueue(path: folder.file("records.sqlite"))
        for var query in [from, to] {
            query.isRecorded = isRecorded
            if isBounded { (query.isFailed, query.since, query.until) = (true, 1, 2) }
            let statement = RecordTable.select(query) { "?\($0)" }
            let values = statement.values.map { value -> (any DatabaseValueConvertible)? in
                switch value {
                case .text(let text): text
                case .integer(let number): number
                default: nil
                }
            }
            let steps = try queue.read { db in
                try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + statement.sql, arguments: StatementArguments(values)).compactMap { $0["detail"] as String? }
            }
            #expect(!steps.contains { $0.hasPrefix("SCAN tern_call") }, "\(steps)")
            let indexes = query.to == nil ? ["caller"] : ["dialled", "number", "answered_by"]
            for index in indexes { #expect(steps.contains { $0.hasPrefix("SEARCH tern_call USING INDEX tern_call_\(index) (") }, "\(steps)") }
        }
    }

    @Test("a call is found by its id, the beginning of it, and the Call-ID of either side")
    func identified() throws {
        try RecordQueries.checkIDs(store)
    }

    @Test("calls without an end are those of the same gateway, and of others that are long silent")
    func open() throws {
        try RecordQueries.checkOpen(store)
    }

    @Test("what is older than its time is deleted, and nothing else")
    func age() throws {
        _ = try store.write((0..<2_500).map { RecordSamples.ended("\($0)", began: $0) })
        var rounds: [Int] = []
        repeat { rounds.append(try store.prune(before: 2_400, bytes: .max)) } while rounds.last != 0 && rounds.count < 10
        #expect(rounds == [1_000, 1_000, 400, 0])
        #expect(try store.ids { $0.limit = 1_000 }.count == 100)
        let queue = try DatabaseQueue(path: folder.file("records.sqlite"))
        #expect(try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM tern_call_leg") } == 100)
    }

    @Test("the oldest are deleted when the file is too large, and the file becomes smaller")
    func size() throws {
        _ = try store.write((0..<5_000).map { RecordSamples.ended("\($0)", began: $0) })
        func bytes() throws -> Int { try DatabaseQueue(path: folder.file("records.sqlite")).read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 } * 4_096 }
        let before = try bytes()
        while try store.prune(before: nil, bytes: before / 2) > 0 {}
        #expect(try bytes() <= before / 2)
        let left = try store.ids { $0.limit = 1_000 }
        #expect(left.first == "4999" && left.count >= 1_000)
    }

    @Test("a full disk is an error; what was written before is there, and writing goes on when there is room")
    func full() throws {
        _ = try store.write((0..<100).map { RecordSamples.ended("\($0)", began: $0) })
        store.close()
        let error = FileSizeLimit.with(bytes: 400_000) {
            failure { try store.write((100..<2_000).map { RecordSamples.ended("\($0)", began: $0) }) }
        }
        #expect(error != nil)
        #expect(try store.ids { $0.limit = 1_000 }.count == 100)
        #expect(try store.write([RecordSamples.ended("later", began: 5_000)]).count == 0)
        #expect(try store.ids { $0.limit = 1_000 }.count == 101)
    }

    @Test("a directory that is not there is an error, and writing goes on when it is")
    func obstacles() throws {
        let late = SQLiteRecordStore(path: folder.file("late/records.sqlite"))
        #expect(failure { try late.write([RecordSamples.ended("a")]) } != nil)
        try FileManager.default.createDirectory(atPath: folder.file("late"), withIntermediateDirectories: true)
        #expect(try late.write([RecordSamples.ended("a")]).count == 0)
        #expect(try late.ids() == ["a"])
    }

    @Test("a file that somebody deletes is begun anew")
    func deleted() throws {
        _ = try store.write([RecordSamples.ended("a")])
        for suffix in ["", "-wal", "-shm"] { unlink(folder.file("records.sqlite" + suffix)) }
        _ = try store.write([RecordSamples.ended("b")])
        #expect(try store.ids() == ["b"])
        #expect(try SQLiteRecordStore(path: folder.file("records.sqlite"), makesFile: false).ids() == ["b"])
    }

    @Test("a file that is no database is put aside")
    func damaged() throws {
        try String(repeating: "no database ", count: 1_000).write(toFile: folder.file("records.sqlite"), atomically: true, encoding: .utf8)
        #expect(failure { try store.write([RecordSamples.ended("a")]) } != nil)
        #expect(try store.write([RecordSamples.ended("a")]).count == 0)
        #expect(FileManager.default.fileExists(atPath: folder.file("records.sqlite.corrupt")))
    }

    @Test("reading makes no file")
    func absent() throws {
        let reader = SQLiteRecordStore(path: folder.file("none.sqlite"), makesFile: false)
        #expect(failure { try reader.find(RecordQuery()) } != nil)
        #expect(!FileManager.default.fileExists(atPath: folder.file("none.sqlite")))
    }

    @Test("memory keeps records as long as it is open")
    func memory() throws {
        let memory = SQLiteRecordStore(path: nil)
        _ = try memory.write([RecordSamples.ended("a"), RecordSamples.failed("b")])
        #expect(try memory.ids { $0.isFailed = true } == ["b"])
    }
}

/// What every database is asked.
enum RecordQueries {
    static func check(_ store: some RecordStore) throws {
        _ = try store.write([
            RecordSamples.ended("one", began: 1_000), RecordSamples.failed("two", began: 2_000),
            RecordSamples.ended("three", began: 3_000, from: "%", to: "o'brien\"; DROP TABLE tern_call; --"), RecordSamples.begun("four", began: 4_000, from: "+4930 x"),
        ])
        #expect(try store.ids() == ["four", "three", "two", "one"])
        #expect(try store.ids { $0.isFailed = true } == ["two"])
        #expect(try store.ids { $0.limit = 2 } == ["four", "three"])
        #expect(try store.ids { ($0.since, $0.until) = (2_000, 4_000) } == ["three", "two"])
        #expect(try store.ids { $0.from = .init("alice") } == ["two", "one"])
        #expect(try store.ids { $0.from = .init("ali") } == [])
        #expect(try store.ids { $0.from = .init("ali*") } == ["two", "one"])
        #expect(try store.ids { $0.from = .init("%") } == ["three"] && store.ids { $0.from = .init("%*") } == ["three"])
        #expect(try store.ids { $0.to = .init("+49 (30) 12-34") } == ["four", "two", "one"])
        #expect(try store.ids { $0.to = .init("+4930*") } == ["four", "two", "one"])
        #expect(try store.ids { $0.to = .init("bob") } == ["three", "one"])
        #expect(try store.ids { $0.to = .init("030+49301234") } == ["one"])
        #expect(try store.ids { $0.to = .init("o'brien\"; DROP TABLE tern_call; --") } == ["three"])
        var tested = RecordSamples.ended("five", began: 5_000)
        tested.lineTest = CallRecord.LineTest(verdict: "warning", codes: ["loss", "no_rtcp"])
        _ = try store.write([tested])
        for word in ["warning", "loss", "no_rtcp"] { #expect(try store.ids { $0.lineTest = .init(word) } == ["five"], "\(word)") }
        for word in ["los", "rtcp", "good", "critical"] { #expect(try store.ids { $0.lineTest = .init(word) } == [], "\(word)") }
        #expect(["Loss", "", "lo%ss", "a,b", String(repeating: "a", count: 33)].allSatisfy { RecordQuery.Finding($0) == nil })
        #expect(try store.record("five").flatMap { CallRecord(json: $0) }?.lineTest == tested.lineTest)
        #expect(try store.ids { ($0.from, $0.to, $0.isFailed) = (.init("alice"), .init("+49*"), true) } == ["two"])
        try checkRecorded(store)
    }

    /// Whoever dials the name of the member has no recording by that.
    private static func checkRecorded(_ store: some RecordStore) throws {
        var recorded = RecordSamples.ended("three", began: 3_000, from: "%", to: "carol")
        recorded.recordings = ["54c1b637-36fb-40c2-8080-28f07603cda8"]
        _ = try store.write([recorded, RecordSamples.begun("four", began: 4_000, from: "+4930 x", to: "\"recordings\":")])
        #expect(try store.ids { $0.isRecorded = true } == ["three"])
        #expect(try store.ids { ($0.from, $0.isRecorded) = (.init("alice"), true) } == [])
        #expect(try store.ids { ($0.from, $0.isRecorded, $0.limit) = (.init("%"), true, 1) } == ["three"])
    }

    static func checkIDs(_ store: some RecordStore) throws {
        _ = try store.write([RecordSamples.ended("a1b2c3d4-1", began: 1), RecordSamples.ended("a1b2ffff-2", began: 2)])
        func id(_ text: String) throws -> String? { try store.record(text).flatMap { CallRecord(json: $0)?.id } }
        #expect(try id("a1b2c3d4-1") == "a1b2c3d4-1" && id("a1b2c3") == "a1b2c3d4-1")
        #expect(try id("a1b2") == "a1b2ffff-2")
        #expect(try id("a1b") == nil && id("%") == nil && id("") == nil)
        #expect(try id("caller-a1b2c3d4-1") == "a1b2c3d4-1" && id("callee-a1b2c3d4-1") == "a1b2c3d4-1")
    }

    static func checkTestCalls(_ store: some RecordStore) throws {
        func call(_ probe: String, _ ended: Int, gateway: String = "here") -> StoredTestCall {
            StoredTestCall(gateway: gateway, probe: probe, ended: ended, result: #"{"score": \#(ended)}"#)
        }
        try store.keep((1...5).map { call("one", $0) } + [call("two", 9), call("one", 7, gateway: "there")])
        // Written again, as after a failure that came too late.
        try store.keep([call("one", 5)])
        #expect(try store.testCalls(of: "here", most: 3) == [call("one", 3), call("one", 4), call("one", 5), call("two", 9)])
        try store.keep((10..<10 + RecordTable.mostTestCalls).map { call("one", $0) })
        let all = try store.testCalls(of: "here", most: 10_000)
        #expect(all.count == RecordTable.mostTestCalls + 1 && all.first == call("one", 10) && all.last == call("two", 9))
        #expect(try store.prune(before: 100, bytes: .max) == 0)
        #expect(try store.testCalls(of: "here", most: 10_000).first == call("one", 100) && store.testCalls(of: "there", most: 1).isEmpty)
    }

    static func checkOpen(_ store: some RecordStore) throws {
        var other = RecordSamples.begun("other")
        other.gateway = "there"
        _ = try store.write([RecordSamples.begun("mine"), RecordSamples.ended("over"), other])
        let now = EventTime.now.milliseconds
        #expect(try store.open(of: "here", began: now, silentSince: now - 60_000).map(\.record.id) == ["mine"])
        #expect(try store.open(of: "here", began: now, silentSince: now + 60_000).map(\.record.id).sorted() == ["mine", "other"])
        #expect(try store.open(of: "here", began: 1_000_000, silentSince: now - 60_000).isEmpty)
        let seen = try #require(store.open(of: "here", began: now, silentSince: 0).first)
        #expect(abs(seen.updated - now) < 60_000)
        _ = try store.write([seen.record.lost(at: seen.updated)])
        #expect(try store.open(of: "here", began: now, silentSince: 0).isEmpty)
    }
}
