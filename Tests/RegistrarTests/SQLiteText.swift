import GRDB

/// A statement on a database that nobody has open.
enum SQLiteText {
    static func run(_ sql: String, _ path: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.write { db in try db.execute(sql: sql) }
        try queue.close()
    }
}
