internal import Configuration
internal import Events
internal import JSON

/// Records in a PostgreSQL database, which several gateways may share.
final class PostgresRecordStore: RecordStore, @unchecked Sendable {
    let name = "postgresql"
    let takesRunningCalls = true
    private let url: Secret
    /// The version of ``RecordTable/schema(key:integer:real:json:options:)``.
    private static let version = 4
    /// Its first users at the same time wait for one another: an advisory lock.
    private static let lock = 0x7465_726E
    /// How often a record is tried that is refused, for a reason that may pass, while others are written.
    static let mostTries = 5

    private let patience: Duration
    /// Whether the tables are made where there are none.
    private let makesTables: Bool
    private let countInterval: Duration
    private var connection: PostgresConnection?
    /// How often each record was refused alone, by the call's id.
    private var tries: [String: Int] = [:]
    /// What the records take, in bytes, and when it is counted again.
    private var used: (bytes: Int, until: ContinuousClock.Instant)?

    /// - Parameters:
    ///   - url: `postgres://…`, as libpq takes it.
    ///   - patience: How long the server may take for one answer.
    ///   - makesTables: Whether the tables are made where there are none.
    ///   - countInterval: How often it is counted what all records take, for which each is looked at.
    init(url: Secret, patience: Duration = .seconds(15), makesTables: Bool = true, countInterval: Duration = .seconds(3_600)) {
        self.url = url
        self.patience = patience
        self.makesTables = makesTables
        self.countInterval = countInterval
    }

    // MARK: Writing

    func write(_ records: [CallRecord]) throws(RecordError) -> RecordRefusals {
        let now = EventTime.now.milliseconds
        return try use { connection throws(PostgresError) in
            do throws(PostgresError) {
                try PostgresRecordStore.save(records, now: now, connection)
                tries = [:]
                return RecordRefusals()
            } catch where error.isOfStatement {
                return try writeSingly(records, now: now, connection)
            }
        }
    }

    /// Finds out which of them cannot be written.
    ///
    /// - Throws: While one of them may be written later; where none can be written now, it is no record's fault.
    private func writeSingly(_ records: [CallRecord], now: Int, _ connection: PostgresConnection) throws(PostgresError) -> RecordRefusals {
        var refusals = RecordRefusals()
        var failed: [(id: String, error: PostgresError)] = []
        for record in records {
            do throws(PostgresError) {
                try PostgresRecordStore.save([record], now: now, connection)
            } catch where error.isOfData {
                refusals.add(error.description)
            } catch where error.isOfStatement {
                failed.append((record.id, error))
            }
        }
        guard let first = failed.first else {
            tries = [:]
            return refusals
        }
        guard failed.count + refusals.count < records.count else { throw first.error }
        tries = Dictionary(failed.map { ($0.id, (tries[$0.id] ?? 0) + 1) }) { first, _ in first }
        guard tries.values.allSatisfy({ $0 >= PostgresRecordStore.mostTries }) else { throw first.error }
        tries = [:]
        for one in failed { refusals.add(one.error.description) }
        return refusals
    }

    /// Three statements, however many records there are: their rows go there as JSON.
    private static func save(_ records: [CallRecord], now: Int, _ connection: PostgresConnection) throws(PostgresError) {
        let calls = rows(RecordTable.callColumns, records.map { RecordTable.callValues($0, now: now) })
        let legs = rows(RecordTable.legColumns, records.flatMap(RecordTable.legValues))
        try connection.transaction { () throws(PostgresError) in
            try connection.perform(insertCalls, [calls])
            try connection.perform("DELETE FROM tern_call_leg WHERE call IN (SELECT id FROM jsonb_to_recordset($1::jsonb) AS entry (id text))", [calls])
            try connection.perform(insertLegs, [legs])
        }
    }

    private static func rows(_ columns: [String], _ values: [[RecordValue]]) -> RecordValue {
        let rows = values.map { row in
            JSONValue.object(Dictionary(zip(columns, row).map { ($0, $1.json) }) { first, _ in first })
        }
        return .text(JSONValue.array(rows).text)
    }

    private static let insertCalls = insert("tern_call", RecordTable.callColumns, conflict: "id")
    private static let insertLegs = insert("tern_call_leg", RecordTable.legColumns, conflict: nil)

