internal import Events

/// The tables of calls, as both databases have them: columns to search by, and the record as JSON.
enum RecordTable {
    /// Columns of `tern_call`, and the value of each.
    static let callColumns = [
        "id", "gateway", "began", "answered", "ended", "updated", "duration", "caller", "dialled", "number", "answered_by", "trunk", "route", "result",
        "status", "ended_by", "why", "mos", "call_id", "bytes", "record", "line_test",
    ]

    /// Those of them that a later record of the same call may change: indexes of the others are left alone.
    static func changing(_ columns: [String]) -> [String] { columns.filter { !["id", "gateway", "began", "caller", "dialled"].contains($0) } }

    /// - Parameter now: Milliseconds since 1970.
    static func callValues(_ record: CallRecord, now: Int) -> [RecordValue] {
        let json = record.json
        let times = record.times
        return [
            .text(record.id), .text(record.gateway), .integer(times.began), .init(times.answered), .init(times.ended), .integer(now), .init(record.duration),
            .text(record.caller.user), .text(record.dialled), .init(record.number), .init(record.answeredBy), .init(record.trunk), .init(record.route),
            .init(record.end?.result), .init(record.end?.status), .init(record.end?.by), .init(record.end?.why), .init(record.worstMOS),
            .init(record.callerSide.callID), .integer(json.utf8.count + rowOverhead + record.legs.count * rowOverhead), .text(json),
            .init(record.lineTest?.index),
        ]
    }

    /// What a row takes besides its JSON, about; in bytes.
    private static let rowOverhead = 400

    /// Columns of `tern_call_leg`.
    static let legColumns = [
        "call", "position", "kind", "target", "trunk", "call_id", "invited", "rang", "answered", "ended", "status", "reason",
    ]

    static func legValues(_ record: CallRecord) -> [[RecordValue]] {
        record.legs.enumerated().map { position, leg in
            [
                .text(record.id), .integer(position), .text(leg.kind), .text(leg.target), .init(leg.trunk), .init(leg.callID), .integer(leg.invited),
                .init(leg.rang), .init(leg.answered), .init(leg.ended), .init(leg.status), .init(leg.reason),
            ]
        }
    }

    /// Whom a call went to.
    private static let calledColumns = ["dialled", "number", "answered_by"]

