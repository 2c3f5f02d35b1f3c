internal import Events
internal import Glibc
internal import GRDB
internal import GRDBSQLite

/// Records in an SQLite database with a write-ahead log: a file, or memory.
///
/// The file is not locked: other programs can read it while the gateway runs.
final class SQLiteRecordStore: RecordStore, @unchecked Sendable {
    let name = "sqlite"
    let takesRunningCalls = true
    /// Nil for memory.
    private let path: String?
    /// Whether it is made where there is none.
    private let makesFile: Bool
    private var queue: DatabaseQueue?
    /// The file that is open, to notice when somebody deletes or replaces it.
    private var identity: FileIdentity?

    /// - Parameters:
    ///   - path: Of the file; its directory must be there. Nil for memory.
    ///   - makesFile: Whether the file is made where there is none.
    init(path: String?, makesFile: Bool = true) {
        self.path = path
        self.makesFile = makesFile
    }

    // MARK: Writing

    func write(_ records: [CallRecord]) throws(RecordError) -> RecordRefusals {
        if let path, queue != nil, FileIdentity(path) != identity { close() }
        let now = EventTime.now.milliseconds
        try use { queue in
            try queue.write { db in
                for record in records { try SQLiteRecordStore.save(record, now: now, db) }
            }
        }
        return RecordRefusals()
    }

    private static let insertCall = RecordTable.insert("tern_call", RecordTable.callColumns, replacing: "id") { "?\($0)" }
    private static let insertLeg = RecordTable.insert("tern_call_leg", RecordTable.legColumns, replacing: nil) { "?\($0)" }

    private static func save(_ record: CallRecord, now: Int, _ db: Database) throws {
        try run(insertCall, RecordTable.callValues(record, now: now), db)
        // Legs are added and changed, and never taken away.
        guard !record.legs.isEmpty else { return }
        try run("DELETE FROM tern_call_leg WHERE call = ?", [.text(record.id)], db)
        for leg in RecordTable.legValues(record) { try run(insertLeg, leg, db) }
    }

