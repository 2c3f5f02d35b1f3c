@testable import Cluster
import Registrar
import SIPNames
import Testing

@Suite("What other nodes have")
struct ClusterMapTests {
    private static let start = ContinuousClock.now

    private static func content(_ instances: [String?], at offset: Int = 0, isDraining: Bool = false, browsers: Set<String> = []) throws -> NodeContent {
        var content = NodeContent(record: NodeRecord(address: ListenAddress(transport: .tcp, address: "192.0.2.1", port: 5_060), isDraining: isDraining))
        for (index, instance) in instances.enumerated() {
            let binding = Binding(
                id: Int64(index), user: "bob", contact: try #require(SIPURI("sip:bob@198.51.100.\(index)")), q: nil, expires: .now + .seconds(60),
                updated: start + .milliseconds(index + offset), callID: "\(index)", cSeq: 1, path: [], flow: "", userAgent: nil, received: "", instance: instance,
                registrationID: nil)
            content.set(binding, id: "\(index)")
        }
        content.browsers = browsers
        return content
    }

    @Test("a node that has no more than flows of phones that ring anyway is left out; a browser there, or a phone that does not say which it is, is rung")
    func nodes() throws {
        var map = ClusterMap()
        _ = map.take(.loaded([
            "b": try Self.content(["1"], at: 100), "c": try Self.content(["1"], browsers: ["bob"]), "d": try Self.content(["1", "2"]), "e": try Self.content([nil]),
            "f": try Self.content([nil], isDraining: true),
        ]))
        _ = map.take(.alive(["b", "c", "d", "e", "f"], of: ["b", "c", "d", "e", "f"]))
        #expect(map.nodes(of: "bob", now: .now).map(\.node.name) == ["b", "c", "d", "e"])
        #expect(map.nodes(of: "bob", except: ["1"], now: .now).map(\.node.name) == ["c", "d", "e"])
        #expect(map.nodes(of: "bob", except: ["1", "2"], now: .now).map(\.node.name) == ["c", "e"])
    }

    @Test("a phone that calls its own user is not rung where it is registered; the user's others are")
    func caller() throws {
        var map = ClusterMap()
        _ = map.take(.loaded([
            "b": try Self.content(["1"], at: 100), "c": try Self.content(["1", "2"]), "d": try Self.content([nil]), "e": try Self.content([nil], browsers: ["bob"]),
        ]))
        _ = map.take(.alive(["b", "c", "d", "e"], of: ["b", "c", "d", "e"]))
        let binding = try #require(map.bindings(of: "bob").first { $0.node == "b" }?.binding)
        let targets = map.nodes(of: "bob", caller: binding.contact, now: .now)
        #expect(targets.map(\.node.name) == ["c", "e"] && targets.first?.excepted == ["1"], "\(targets)")
        #expect(map.nodes(of: "bob", caller: SIPURI("sip:bob@192.0.2.250"), now: .now).map(\.node.name) == ["b", "c", "d", "e"])
    }

    @Test("a phone with flows at several nodes is rung at the one where it has registered last, and others are told to leave it")
    func flows() throws {
        var map = ClusterMap()
        _ = map.take(.loaded([
            "b": try Self.content(["1", "2"]), "c": try Self.content(["1"], at: 100), "d": try Self.content(["1"], browsers: ["bob"]), "e": try Self.content(["1"], at: 50),
        ]))
        _ = map.take(.alive(["b", "c", "d", "e"], of: ["b", "c", "d", "e", "f"]))
        func targets(except instances: Set<String> = []) -> [String: Set<String>] {
            Dictionary(uniqueKeysWithValues: map.nodes(of: "bob", except: instances, now: .now).map { ($0.node.name, $0.excepted) })
        }
        #expect(targets() == ["b": ["1"], "c": [], "d": ["1"]])
        // Where the phone is not reached there, it may be at a node that rings nothing else.
        #expect(map.nodes(of: "bob", now: .now).map { $0.fallbacks.map(\.node.name) } == [[], ["e"], []])
        #expect(targets(except: ["2"]) == ["c": [], "d": ["1"]])
        // Where that node takes no calls the next one has it.
        _ = map.take(.alive(["b", "d", "e"], of: ["b", "c", "d", "e", "f"]))
        #expect(targets() == ["b": ["1"], "d": ["1"], "e": []])
        _ = map.take(.alive(["b"], of: ["b", "c", "d", "e", "f"]))
        #expect(targets() == ["b": []])
        #expect(targets(except: ["1", "2"]) == [:])
    }

    @Test("a node that is asked in the place of another rings the phones of that one alone")
    func fallbacks() throws {
        var map = ClusterMap()
        _ = map.take(.loaded(["b": try Self.content(["1"], at: 100), "c": try Self.content(["2"], at: 100), "d": try Self.content(["1", "2", "3"])]))
        _ = map.take(.alive(["b", "c", "d"], of: ["b", "c", "d"]))
        let targets = map.nodes(of: "bob", except: ["3"], now: .now)
        #expect(targets.map(\.node.name) == ["b", "c"])
        #expect(targets.map { $0.fallbacks.map { "\($0.node.name) \($0.excepted.sorted())" } } == [["d [\"2\", \"3\"]"], ["d [\"1\", \"3\"]"]])
    }

    @Test("a node that is gone is known as long as it has bindings in Redis, and forgotten when it is taken out")
    func forgotten() throws {
        var map = ClusterMap()
        _ = map.take(.loaded(["b": try Self.content(["1"]), "c": try Self.content(["2"])]))
        _ = map.take(.alive(["c"], of: ["b", "c"]))
        #expect(map.states.map(\.node.name) == ["b", "c"] && map.states.map(\.isAlive) == [false, true])
        var released = 0
        _ = map.take(.alive(["c"], of: ["c"])) { released += $0.count }
        #expect(map.states.map(\.node.name) == ["c"] && released == 1)
    }

    @Test("what a node that is gone has of a phone that another one rings is left, the rest is rung, the most recent first")
    func stranded() throws {
        var map = ClusterMap()
        _ = map.take(.loaded(["b": try Self.content(["1", "2", nil, "3"]), "c": try Self.content(["2"])]))
        _ = map.take(.alive(["c"], of: ["b", "c", "d", "e", "f"]))
        #expect(map.stranded(of: "bob", now: .now).map(\.instance) == ["3", nil, "1"])
        _ = map.take(.alive([], of: ["b", "c", "d", "e", "f"]))
        #expect(map.stranded(of: "bob", now: .now).count == 5)
    }
}