    /// - Parameter place: How the parameter with that number, counted from 1, is written: `?1` or `$1`.
    static func insert(_ table: String, _ columns: [String], replacing key: String?, _ place: (Int) -> String) -> String {
        let places = columns.indices.map { place($0 + 1) }.joined(separator: ", ")
        let conflict = key.map { key in
            " ON CONFLICT (\(key)) DO UPDATE SET " + changing(columns).map { "\($0) = excluded.\($0)" }.joined(separator: ", ")
        }
        return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places))" + (conflict ?? "")
    }

    /// The statement for a query, with its values.
    static func select(_ query: RecordQuery, _ place: (Int) -> String) -> (sql: String, values: [RecordValue]) {
        var conditions: [String] = []
        var values: [RecordValue] = []
        func bind(_ value: RecordValue) -> String {
            values.append(value)
            return place(values.count)
        }
        func match(_ pattern: RecordQuery.Pattern?, _ columns: [String]) {
            guard let pattern else { return }
            let text = bind(.text(pattern.text))
            let length = pattern.isPrefix ? bind(.integer(pattern.text.unicodeScalars.count)) : ""
            conditions.append("(" + columns.map { pattern.isPrefix ? "substr(\($0), 1, \(length)) = \(text)" : "\($0) = \(text)" }.joined(separator: " OR ") + ")")
        }
        if query.isFailed { conditions.append("ended IS NOT NULL AND answered IS NULL") }
        if let wanted = query.lineTest { conditions.append("line_test LIKE \(bind(.text("%,\(wanted.rawValue),%")))") }
        match(query.from, ["caller"])
        if query.to?.isPrefix == true { match(query.to, calledColumns) }
        if let since = query.since { conditions.append("began >= \(bind(.integer(since)))") }
        if let until = query.until { conditions.append("began < \(bind(.integer(until)))") }
        let limit = bind(.integer(min(max(1, query.limit), RecordQuery.most)))
        if let to = query.to, !to.isPrefix {
            // The latest by each column, of which its index has no more to look at than there may be of all.
            let text = bind(.text(to.text)), most = query.isRecorded ? String(RecordQuery.most) : limit
            let found = calledColumns.map { column in
                let filter = (["\(column) = \(text)"] + conditions).joined(separator: " AND ")
                return "SELECT id FROM (SELECT id FROM tern_call WHERE \(filter) ORDER BY began DESC, id LIMIT \(most)) AS by_\(column)"
            }
            conditions = ["id IN (" + found.joined(separator: " UNION ALL ") + ")"]
        }
        let filter = conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
        guard query.isRecorded else { return ("SELECT record FROM tern_call\(filter) ORDER BY began DESC, id LIMIT \(limit)", values) }
        // This member has an entry where there is a recording, in JSONB behind a blank; in the texts of a record a quotation mark has a backslash before it.
        return (
            "SELECT record FROM (SELECT record, began, id FROM tern_call\(filter) ORDER BY began DESC, id LIMIT \(RecordQuery.most)) AS latest "
                + "WHERE CAST(record AS TEXT) LIKE '%\"recordings\":[\"%' OR CAST(record AS TEXT) LIKE '%\"recordings\": [\"%' ORDER BY began DESC, id LIMIT \(limit)",
            values
        )
    }

    /// The statements that find a call by an id, in this order, with the text as their value.
    static func lookups(_ id: String, _ place: (Int) -> String) -> [(sql: String, values: [RecordValue])] {
        var lookups = [("SELECT record FROM tern_call WHERE id = \(place(1))", [RecordValue.text(id)])]
        if id.utf8.count >= 4 {
            lookups.append((
                "SELECT record FROM tern_call WHERE id >= \(place(1)) AND id < \(place(2)) ORDER BY began DESC LIMIT 1",
                [.text(id), .text(id + "~")]))
        }
        lookups.append(("SELECT record FROM tern_call WHERE call_id = \(place(1)) ORDER BY began DESC LIMIT 1", [.text(id)]))
        lookups.append((
            "SELECT record FROM tern_call WHERE id = (SELECT call FROM tern_call_leg WHERE call_id = \(place(1)) ORDER BY invited DESC LIMIT 1)",
            [.text(id)]))
        return lookups
    }

    /// Calls that have no end, and when something was told of each last.
    static func open(of gateway: String, began: Int, silentSince: Int, _ place: (Int) -> String) -> (sql: String, values: [RecordValue]) {
        (
            "SELECT record, updated FROM tern_call WHERE ended IS NULL AND (gateway = \(place(1)) OR updated < \(place(2))) AND began < \(place(3)) "
                + "ORDER BY began LIMIT 20000",
            [.text(gateway), .integer(silentSince), .integer(began)]
        )
    }

    /// How many calls are deleted at a time.
    static let chunk = 1_000

    /// Deletes the oldest calls; those that began before the value, where it is not nil.
    static func deleteOldest(before: Int?, _ place: (Int) -> String) -> (sql: String, values: [RecordValue]) {
        let filter = before == nil ? "" : " WHERE began < \(place(1))"
        return (
            "DELETE FROM tern_call WHERE id IN (SELECT id FROM tern_call\(filter) ORDER BY began LIMIT \(chunk))",
            before.map { [.integer($0)] } ?? []
        )
    }

    /// The column by which line tests are found: severity and codes, `,warning,loss,jitter,`.
    static let lineTestSchema = [
        "ALTER TABLE tern_call ADD COLUMN line_test TEXT", "CREATE INDEX tern_call_line_test ON tern_call (began) WHERE line_test IS NOT NULL",
    ]

    /// Calls are found by each column that says whom they went to.
    static let calledSchema = ["number", "answered_by"].map { "CREATE INDEX tern_call_\($0) ON tern_call (\($0), began) WHERE \($0) IS NOT NULL" }

    /// Makes the tables, as the first version has them.
    ///
    /// - Parameters:
    ///   - key: The type of a text that is compared byte by byte.
    ///   - integer: The type of a number of 64 bits.
    ///   - real: The type of a number with a fraction.
    ///   - json: The type of a JSON text.
    ///   - options: What follows a table's columns.
    static func schema(key: String = "TEXT", integer: String, real: String, json: String = "TEXT", options: String = "") -> [String] {
        [
            """
            CREATE TABLE tern_call (
                id \(key) PRIMARY KEY NOT NULL,
                gateway TEXT NOT NULL,
                began \(integer) NOT NULL,  -- milliseconds since 1970, as all times
                answered \(integer),
                ended \(integer),           -- NULL while it lasts
                updated \(integer) NOT NULL,
                duration \(integer),        -- milliseconds, from the answer to the end
                caller TEXT NOT NULL,
                dialled TEXT NOT NULL,
                number TEXT,
                answered_by TEXT,
                trunk TEXT,
                route TEXT,
                result TEXT,
                status \(integer),
                ended_by TEXT,
                why TEXT,
                mos \(real),
                call_id TEXT,
                bytes \(integer) NOT NULL,  -- about what the call takes in this database
                record \(json) NOT NULL        -- JSON: docs/records.md
            )\(options)
            """,
            "CREATE INDEX tern_call_began ON tern_call (began)",
            "CREATE INDEX tern_call_caller ON tern_call (caller, began)",
            "CREATE INDEX tern_call_dialled ON tern_call (dialled, began)",
            "CREATE INDEX tern_call_call_id ON tern_call (call_id)",
            "CREATE INDEX tern_call_open ON tern_call (updated) WHERE ended IS NULL",
            """
            CREATE TABLE tern_call_leg (
                call \(key) NOT NULL REFERENCES tern_call (id) ON DELETE CASCADE,
                position \(integer) NOT NULL,
                kind TEXT NOT NULL,
                target TEXT NOT NULL,
                trunk TEXT,
                call_id TEXT,
                invited \(integer) NOT NULL,
                rang \(integer),
                answered \(integer),
                ended \(integer),
                status \(integer),
                reason TEXT,
                PRIMARY KEY (call, position)
            )\(options)
            """,
            "CREATE INDEX tern_call_leg_call_id ON tern_call_leg (call_id)",
        ]
    }

    // MARK: Test calls

    /// Results that are kept of each probe of a gateway.
    static let mostTestCalls = 288

    static func testCallSchema(integer: String, json: String = "TEXT", options: String = "") -> String {
        """
        CREATE TABLE tern_test_call (
            gateway TEXT NOT NULL,
            probe TEXT NOT NULL,
            ended \(integer) NOT NULL,  -- milliseconds since 1970
            result \(json) NOT NULL,    -- JSON: docs/line-test.md
            PRIMARY KEY (gateway, probe, ended)
        )\(options)
        """
    }

    /// Deletes what is beyond ``mostTestCalls`` of the same probe.
    static func deleteTestCalls(of test: StoredTestCall, _ place: (Int) -> String) -> (sql: String, values: [RecordValue]) {
        (
            "DELETE FROM tern_test_call WHERE gateway = \(place(1)) AND probe = \(place(2)) AND ended < (SELECT ended FROM tern_test_call "
                + "WHERE gateway = \(place(1)) AND probe = \(place(2)) ORDER BY ended DESC LIMIT 1 OFFSET \(mostTestCalls - 1))",
            [.text(test.gateway), .text(test.probe)]
        )
    }

    /// The last results of each probe, the oldest first.
    static func testCalls(of gateway: String, most: Int, _ place: (Int) -> String) -> (sql: String, values: [RecordValue]) {
        (
            "SELECT probe, ended, result FROM (SELECT probe, ended, result, row_number() OVER (PARTITION BY probe ORDER BY ended DESC) AS place "
                + "FROM tern_test_call WHERE gateway = \(place(1))) AS numbered WHERE place <= \(most) ORDER BY probe, ended",
            [.text(gateway)]
        )
    }
}
