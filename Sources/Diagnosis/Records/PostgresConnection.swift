internal import CPostgres
internal import Glibc

/// A connection to PostgreSQL. Its methods block, each for ``patience`` at most; after an error it is of no use any more, unless ``PostgresError/isOfData``.
final class PostgresConnection {
    /// How long the server may take to accept the connection, or to answer a statement.
    private static let patience = Duration.seconds(15)

    private let connection: OpaquePointer
    private let patience: Duration
    private var prepared: Set<String> = []

    /// - Parameter url: `postgres://…`, as libpq takes it: with `?sslmode=verify-full` and others.
    init(_ url: String, patience: Duration = PostgresConnection.patience) throws(PostgresError) {
        self.patience = patience
        // What stands behind the URL wins over what is in it, and what stands before does not.
        let parameters = [("application_name", "tern"), ("connect_timeout", "10"), ("dbname", url), ("client_encoding", "UTF8")]
        var keywords: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.0)) } + [nil]
        var values: [UnsafePointer<CChar>?] = parameters.map { UnsafePointer(strdup($0.1)) } + [nil]
        defer { for text in keywords + values { free(UnsafeMutablePointer(mutating: text)) } }
        guard let connection = PQconnectStartParams(&keywords, &values, 1) else { throw PostgresError("no memory for a connection") }
        self.connection = connection
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        try connect()
    }

    deinit { PQfinish(connection) }

    private func connect() throws(PostgresError) {
        let deadline = ContinuousClock.now + patience
        var state = PGRES_POLLING_WRITING
        while PQstatus(connection) != CONNECTION_BAD {
            switch state {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_FAILED: throw failure()
            default: try wait(for: Int16(state == PGRES_POLLING_READING ? POLLIN : POLLOUT), until: deadline)
            }
            state = PQconnectPoll(connection)
        }
        throw failure()
    }

    private func wait(for events: Int16, until deadline: ContinuousClock.Instant) throws(PostgresError) {
        while true {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw PostgresError("the server has not answered within \(patience)") }
            var descriptor = pollfd(fd: PQsocket(connection), events: events, revents: 0)
            let count = poll(&descriptor, 1, Int32(min(left / .milliseconds(1), 60_000)) + 1)
            if count > 0 { return }
            guard count == 0 || errno == EINTR else { throw PostgresError(SystemText.error(errno)) }
        }
    }

    private func failure() -> PostgresError {
        let text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        return PostgresError(text.split(separator: "\n").joined(separator: " "))
    }

    // MARK: Statements

    /// Performs a statement that is prepared once for each connection.
    ///
    /// - Returns: The rows, each value as text.
    @discardableResult
    func perform(_ sql: String, _ values: [RecordValue] = []) throws(PostgresError) -> [[String?]] {
        if prepared.insert(sql).inserted {
            guard PQsendPrepare(connection, PostgresConnection.name(sql), sql, 0, nil) == 1 else { throw failure() }
            do throws(PostgresError) {
                _ = try result()
            } catch {
                prepared.remove(sql)
                throw error
            }
        }
        var texts: [UnsafePointer<CChar>?] = values.map { $0.text.flatMap { UnsafePointer(strdup($0)) } }
        defer { for text in texts { free(UnsafeMutablePointer(mutating: text)) } }
        guard PQsendQueryPrepared(connection, PostgresConnection.name(sql), Int32(values.count), &texts, nil, nil, 0) == 1 else { throw failure() }
        return try result()
    }

    /// Statements are few, and distinguished by their texts.
    private static func name(_ sql: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in sql.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return "tern_" + String(hash, radix: 16)
    }

    private func result() throws(PostgresError) -> [[String?]] {
        let deadline = ContinuousClock.now + patience
        var rows: [[String?]] = []
        var error: PostgresError?
        while true {
            while PQisBusy(connection) == 1 {
                try wait(for: Int16(POLLIN), until: deadline)
                guard PQconsumeInput(connection) == 1 else { throw failure() }
            }
            guard let result = PQgetResult(connection) else { break }
            defer { PQclear(result) }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK: break
            case PGRES_TUPLES_OK: rows = PostgresConnection.rows(result)
            default: error = error ?? PostgresError(result)
            }
        }
        if let error { throw error }
        guard PQstatus(connection) == CONNECTION_OK else { throw failure() }
        return rows
    }

    private static func rows(_ result: OpaquePointer) -> [[String?]] {
        let columns = PQnfields(result)
        return (0..<PQntuples(result)).map { row in
            (0..<columns).map { column in
                guard PQgetisnull(result, row, column) == 0, let text = PQgetvalue(result, row, column) else { return nil }
                return String(cString: text)
            }
        }
    }

    /// Performs `body` in a transaction, which is rolled back when it throws.
    func transaction<Result>(_ body: () throws(PostgresError) -> Result) throws(PostgresError) -> Result {
        try perform("BEGIN")
        do throws(PostgresError) {
            let result = try body()
            try perform("COMMIT")
            return result
        } catch {
            // Where that fails, so does the next statement.
            if error.isOfStatement { _ = try? perform("ROLLBACK") }
            throw error
        }
    }
}

/// What PostgreSQL refused, or why it could not be asked.
struct PostgresError: Error, CustomStringConvertible {
    let description: String
    /// SQLSTATE; empty where it is none of the server's.
    let state: String

    init(_ description: String) {
        self.description = description
        state = ""
    }

    fileprivate init(_ result: OpaquePointer) {
        func field(_ code: Int32) -> String { PQresultErrorField(result, code).map { String(cString: $0) } ?? "" }
        state = field(PostgresError.sqlState)
        let text = field(PostgresError.primaryMessage)
        description = text.isEmpty ? (PQresultErrorMessage(result).map { String(cString: $0) } ?? "no result") : "\(text) (\(state))"
    }

    /// `PG_DIAG_SQLSTATE` and `PG_DIAG_MESSAGE_PRIMARY`, which are characters in C.
    private static let sqlState = Int32(UInt8(ascii: "C"))
    private static let primaryMessage = Int32(UInt8(ascii: "M"))

    /// Whether the values are at fault (classes 22 and 23 of SQLSTATE), and another record may well be written.
    var isOfData: Bool { state.hasPrefix("22") || state.hasPrefix("23") }

    /// Whether the statement was refused, and not the connection, the server as a whole, or its resources at fault (classes 08, 53, 57 and 58).
    var isOfStatement: Bool { !state.isEmpty && !["08", "53", "57", "58"].contains(state.prefix(2)) }
}

extension RecordValue {
    /// As a parameter in text format; nil for NULL.
    fileprivate var text: String? {
        switch self {
        case .text(let text): text
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .null: nil
        }
    }
}