    /// Runs a statement that gives no rows, with its values bound by SQLite itself: GRDB copies each twice, which costs as much as the statement.
    private static func run(_ sql: String, _ values: [RecordValue], _ db: Database) throws {
        let statement = try db.cachedStatement(sql: sql).sqliteStatement
        // A statement that failed says so again when it is reset.
        sqlite3_reset(statement)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        for (place, value) in zip(CInt(1)..., values) {
            let code = bind(value, statement, place)
            guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage, sql: sql) }
        }
        let code = sqlite3_step(statement)
        guard code == SQLITE_DONE else { throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage, sql: sql) }
    }

    /// Has SQLite take a copy of a text.
    private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    private static func bind(_ value: RecordValue, _ statement: OpaquePointer?, _ place: CInt) -> CInt {
        switch value {
        case .text(var text): text.withUTF8 { bytes in
            // No address would be NULL for SQLite.
            guard bytes.baseAddress != nil else { return sqlite3_bind_text(statement, place, "", 0, copied) }
            return bytes.withMemoryRebound(to: CChar.self) { sqlite3_bind_text(statement, place, $0.baseAddress, CInt($0.count), copied) }
        }
        case .integer(let number): sqlite3_bind_int64(statement, place, Int64(number))
        case .real(let number): sqlite3_bind_double(statement, place, number)
        case .null: sqlite3_bind_null(statement, place)
        }
    }

    private static func arguments(_ values: [RecordValue]) -> StatementArguments {
        StatementArguments(values.map { value -> (any DatabaseValueConvertible)? in
            switch value {
            case .text(let text): text
            case .integer(let number): Int64(number)
            case .real(let number): number
            case .null: nil
            }
        })
    }

    // MARK: Reading

    func find(_ query: RecordQuery) throws(RecordError) -> [String] {
        try texts(RecordTable.select(query) { "?\($0)" })
    }

    func record(_ id: String) throws(RecordError) -> String? {
        for lookup in RecordTable.lookups(id, { "?\($0)" }) {
            if let found = try texts(lookup).first { return found }
        }
        return nil
    }

    func open(of gateway: String, began: Int, silentSince: Int) throws(RecordError) -> [OpenCall] {
        let statement = RecordTable.open(of: gateway, began: began, silentSince: silentSince) { "?\($0)" }
        return try use { queue in
            try queue.read { db in
                try Row.fetchAll(db, sql: statement.sql, arguments: SQLiteRecordStore.arguments(statement.values)).compactMap { row in
                    // A subscript of a row traps where the type is another one.
                    guard let text = String.fromDatabaseValue(row["record"] as DatabaseValue? ?? .null), let record = CallRecord(json: text),
                        let updated = Int.fromDatabaseValue(row["updated"] as DatabaseValue? ?? .null)
                    else { return nil }
                    return OpenCall(record: record, updated: updated)
                }
            }
        }
    }

    private func texts(_ statement: (sql: String, values: [RecordValue])) throws(RecordError) -> [String] {
        try use { queue in
            try queue.read { db in
                try String.fetchAll(db.cachedStatement(sql: statement.sql), arguments: SQLiteRecordStore.arguments(statement.values))
            }
        }
    }

    // MARK: Retention

    func prune(before: Int?, bytes: Int) throws(RecordError) -> Int {
        try use { queue in
            let deleted = try queue.write { db in
                if let before {
                    try db.execute(sql: "DELETE FROM tern_test_call WHERE ended < ?", arguments: [before])
                    let deleted = try SQLiteRecordStore.delete(before: before, db)
                    if deleted > 0 { return deleted }
                }
                guard try SQLiteRecordStore.size(db) > bytes else { return 0 }
                // The oldest go first, whatever they are of.
                try db.execute(sql: "DELETE FROM tern_test_call WHERE ended < (SELECT MIN(began) FROM tern_call)")
                if db.changesCount > 0 { return db.changesCount }
                let deleted = try SQLiteRecordStore.delete(before: nil, db)
                if deleted > 0 { return deleted }
                try db.execute(sql: "DELETE FROM tern_test_call")
                return db.changesCount
            }
            if deleted > 0 { try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA incremental_vacuum") } }
            return deleted
        }
    }

    private static func delete(before: Int?, _ db: Database) throws -> Int {
        let statement = RecordTable.deleteOldest(before: before) { "?\($0)" }
        try db.execute(sql: statement.sql, arguments: arguments(statement.values))
        return db.changesCount
    }

    /// What is used of the file, in bytes.
    private static func size(_ db: Database) throws -> Int {
        func value(_ name: String) throws -> Int { try Int.fetchOne(db, sql: "PRAGMA \(name)") ?? 0 }
        return (try value("page_count") - value("freelist_count")) * (try value("page_size"))
    }

    // MARK: Test calls

    func keep(_ tests: [StoredTestCall]) throws(RecordError) {
        try use { queue in
            try queue.write { db in
                for test in tests {
                    try db.execute(
                        sql: "INSERT INTO tern_test_call (gateway, probe, ended, result) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                        arguments: [test.gateway, test.probe, test.ended, test.result])
                    let surplus = RecordTable.deleteTestCalls(of: test) { "?\($0)" }
                    try db.execute(sql: surplus.sql, arguments: SQLiteRecordStore.arguments(surplus.values))
                }
            }
        }
    }

    func testCalls(of gateway: String, most: Int) throws(RecordError) -> [StoredTestCall] {
        let statement = RecordTable.testCalls(of: gateway, most: most) { "?\($0)" }
        return try use { queue in
            try queue.read { db in
                try Row.fetchAll(db, sql: statement.sql, arguments: SQLiteRecordStore.arguments(statement.values)).compactMap { row in
                    guard let probe = String.fromDatabaseValue(row["probe"] as DatabaseValue? ?? .null),
                        let ended = Int.fromDatabaseValue(row["ended"] as DatabaseValue? ?? .null),
                        let result = String.fromDatabaseValue(row["result"] as DatabaseValue? ?? .null)
                    else { return nil }
                    return StoredTestCall(gateway: gateway, probe: probe, ended: ended, result: result)
                }
            }
        }
    }

    // MARK: The file

    func close() {
        try? queue?.close()
        queue = nil
    }

    /// After an error the database is closed, and opened anew next time; one in memory stays.
    private func use<Result>(_ body: (DatabaseQueue) throws -> Result) throws(RecordError) -> Result {
        do {
            return try body(try opened())
        } catch {
            guard let path else { throw RecordError("records in memory: \(error)") }
            close()
            if (error as? RecordError) == nil, SQLiteRecordStore.isDamaged(error) { throw RecordError(moveAside(path)) }
            throw (error as? RecordError) ?? RecordError("\(path): \(error)")
        }
    }

    private static func isDamaged(_ error: any Error) -> Bool {
        let code = (error as? DatabaseError)?.resultCode
        return code == .SQLITE_CORRUPT || code == .SQLITE_NOTADB
    }

    /// A damaged file gets another name, once, and a new one is begun.
    private func moveAside(_ path: String) -> String {
        let name = "\(path).corrupt"
        guard access(name, F_OK) != 0, rename(path, name) == 0 else { return "\(path) is damaged" }
        for side in ["-wal", "-shm"] where rename(path + side, name + side) != 0 { unlink(path + side) }
        return "\(path) was damaged, and is now \(name)"
    }

    private func opened() throws -> DatabaseQueue {
        if let queue { return queue }
        var configuration = Configuration()
        configuration.label = "tern.records"
        configuration.busyMode = .timeout(2)
        configuration.foreignKeysEnabled = true
        // Before there is a table: room that was used once is given back.
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
        let queue: DatabaseQueue
        if let path {
            configuration.journalMode = .wal
            try prepare(path)
            queue = try DatabaseQueue(path: path, configuration: configuration)
        } else {
            queue = try DatabaseQueue(configuration: configuration)
        }
        let migrator = SQLiteRecordStore.migrator
        guard try !queue.read(migrator.hasBeenSuperseded) else { throw RecordError("\(path ?? "memory") was written by a later version") }
        try migrator.migrate(queue)
        self.queue = queue
        identity = path.flatMap { FileIdentity($0) }
        return queue
    }

    /// Makes the file where it is missing, for its owner alone. SQLite gives its side files the same mode.
    private func prepare(_ path: String) throws(RecordError) {
        let descriptor = Glibc.open(path, O_RDWR | O_CLOEXEC | (makesFile ? O_CREAT : 0), 0o600)
        guard descriptor >= 0 else { throw RecordError("\(path): \(SystemText.error(errno))") }
        Glibc.close(descriptor)
    }

    /// Versions of the schema. One that was released is never changed.
    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            for statement in RecordTable.schema(integer: "INTEGER", real: "REAL", options: " STRICT") { try db.execute(sql: statement) }
        }
        migrator.registerMigration("2") { db in try db.execute(sql: RecordTable.testCallSchema(integer: "INTEGER", options: " STRICT")) }
        migrator.registerMigration("3") { db in
            for statement in RecordTable.lineTestSchema { try db.execute(sql: statement) }
        }
        migrator.registerMigration("4") { db in
            for statement in RecordTable.calledSchema { try db.execute(sql: statement) }
        }
        return migrator
    }
}

/// Which file a path names, so that one that was replaced or deleted is noticed.
struct FileIdentity: Equatable {
    let device: dev_t
    let node: ino_t

    /// Nil when there is none.
    init?(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        self.init(status)
    }

    init(_ status: stat) { (device, node) = (status.st_dev, status.st_ino) }
}

/// Errors of the system in words.
enum SystemText {
    static func error(_ code: Int32) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
