internal import Glibc
internal import GRDB

/// Bindings in an SQLite database with a write-ahead log: what was written survives the end of the process however it comes
/// about, and what was about to be written leaves no trace.
///
/// The database is locked as long as it is open: two gateways with one file would take each other's registrations for
/// their own. The second has none stored until the first is gone.
final class SQLiteBindingStore: BindingStore, @unchecked Sendable {
    /// How often a damaged file is kept, so that a broken disk is not filled with them.
    private static let mostDamaged = 3

    private let file: DatabaseFile
    private let longest: Int
    private var damaged = 0
    private var queue: DatabaseQueue?
    private var identity: DatabaseFile.Identity?

    /// - Parameters:
    ///   - path: Of the file; it is made when it is missing, its directory is not.
    ///   - longest: No stored binding lasts longer than this, in seconds.
    init(path: String, longest: Int) {
        file = DatabaseFile(path: path)
        self.longest = longest
    }

    func load() throws(RegistrarError) -> [Binding] {
        let (clock, longest) = (ClockReading.current, longest)
        return try use { queue in
            try queue.read { db in
                guard try String.fetchOne(db, sql: "PRAGMA quick_check(1)") == "ok" else {
                    throw DatabaseError(resultCode: .SQLITE_CORRUPT)
                }
                return try BindingTable.all(db, clock: clock, longest: longest)
            }
        }
    }

    func write(_ batch: StoreBatch) throws(RegistrarError) {
        if queue != nil, file.identity != identity {
            // Somebody deleted or replaced the file; what is written to the old one is lost.
            close()
            if case .changes = batch { throw .unavailable("\(file.path) was replaced") }
        }
        let clock = ClockReading.current
        try use { queue in
            try queue.write { db in
                let bindings: [Binding]
                switch batch {
                case .everything(let registrar):
                    try BindingTable.clear(db)
                    bindings = registrar.all
                case .changes(let changed, let gone):
                    for id in gone { try BindingTable.delete(id, db) }
                    bindings = changed
                }
                for binding in bindings { try BindingTable.save(StoredBinding(binding, clock: clock), db) }
            }
        }
    }

    func close() {
        try? queue?.close()
        queue = nil
    }

    /// After an error the database is closed, and opened anew for the next batch.
    private func use<Result>(_ body: (DatabaseQueue) throws -> Result) throws(RegistrarError) -> Result {
        do {
            return try body(try opened())
        } catch let error as RegistrarError {
            close()
            throw error
        } catch {
            close()
            let code = (error as? DatabaseError)?.resultCode
            guard code == .SQLITE_CORRUPT || code == .SQLITE_NOTADB, damaged < SQLiteBindingStore.mostDamaged else {
                throw .unavailable("\(file.path): \(error)")
            }
            damaged += 1
            throw .damaged(movedTo: try file.moveAside())
        }
    }

    private func opened() throws -> DatabaseQueue {
        if let queue { return queue }
        try file.prepare()
        var configuration = Configuration()
        configuration.label = "tern.registrar"
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(0.5)
        configuration.prepareDatabase { db in try db.execute(sql: "PRAGMA locking_mode = EXCLUSIVE") }
        let queue = try DatabaseQueue(path: file.path, configuration: configuration)
        let migrator = BindingTable.migrator
        guard try !queue.read(migrator.hasBeenSuperseded) else {
            throw RegistrarError.unavailable("\(file.path) was written by a later version")
        }
        try migrator.migrate(queue)
        self.queue = queue
        identity = file.identity
        return queue
    }
}

/// The file of a database, as SQLite does not see to it: that it is private, and that a damaged one is kept.
struct DatabaseFile: Sendable {
    let path: String

    /// Which file it is, so that one that was replaced or deleted is noticed.
    struct Identity: Equatable {
        let device: dev_t
        let node: ino_t
    }

    /// Makes the file where it is missing, for its owner alone. SQLite gives its side files the same mode.
    func prepare() throws(RegistrarError) {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        var status = stat()
        guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { throw .noDirectory(directory) }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unavailable("\(path): \(DatabaseFile.text(errno))") }
        defer { close(descriptor) }
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .unavailable("\(path) is no file") }
        if status.st_mode & 0o077 != 0 { fchmod(descriptor, 0o600) }
    }

    /// Nil when there is none.
    var identity: Identity? {
        var status = stat()
        return stat(path, &status) == 0 ? Identity(device: status.st_dev, node: status.st_ino) : nil
    }

    /// Gives the file another name, which has the time in it. Call it when the database is closed.
    func moveAside() throws(RegistrarError) -> String {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        var text = [CChar](repeating: 0, count: 32)
        strftime(&text, text.count, "%Y%m%dT%H%M%SZ", &parts)
        let date = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let name = "\(path).corrupt-\(date)"
        guard rename(path, name) == 0 else { throw .unavailable("\(path) is damaged, and cannot be renamed: \(DatabaseFile.text(errno))") }
        // A log that belongs to the damaged file must not be applied to a new one.
        for side in ["-wal", "-shm", "-journal"] where rename(path + side, name + side) != 0 { unlink(path + side) }
        return name
    }

    private static func text(_ code: Int32) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}
