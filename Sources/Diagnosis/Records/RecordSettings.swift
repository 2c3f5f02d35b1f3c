public import Configuration
internal import Glibc
public import JSON

/// Where records go, and for how long.
public struct RecordSettings: Sendable {
    /// Records in memory take so many bytes at most.
    private static let mostMemory = 64 << 20

    /// What distinguishes this gateway from others with the same database.
    public var gateway: String
    public var database: GatewayConfiguration.Records.Database
    /// Nil: for good.
    public var keep: Duration?
    var maximumSize: Int
    public var file: String?
    public var url: Secret?
    /// A PEM file of those whose certificates are believed when ``url`` is asked.
    private var authorities: String

    /// - Parameters:
    ///   - gateway: What distinguishes this gateway from others with the same database: it stays the same over a restart.
    ///   - authorities: A PEM file of those whose certificates are believed.
    public init(_ records: GatewayConfiguration.Records, gateway: String, authorities: String = GatewayConfiguration().sip.authorities) {
        self.authorities = authorities
        self.gateway = gateway
        database = records.database
        keep = records.keep
        maximumSize = records.database == .memory ? min(records.maximumSize, RecordSettings.mostMemory) : records.maximumSize
        file = records.file
        url = records.url
    }

    /// The machine's name and the first SIP listener, which no two gateways of a machine share.
    public static func gateway(of configuration: GatewayConfiguration) -> String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return [host, configuration.sip.listen.first.map { "\($0)" }].compactMap { $0 }.joined(separator: " ")
    }

    /// Whether records outlive the process.
    var isKept: Bool { database != .memory && database != .none }

    func makeStore() -> (any RecordStore)? { RecordSettings.store(database, makes: true) }

    func makeSinks() -> [any RecordSink] {
        var sinks: [any RecordSink] = []
        if let file { sinks.append(RecordFile(path: file)) }
        if let url { sinks.append(RecordPost(url: url, authorities: authorities)) }
        return sinks
    }

    fileprivate static func store(_ database: GatewayConfiguration.Records.Database, makes: Bool) -> (any RecordStore)? {
        switch database {
        case .none: nil
        case .memory: SQLiteRecordStore(path: nil)
        case .file(let path): SQLiteRecordStore(path: path, makesFile: makes)
        case .postgres(let url): PostgresRecordStore(url: url, makesTables: makes)
        }
    }
}

/// Reads records where no gateway runs. It blocks.
public struct RecordReader {
    private let store: any RecordStore

    /// - Throws: When the database is none that outlives a gateway.
    public init(_ database: GatewayConfiguration.Records.Database) throws(RecordError) {
        guard database != .memory, let store = RecordSettings.store(database, makes: false) else {
            throw RecordError("records.database is \(database): there is nothing to read where no gateway runs")
        }
        self.store = store
    }

    /// The records of calls, the latest first: a JSON array.
    public func find(_ query: RecordQuery) throws(RecordError) -> JSONValue { try RecordText.array(store.find(query)) }

    /// The record of a call by its id, the beginning of that, or a SIP Call-ID; nil where there is none.
    public func call(_ id: String) throws(RecordError) -> JSONValue? { try RecordText.record(store.record(id)) }
}

/// Records as a database has them, which are JSON.
enum RecordText {
    static func array(_ texts: [String]) throws(RecordError) -> JSONValue {
        .array(texts.compactMap { try? JSONValue(parsing: $0) })
    }

    static func record(_ text: String?) throws(RecordError) -> JSONValue? { text.flatMap { try? JSONValue(parsing: $0) } }
}
