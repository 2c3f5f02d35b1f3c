internal import Configuration
internal import Events
internal import JSON

/// Records in a PostgreSQL database, which several gateways may share.
final class PostgresRecordStore: RecordStore, @unchecked Sendable {
    let name = "postgresql"
    let takesRunningCalls = true
    private let url: Secret
    /// The version of ``RecordTable/schema(key:integer:real:json:options:)``.
    private static let version = 1
    /// Its first users at the same time wait for one another: an advisory lock.
    private static let lock = 0x7465_726E
    private let patience: Duration
    private var connection: PostgresConnection?

    /// - Parameters:
    ///   - url: `postgres://…`, as libpq takes it.
    ///   - patience: How long the server may take for one answer.
    init(url: Secret, patience: Duration = .seconds(15)) {
        self.url = url
        self.patience = patience
    }

    // MARK: Writing

    func write(_ records: [CallRecord]) throws(RecordError) -> Int {
        let now = EventTime.now.milliseconds
        return try use { connection throws(PostgresError) in
            do throws(PostgresError) {
                try PostgresRecordStore.save(records, now: now, connection)
                return 0
            } catch where error.isOfData {
                // One of them cannot be written at all; which one is found out.
                var refused = 0
                for record in records {
                    do throws(PostgresError) {
                        try PostgresRecordStore.save([record], now: now, connection)
                    } catch where error.isOfData {
                        refused += 1
                    }
                }
                return refused
            }
        }
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
            " ON CONFLICT (\(key)) DO UPDATE SET " + columns.filter { $0 != key }.map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
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
                let deleted = try PostgresRecordStore.delete(before: before, connection)
                if deleted > 0 { return deleted }
            }
            let used = try connection.perform("SELECT coalesce(sum(bytes), 0) FROM tern_call").first?.first.flatMap { $0.flatMap { Int($0) } }
            guard let used, used > bytes else { return 0 }
            return try PostgresRecordStore.delete(before: nil, connection)
        }
    }

    private static func delete(before: Int?, _ connection: PostgresConnection) throws(PostgresError) -> Int {
        let statement = RecordTable.deleteOldest(before: before) { "$\($0)" }
        return try connection.perform(statement.sql + " RETURNING 1", statement.values).count
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
        try connection.transaction { () throws(PostgresError) in
            try connection.perform("SELECT pg_advisory_xact_lock(\(PostgresRecordStore.lock))")
            guard try connection.perform("SELECT to_regclass('tern_schema')").first?.first ?? nil == nil else { return }
            for statement in PostgresRecordStore.schema { try connection.perform(statement) }
        }
        let version = try connection.perform("SELECT max(version) FROM tern_schema").first?.first.flatMap { $0.flatMap { Int($0) } } ?? 0
        guard version <= PostgresRecordStore.version else { throw PostgresError("its tables were made by a later version of Tern") }
        self.connection = connection
        return connection
    }

    private static let schema = RecordTable.schema(key: "TEXT COLLATE \"C\"", integer: "BIGINT", real: "DOUBLE PRECISION", json: "JSONB") + [
        "CREATE TABLE tern_schema (version BIGINT NOT NULL)", "INSERT INTO tern_schema VALUES (\(version))",
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
