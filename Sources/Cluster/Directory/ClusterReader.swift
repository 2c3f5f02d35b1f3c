internal import Registrar

/// Reads what other nodes have, and what changes of it. All of it blocks, and is called off the loop, one call after another.
final class ClusterReader: @unchecked Sendable {
    /// How long Redis waits for a change before it answers that there is none.
    private static let wait = Duration.milliseconds(500)
    /// How often it is asked who lives.
    private static let census = Duration.seconds(1)
    /// Changes that are read at once.
    private static let batch = 1_000
    /// When changes may have been trimmed that were not read.
    private static let gap = Duration.seconds(2)
    /// Nodes, bindings of a node, and users with browsers there, beyond which others are not looked at.
    private static let most = (nodes: 64, bindings: 50_000, browsers: 50_000)

    private let settings: ClusterSettings
    private let keys: ClusterKeys
    private let access: RedisAccess
    private var connection: RedisConnection?
    /// The change that was read last.
    private var last = "0-0"
    private var counted = ContinuousClock.now
    private var polled = ContinuousClock.now

    init(_ settings: ClusterSettings) {
        self.settings = settings
        keys = ClusterKeys(prefix: settings.prefix)
        access = RedisAccess(settings.redis)
    }

    func close() { connection = nil }

    /// Waits a moment for what is new; after an error and at first it loads everything.
    func poll() throws(RedisError) -> [ClusterNews] {
        let former = last
        do throws(RedisError) {
            if let connection { return try changes(connection) }
            let opened = try access.connect()
            let news = try load(opened)
            connection = opened
            return news
        } catch {
            connection = nil
            // What was read and not handed on is read again.
            last = former
            throw error.explained(settings)
        }
    }

    // MARK: Everything

    private func load(_ connection: RedisConnection) throws(RedisError) -> [ClusterNews] {
        if let version = try connection.perform(["GET", keys.version]).text, version != ClusterKeys.version {
            throw RedisError(refusal: "VERSION \(version)")
        }
        // What changes while everything is read comes again afterwards.
        let former = last
        last = try connection.perform(["XREVRANGE", keys.changes, "+", "-", "COUNT", "1"]).list.first?.list.first?.text ?? "0-0"
        var nodes: [String: NodeContent] = [:]
        let (names, living, all) = try census(connection)
        for name in names where name != settings.node { nodes[name] = try content(of: name, connection) }
        let ended = former == "0-0" ? [] : try missedEnds(after: former, connection)
        polled = .now
        return [.loaded(nodes), .alive(living, of: all), .crowded(omitted: all.count - names.count)] + ended
    }

    /// What others have ended here while nothing could be read: what is loaded does not tell.
    private func missedEnds(after former: String, _ connection: RedisConnection) throws(RedisError) -> [ClusterNews] {
        var news: [ClusterNews] = [], start = former
        // More than this are not kept in the stream.
        for _ in 0..<20 {
            let entries = try connection.perform(["XRANGE", keys.changes, "(" + start, last, "COUNT", "\(ClusterReader.batch)"]).list
            news += entries.compactMap(Change.init).filter { $0.node == settings.node }.compactMap(ended)
            guard entries.count == ClusterReader.batch, let next = entries.last?.list.first?.text else { break }
            start = next
        }
        return news
    }

    /// The nodes that are looked at, those of them that live first; which of them live; and all that there are.
    private func census(_ connection: RedisConnection) throws(RedisError) -> (names: [String], living: Set<String>, all: Set<String>) {
        counted = .now
        let all = try connection.perform(["HKEYS", keys.nodes]).list.compactMap(\.text).sorted()
        guard !all.isEmpty else { return ([], [], []) }
        let isAlive = try connection.perform(["MGET"] + all.map(keys.node)).list.map { $0.text != nil }
        let states = Array(zip(all, isAlive)), living = states.filter(\.1).map(\.0)
        let names = (living + states.filter { !$0.1 }.map(\.0)).prefix(ClusterReader.most.nodes)
        return (Array(names), Set(living.prefix(ClusterReader.most.nodes)), Set(all))
    }

