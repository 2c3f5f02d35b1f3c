internal import GRDB
internal import SIPNames

/// The table of bindings.
enum BindingTable {
    /// Versions of the schema. One that was released is never changed.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { db in
            try db.execute(sql: """
                CREATE TABLE binding (
                    id INTEGER PRIMARY KEY,
                    user TEXT NOT NULL,
                    contact TEXT NOT NULL,
                    q INTEGER,                 -- thousandths
                    expires INTEGER NOT NULL,  -- seconds since 1970
                    updated INTEGER NOT NULL,
                    call_id TEXT NOT NULL,
                    cseq INTEGER NOT NULL,
                    path TEXT NOT NULL,        -- one URI a line
                    flow TEXT NOT NULL,
                    user_agent TEXT,
                    received TEXT NOT NULL,
                    instance TEXT,
                    registration_id INTEGER
                ) STRICT
                """)
        }
        return migrator
    }

    /// What has not ended. Rows that no binding can be made of are left out.
    static func all(_ db: Database, clock: ClockReading, longest: Int) throws -> [Binding] {
        try Row.fetchAll(db, sql: "SELECT * FROM binding").compactMap { binding($0, clock: clock, longest: longest)?.binding }
    }

    static func save(_ stored: StoredBinding, _ db: Database) throws {
        let binding = stored.binding
        let statement = try db.cachedStatement(sql: """
            INSERT OR REPLACE INTO binding (id, user, contact, q, expires, updated, call_id, cseq, path, flow, user_agent,
                received, instance, registration_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """)
        try statement.execute(arguments: [
            binding.id, binding.user, binding.contact.text, binding.q, stored.expires, stored.updated, binding.callID,
            Int64(binding.cSeq), binding.path.joined(separator: "\n"), binding.flow, binding.userAgent, binding.received,
            binding.instance, binding.registrationID,
        ])
    }

    static func delete(_ id: Int64, _ db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM binding WHERE id = ?").execute(arguments: [id])
    }

    static func clear(_ db: Database) throws {
        try db.execute(sql: "DELETE FROM binding")
    }

    private static func binding(_ row: Row, clock: ClockReading, longest: Int) -> StoredBinding? {
        // A subscript of a row traps where the type is another one.
        func text(_ name: String) -> String? { String.fromDatabaseValue(row[name] as DatabaseValue? ?? .null) }
        func number(_ name: String) -> Int64? { Int64.fromDatabaseValue(row[name] as DatabaseValue? ?? .null) }
        guard let id = number("id"), id > 0, id < Int64.max / 2, let user = text("user"), !user.isEmpty,
            let contact = text("contact").flatMap({ SIPURI($0) }), let expires = number("expires"),
            let updated = number("updated"), let callID = text("call_id"),
            let cSeq = number("cseq").flatMap(UInt32.init(exactly:)), let path = text("path"), let flow = text("flow")
        else { return nil }
        let binding = Binding(
            id: id, user: user, contact: contact, q: number("q").flatMap(Int.init(exactly:)), expires: clock.monotonic,
            updated: clock.monotonic, callID: callID, cSeq: cSeq, path: path.split(separator: "\n").map(String.init), flow: flow,
            userAgent: text("user_agent"), received: text("received") ?? "", instance: text("instance"),
            registrationID: number("registration_id").flatMap(Int.init(exactly:)))
        return StoredBinding(binding, expires: expires, updated: updated, clock: clock, longest: longest)
    }
}