    private static func insert(_ table: String, _ columns: [String], conflict key: String?) -> String {
        let integers: Set = ["began", "answered", "ended", "updated", "duration", "status", "bytes", "position", "invited", "rang"]
        let types = columns.map { "\($0) \(integers.contains($0) ? "bigint" : $0 == "mos" ? "double precision" : "text")" }
        let selected = columns.map { $0 == "record" ? "record::jsonb" : $0 }.joined(separator: ", ")
        let update = key.map { key in
            " ON CONFLICT (\(key)) DO UPDATE SET " + RecordTable.changing(columns).map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        }
        return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) SELECT \(selected) "
            + "FROM jsonb_to_recordset($1::jsonb) AS entry (\(types.joined(separator: ", ")))" + (update ?? "")
    }

    // MARK: Reading

    func find(_ query: RecordQuery) throws(RecordError) -> [String] {
        let statement = RecordTable.select(query) { "$\($0)" }
        return try use { connection throws(PostgresError) in try connection.perform(statement.sql, statement.values).compactMap { $0.first ?? nil } }
    }

    func record(_ id: String) throws(RecordError) -> String? {
        try use { connection throws(PostgresError) in
            for lookup in RecordTable.lookups(id, { "$\($0)" }) {
                if let row = try connection.perform(lookup.sql, lookup.values).first, let text = row.first { return text }
            }
            return nil
        }
    }

    func open(of gateway: String, began: Int, silentSince: Int) throws(RecordError) -> [OpenCall] {
        let statement = RecordTable.open(of: gateway, began: began, silentSince: silentSince) { "$\($0)" }
        let rows = try use { connection throws(PostgresError) in try connection.perform(statement.sql, statement.values) }
        return rows.compactMap { row in
            guard row.count == 2, let record = row[0].flatMap(CallRecord.init(json:)), let updated = row[1].flatMap({ Int($0) }) else { return nil }
            return OpenCall(record: record, updated: updated)
        }
    }

    // MARK: Retention

    func prune(before: Int?, bytes: Int) throws(RecordError) -> Int {
        try use { connection throws(PostgresError) in
            if let before {
                try connection.perform("DELETE FROM tern_test_call WHERE ended < $1", [.integer(before)])
                let deleted = try delete(before: before, connection)
                if deleted > 0 { return deleted }
            }
            if used.map({ $0.until <= .now }) != false {
                let sum = try connection.perform("SELECT coalesce(sum(bytes), 0) FROM tern_call").first?.first.flatMap { $0.flatMap { Int($0) } }
                used = (sum ?? 0, .now + countInterval)
            }
            guard let used, used.bytes > bytes else { return 0 }
            return try delete(before: nil, connection)
        }
    }

    private func delete(before: Int?, _ connection: PostgresConnection) throws(PostgresError) -> Int {
        let statement = RecordTable.deleteOldest(before: before) { "$\($0)" }
        let rows = try connection.perform(statement.sql + " RETURNING bytes", statement.values)
        used?.bytes -= rows.reduce(0) { $0 + ($1.first.flatMap { $0.flatMap { Int($0) } } ?? 0) }
        return rows.count
    }

    // MARK: Test calls

    func keep(_ tests: [StoredTestCall]) throws(RecordError) {
        try use { connection throws(PostgresError) in
            try connection.transaction { () throws(PostgresError) in
                for test in tests {
                    try connection.perform(
                        "INSERT INTO tern_test_call (gateway, probe, ended, result) VALUES ($1, $2, $3::bigint, $4::jsonb) ON CONFLICT DO NOTHING",
                        [.text(test.gateway), .text(test.probe), .integer(test.ended), .text(test.result)])
                    let surplus = RecordTable.deleteTestCalls(of: test) { "$\($0)" }
                    try connection.perform(surplus.sql, surplus.values)
                }
            }
        }
    }

    func testCalls(of gateway: String, most: Int) throws(RecordError) -> [StoredTestCall] {
        let statement = RecordTable.testCalls(of: gateway, most: most) { "$\($0)" }
        let rows = try use { connection throws(PostgresError) in try connection.perform(statement.sql, statement.values) }
        return rows.compactMap { row in
            guard row.count == 3, let probe = row[0], let ended = row[1].flatMap({ Int($0) }), let result = row[2] else { return nil }
            return StoredTestCall(gateway: gateway, probe: probe, ended: ended, result: result)
        }
    }

    // MARK: The connection

    func close() { connection = nil }

    /// After an error the connection is closed, and made anew next time.
    private func use<Result>(_ body: (PostgresConnection) throws(PostgresError) -> Result) throws(RecordError) -> Result {
        do throws(PostgresError) {
            return try body(try opened())
        } catch {
            if !error.isOfData { close() }
            throw RecordError("\(ConfigurationText.withoutPassword(url.value)): \(error)")
        }
    }

    private func opened() throws(PostgresError) -> PostgresConnection {
        if let connection { return connection }
        let connection = try PostgresConnection(url.value, patience: patience)
        func version() throws(PostgresError) -> Int? {
            guard let name = try connection.perform("SELECT to_regclass('tern_schema')").first?.first, name != nil else { return nil }
            return try connection.perform("SELECT max(version) FROM tern_schema").first?.first.flatMap { $0.flatMap { Int($0) } } ?? 0
        }
        if makesTables {
            try connection.transaction { () throws(PostgresError) in
                try connection.perform("SELECT pg_advisory_xact_lock(\(PostgresRecordStore.lock))")
                for step in PostgresRecordStore.schema.dropFirst(try version() ?? 0) { for statement in step { try connection.perform(statement) } }
            }
        }
        guard let version = try version() else { throw PostgresError("there is no table tern_call: no gateway has written to this database") }
        guard version <= PostgresRecordStore.version else { throw PostgresError("its tables were made by a later version of Tern") }
        self.connection = connection
        return connection
    }

    /// What each version has added. One that was released is never changed.
    private static let schema = [
        RecordTable.schema(key: "TEXT COLLATE \"C\"", integer: "BIGINT", real: "DOUBLE PRECISION", json: "JSONB") + [
            "CREATE TABLE tern_schema (version BIGINT NOT NULL)", "INSERT INTO tern_schema VALUES (1)",
        ],
        [RecordTable.testCallSchema(integer: "BIGINT", json: "JSONB"), "INSERT INTO tern_schema VALUES (2)"],
        RecordTable.lineTestSchema + ["INSERT INTO tern_schema VALUES (3)"],
        RecordTable.calledSchema + ["INSERT INTO tern_schema VALUES (4)"],
    ]
}

extension RecordValue {
    fileprivate var json: JSONValue {
        switch self {
        case .text(let text): .string(text)
        case .integer(let number): .integer(number)
        case .real(let number): .real(number)
        case .null: .null
        }
    }
}
