internal import JSON
internal import Registrar
internal import SIPNames

/// What a node says of itself.
struct NodeRecord: Sendable, Equatable {
    var address: ListenAddress
    var isDraining = false
    /// Whether it knows that phones may be left out: nodes of before do not believe a call that says so.
    var takesExceptions = true
    /// Tells its process from others of its name; nil for a node of before.
    var instance: String?

    var text: String {
        var members: [String: JSONValue] = ["address": .string(address.description), "draining": .bool(isDraining), "exceptions": .bool(takesExceptions)]
        members["instance"] = instance.map(JSONValue.string)
        return JSONValue.object(members).text
    }

    init(address: ListenAddress, isDraining: Bool = false, instance: String? = nil) {
        self.address = address
        self.isDraining = isDraining
        self.instance = instance
    }

    /// Nil where the text is none of a node's.
    init?(_ text: String) {
        guard let json = try? JSONValue(parsing: text, limits: JSONLimits(size: 4_096, depth: 4)),
            let parts = json["address"]?.stringValue?.split(separator: ":", maxSplits: 1).map(String.init), parts.count == 2,
            let transport = ListenAddress.Transport(rawValue: parts[0]), let address = SocketAddress(parts[1]), address.port > 0
        else { return nil }
        self.address = ListenAddress(transport: transport, address: address.address, port: address.port)
        isDraining = json["draining"]?.boolValue ?? false
        takesExceptions = json["exceptions"]?.boolValue ?? false
        instance = json["instance"]?.stringValue
    }
}

/// This node's own part of the cluster's data: a connection that writes it. All of it blocks, and is called off the loop, one call after another.
final class NodeStore: @unchecked Sendable {
    /// What is written of one hash.
    enum Part: String, Sendable {
        case bindings, browsers
    }

    enum Change: Sendable {
        case set(String, String)
        case remove(String)

        fileprivate var words: [String] {
            switch self {
            case .set(let field, let value): ["+", field, value]
            case .remove(let field): ["-", field, ""]
            }
        }
    }

    /// Fields that are written at once, when everything is: Redis serves nobody else meanwhile.
    private static let atOnce = 500
    private let settings: ClusterSettings
    private let keys: ClusterKeys
    /// Tells this process from a former one of the same name.
    private let instance: String
    private let access: RedisAccess
    private var connection: RedisConnection?
    /// Whether this process has been the node of its name: another one that is by now has come later.
    private var hasClaimed = false

    init(_ settings: ClusterSettings, instance: String) {
        self.settings = settings
        self.instance = instance
        keys = ClusterKeys(prefix: settings.prefix)
        access = RedisAccess(settings.redis)
    }

    /// What Redis has of this node.
    struct Standing: Sendable, Equatable {
        /// The server that was asked.
        var server: String
        /// Whether it was not known to live: what is there may be out of date, or missing.
        var isNew: Bool
        var bindings, browsers: Int
    }

    /// Says that this node lives.
    func claim(_ record: NodeRecord) throws(RedisError) -> Standing {
        try use { connection throws(RedisError) in
            let answer = try connection.perform([
                "EVAL", ClusterScript.claim, "6", self.keys.version, self.keys.node(self.settings.node), self.keys.nodes, self.keys.changes,
                self.key(.bindings), self.key(.browsers), ClusterKeys.version, self.settings.node, self.instance,
                self.settings.address.description, "\(Int(self.settings.lifetime / .milliseconds(1)))", record.text, self.hashLifetime,
                self.hasClaimed ? "again" : "first", self.keys.prefix,
            ]).list.map { $0.integer ?? 0 }
            guard answer.count == 3 else { throw RedisError("Redis answers what it was not asked") }
            self.hasClaimed = true
            return Standing(server: connection.place.description, isNew: answer[0] == 1, bindings: answer[1], browsers: answer[2])
        }
    }

    /// The bindings that this node has in Redis, as values. Refused where another process is the node.
    func bindings() throws(RedisError) -> [String] {
        try use { connection throws(RedisError) in
            try connection.perform([
                "EVAL", ClusterScript.load, "3", self.keys.version, self.keys.node(self.settings.node), self.key(.bindings), ClusterKeys.version, self.instance,
            ]).pairs.map(\.value)
        }
    }

    /// Changes some fields.
    func write(_ part: Part, _ changes: [Change]) throws(RedisError) {
        guard !changes.isEmpty else { return }
        try use { connection throws(RedisError) in try self.run(part, changes.flatMap(\.words), connection) }
    }

    /// Writes all fields that there are, in place of what was there.
    func write(_ part: Part, everything fields: [(field: String, value: String)]) throws(RedisError) {
        try use { connection throws(RedisError) in
            try self.run(part, ["clear", "", ""], connection)
            for start in stride(from: 0, to: fields.count, by: NodeStore.atOnce) {
                let some = fields[start..<min(start + NodeStore.atOnce, fields.count)]
                try self.run(part, ["part", "", ""] + some.flatMap { ["+", $0.field, $0.value] }, connection)
            }
            try self.run(part, ["all", "", ""], connection)
        }
    }

    /// Ends a binding of another node.
    func end(_ ended: EndedBinding) throws(RedisError) {
        _ = try use { connection throws(RedisError) in
            try connection.perform([
                "EVAL", ClusterScript.end, "2", self.keys.bindings(ended.node), self.keys.changes, ended.node, ended.id, ended.user, "\(ended.at)",
            ])
        }
    }

    /// This node lives no longer.
    func leave() {
        guard connection != nil else { return }
        _ = try? use { connection throws(RedisError) in
            try connection.perform([
                "EVAL", ClusterScript.leave, "3", self.keys.node(self.settings.node), self.keys.browsers(self.settings.node), self.keys.changes,
                self.settings.node, self.instance,
            ])
        }
        close()
    }

    func close() { connection = nil }

    // MARK: The connection

    private func key(_ part: Part) -> String {
        switch part {
        case .bindings: keys.bindings(settings.node)
        case .browsers: keys.browsers(settings.node)
        }
    }

    /// A node that never comes back is forgotten when its last binding has ended for certain.
    private var hashLifetime: String { "\(settings.longest + 60)" }

    private func run(_ part: Part, _ words: [String], _ connection: RedisConnection) throws(RedisError) {
        try connection.perform(
            ["EVAL", ClusterScript.change, "3", keys.node(settings.node), key(part), keys.changes, settings.node, instance, part.rawValue, hashLifetime] + words)
    }

    /// What the scripts refuse: any other error may be that of a server which is no longer the right one, as `READONLY` is.
    private static let refusals: Set<String> = ["VERSION", "TAKEN", "FORGOTTEN", "WRONGTYPE"]

    /// After an error that is no refusal of the scripts the connection is closed, and another one opened next time.
    private func use<Result>(_ body: (RedisConnection) throws(RedisError) -> Result) throws(RedisError) -> Result {
        do throws(RedisError) {
            let opened = if let connection { connection } else { try access.connect() }
            connection = opened
            return try body(opened)
        } catch {
            if !NodeStore.refusals.contains(error.code) { connection = nil }
            throw error.explained(settings)
        }
    }
}
