internal import Registrar

/// The bindings of this node in Redis, where other nodes see them, and where they outlive the process.
final class RedisBindingStore: BindingStore, @unchecked Sendable {
    private let store: NodeStore
    private let settings: ClusterSettings

    init(_ settings: ClusterSettings, instance: String) {
        self.settings = settings
        store = NodeStore(settings, instance: instance)
    }

    func load() throws(RegistrarError) -> [Binding] {
        let clock = ClusterClock.current, longest = settings.longest
        return try asked { () throws(RedisError) in try self.store.bindings() }.compactMap { BindingText.read($0, clock: clock, longest: longest) }
    }

    func write(_ batch: StoreBatch) throws(RegistrarError) {
        let clock = ClusterClock.current
        try asked { () throws(RedisError) in
            switch batch {
            case .everything(let registrar):
                try self.store.write(.bindings, everything: registrar.all.map { ("\($0.id)", BindingText.write($0, clock: clock)) })
            case .changes(let changed, let gone):
                let set = changed.map { NodeStore.Change.set("\($0.id)", BindingText.write($0, clock: clock)) }
                try self.store.write(.bindings, gone.map { .remove("\($0)") } + set)
            }
        }
    }

    func close() { store.close() }

    private func asked<Result>(_ body: () throws(RedisError) -> Result) throws(RegistrarError) -> Result {
        do throws(RedisError) {
            return try body()
        } catch {
            throw .unavailable("\(error)")
        }
    }
}
