internal import Registrar

/// What another node has.
struct NodeContent: Sendable, Equatable {
    var record: NodeRecord
    /// By their numbers.
    var bindings: [String: Binding] = [:]
    /// The users who have a browser logged in there.
    var browsers: Set<String> = []
}

/// What is new in the cluster.
enum ClusterNews: Sendable, Equatable {
    /// All that other nodes have; nothing else counts any more.
    case loaded([String: NodeContent])
    /// All that one has.
    case node(String, NodeContent)
    /// Which nodes live; others do not.
    case alive(Set<String>)
    /// A node has left of its own accord.
    case left(String)
    /// A binding of another node; nil where it is gone.
    case binding(node: String, id: String, Binding?)
    /// Whether a user has a browser at another node.
    case browser(node: String, user: String, Bool)
    /// Another node says that a binding of ours is over.
    case ended(id: String, user: String)
}

/// Reads what other nodes have, and what changes of it. All of it blocks, and is called off the loop, one call after another.
final class ClusterReader: @unchecked Sendable {
    /// How long Redis waits for a change before it answers that there is none.
    private static let wait = Duration.milliseconds(500)
    /// How often it is asked who lives.
    private static let census = Duration.seconds(1)
    /// Nodes, bindings of a node, and users with browsers there, beyond which others are not looked at.
    private static let most = (nodes: 64, bindings: 50_000, browsers: 50_000)

    private let settings: ClusterSettings
    private let keys: ClusterKeys
    private var connection: RedisConnection?
    /// The change that was read last.
    private var last = "0-0"
    private var counted = ContinuousClock.now

    init(_ settings: ClusterSettings) {
        self.settings = settings
        keys = ClusterKeys(prefix: settings.prefix)
    }

    func close() { connection = nil }

    /// Waits a moment for what is new; after an error and at first it loads everything.
    func poll() throws(RedisError) -> [ClusterNews] {
        do throws(RedisError) {
            if let connection { return try changes(connection) }
            let opened = try RedisConnection(settings.redis)
            let news = try load(opened)
            connection = opened
            return news
        } catch {
            connection = nil
            throw error.explained(settings)
        }
    }

    // MARK: Everything

    private func load(_ connection: RedisConnection) throws(RedisError) -> [ClusterNews] {
        if let version = try connection.perform(["GET", keys.version]).text, version != ClusterKeys.version {
            throw RedisError(refusal: "VERSION \(version)")
        }
        // What changes while everything is read comes again afterwards.
        last = try connection.perform(["XREVRANGE", keys.changes, "+", "-", "COUNT", "1"]).list.first?.list.first?.text ?? "0-0"
        var nodes: [String: NodeContent] = [:]
        let records = try records(connection)
        for name in records where name != settings.node { nodes[name] = try content(of: name, connection) }
        return [.loaded(nodes), try alive(connection)]
    }

    private func records(_ connection: RedisConnection) throws(RedisError) -> [String] {
        Array(try connection.perform(["HKEYS", keys.nodes]).list.compactMap(\.text).sorted().prefix(ClusterReader.most.nodes))
    }

    /// Nil where the node says nothing of itself that can be read.
    private func content(of node: String, _ connection: RedisConnection) throws(RedisError) -> NodeContent? {
        guard let record = try connection.perform(["HGET", keys.nodes, node]).text.flatMap(NodeRecord.init) else { return nil }
        var content = NodeContent(record: record)
        let clock = ClusterClock.current
        for (field, value) in try connection.perform(["HGETALL", keys.bindings(node)]).pairs.prefix(ClusterReader.most.bindings) {
            content.bindings[field] = BindingText.read(value, clock: clock, longest: settings.longest)
        }
        content.browsers = Set(try connection.perform(["HKEYS", keys.browsers(node)]).list.prefix(ClusterReader.most.browsers).compactMap(\.text))
        return content
    }

    private func alive(_ connection: RedisConnection) throws(RedisError) -> ClusterNews {
        counted = .now
        let names = try records(connection)
        guard !names.isEmpty else { return .alive([]) }
        let living = try connection.perform(["MGET"] + names.map(keys.node)).list
        return .alive(Set(zip(names, living).filter { $0.1.text != nil }.map(\.0)))
    }

    // MARK: Changes

    private func changes(_ connection: RedisConnection) throws(RedisError) -> [ClusterNews] {
        let wait = "\(Int(ClusterReader.wait / .milliseconds(1)))"
        let answer = try connection.perform(["XREAD", "COUNT", "1000", "BLOCK", wait, "STREAMS", keys.changes, last])
        var news: [ClusterNews] = []
        var whole: Set<String> = []
        for entry in answer.list.first?.list.last?.list ?? [] {
            guard let id = entry.list.first?.text, let fields = entry.list.last?.pairs else { continue }
            last = id
            let values = Dictionary(fields.map { ($0.field, $0.value) }) { first, _ in first }
            guard let node = values["node"], let op = values["op"], let field = values["field"], let value = values["value"] else { continue }
            if node == settings.node {
                if op == "end" { news.append(.ended(id: field, user: value)) }
                continue
            }
            switch op {
            case "+bindings": news.append(.binding(node: node, id: field, BindingText.read(value, clock: .current, longest: settings.longest)))
            case "-bindings": news.append(.binding(node: node, id: field, nil))
            case "+browsers": news.append(.browser(node: node, user: field, true))
            case "-browsers": news.append(.browser(node: node, user: field, false))
            case "node", "allbindings", "allbrowsers": whole.insert(node)
            case "left": news.append(.left(node))
            default: break
            }
        }
        for node in whole { if let content = try content(of: node, connection) { news.append(.node(node, content)) } }
        if !whole.isEmpty || counted.duration(to: .now) >= ClusterReader.census { news.append(try alive(connection)) }
        return news
    }
}