    /// Nil where the node says nothing of itself that can be read.
    private func content(of node: String, _ connection: RedisConnection) throws(RedisError) -> NodeContent? {
        guard let record = try connection.perform(["HGET", keys.nodes, node]).text.flatMap(NodeRecord.init) else { return nil }
        var content = NodeContent(record: record)
        let clock = ClusterClock.current
        for (field, value) in try connection.perform(["HGETALL", keys.bindings(node)]).pairs.prefix(ClusterReader.most.bindings) {
            content.set(BindingText.read(value, clock: clock, longest: settings.longest), id: field)
        }
        content.browsers = Set(try connection.perform(["HKEYS", keys.browsers(node)]).list.prefix(ClusterReader.most.browsers).compactMap(\.text))
        return content
    }

    // MARK: Changes

    private func changes(_ connection: RedisConnection) throws(RedisError) -> [ClusterNews] {
        let wait = "\(Int(ClusterReader.wait / .milliseconds(1)))"
        let answer = try connection.perform(["XREAD", "COUNT", "\(ClusterReader.batch)", "BLOCK", wait, "STREAMS", keys.changes, last])
        let entries = answer.list.first?.list.last?.list ?? []
        let isLate = entries.count >= ClusterReader.batch || polled.duration(to: .now) > ClusterReader.gap
        polled = .now
        if isLate, try hasMissed(connection) { return try load(connection) }
        var news: [ClusterNews] = []
        var whole: Set<String> = []
        for entry in entries {
            if let id = entry.list.first?.text { last = id }
            guard let change = Change(entry) else { continue }
            let node = change.node, field = change.field
            if node == settings.node {
                if let ended = ended(change) { news.append(ended) }
                continue
            }
            switch change.op {
            case "+bindings": news.append(.binding(node: node, id: field, BindingText.read(change.value, clock: .current, longest: settings.longest)))
            case "-bindings": news.append(.binding(node: node, id: field, nil))
            case "+browsers": news.append(.browser(node: node, user: field, true))
            case "-browsers": news.append(.browser(node: node, user: field, false))
            case "node", "allbindings", "allbrowsers": whole.insert(node)
            case "left": news.append(.left(node))
            default: break
            }
        }
        guard !whole.isEmpty || counted.duration(to: .now) >= ClusterReader.census else { return news }
        let (names, living, all) = try census(connection)
        for node in names where whole.contains(node) { if let content = try content(of: node, connection) { news.append(.node(node, content)) } }
        return news + [.alive(living, of: all), .crowded(omitted: all.count - names.count)]
    }

    /// Whether changes after the last one that was read have been trimmed from the stream, as far as can be told.
    private func hasMissed(_ connection: RedisConnection) throws(RedisError) -> Bool {
        guard let first = try connection.perform(["XRANGE", keys.changes, "-", "+", "COUNT", "1"]).list.first?.list.first?.text else { return false }
        return ClusterReader.order(last).lexicographicallyPrecedes(ClusterReader.order(first))
    }

    /// The parts of an entry's number: a time and a count.
    private static func order(_ id: String) -> [UInt64] { id.split(separator: "-").map { UInt64($0) ?? 0 } }

    /// An entry of the stream.
    private struct Change {
        var node, op, field, value: String
        /// In milliseconds since 1970.
        var at: Int?

        /// Nil where it is none.
        init?(_ entry: RedisReply) {
            let values = Dictionary((entry.list.last?.pairs ?? []).map { ($0.field, $0.value) }) { first, _ in first }
            guard let node = values["node"], let op = values["op"], let field = values["field"], let value = values["value"] else { return nil }
            (self.node, self.op, self.field, self.value, at) = (node, op, field, value, values["at"].flatMap { Int($0) })
        }
    }

    /// Nil where the change is not the end of a binding.
    private func ended(_ change: Change) -> ClusterNews? {
        guard change.op == "end", let at = change.at.flatMap(ClusterClock.current.instant) else { return nil }
        return .ended(id: change.field, user: change.value, at: at + .milliseconds(ClusterKeys.clockDifference))
    }
}
