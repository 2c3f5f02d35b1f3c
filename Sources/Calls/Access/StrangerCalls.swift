internal import SIPNames

/// What callers may have who have proven nothing.
public struct StrangerLimits: Sendable, Equatable {
    /// Calls from one address, and from one network (``SourceAddress``).
    public var perAddress = 100, perPrefix = 200
    /// Calls in all that are answered and that nobody has acknowledged.
    public var unacknowledged = 50
    /// The same from one address and from one network, where nobody there has acknowledged a call before.
    public var unacknowledgedPerAddress = 8, unacknowledgedPerPrefix = 16

    public init() {}
}

/// The calls of callers who have proven nothing, by where they come from. An address in a datagram proves nothing either: what an INVITE takes
/// before somebody acknowledges its answer is kept small.
struct StrangerCalls {
    private struct Call {
        let sources: [Source]
        var isAnswered = false, isAcknowledged = false

        var isWaiting: Bool { isAnswered && !isAcknowledged }
    }

    private enum Source: Hashable {
        case address(IPAddress)
        case network(IPAddress)
    }

    private struct Count {
        var calls = 0, waiting = 0
    }

    var limits: StrangerLimits
    /// Addresses whose calls count in all only.
    var exempt: ExemptAddresses
    private var calls: [String: Call] = [:]
    private var counts: [Source: Count] = [:]
    private var waiting = 0

    init(_ limits: StrangerLimits, exempt: ExemptAddresses = .none) {
        self.limits = limits
        self.exempt = exempt
    }

    var count: Int { calls.count }

    /// Counts a call, unless it is counted already.
    ///
    /// - Parameter address: Where it came from, without port; nil where it came by no INVITE of its own, and waits for no ACK.
    mutating func insert(_ id: String, from address: String?) {
        guard calls[id] == nil else { return }
        let sources = sources(of: address)
        calls[id] = Call(sources: sources, isAcknowledged: address == nil)
        for source in sources { counts[source, default: Count()].calls += 1 }
    }

    mutating func answer(_ id: String) { change(id) { $0.isAnswered = true } }

    mutating func acknowledge(_ id: String) { change(id) { $0.isAcknowledged = true } }

    mutating func remove(_ id: String) {
        acknowledge(id)
        guard let call = calls.removeValue(forKey: id) else { return }
        for source in call.sources {
            counts[source]?.calls -= 1
            if counts[source]?.calls == 0 { counts[source] = nil }
        }
    }

    private mutating func change(_ id: String, _ body: (inout Call) -> Void) {
        guard var call = calls[id] else { return }
        let before = call.isWaiting
        body(&call)
        calls[id] = call
        let step = (call.isWaiting ? 1 : 0) - (before ? 1 : 0)
        guard step != 0 else { return }
        waiting += step
        for source in call.sources { counts[source]?.waiting += step }
    }

    /// Whether one more call from there may begin without proof.
    ///
    /// - Parameter isProven: Whether that address has acknowledged something.
    func hasRoom(for address: String, isProven: Bool) -> Bool {
        if !isProven, waiting >= limits.unacknowledged { return false }
        return sources(of: address).allSatisfy { source in
            let count = counts[source] ?? Count()
            switch source {
            case .address: return count.calls < limits.perAddress && (isProven || count.waiting < limits.unacknowledgedPerAddress)
            case .network: return count.calls < limits.perPrefix && (isProven || count.waiting < limits.unacknowledgedPerPrefix)
            }
        }
    }

    private func sources(of address: String?) -> [Source] {
        guard let source = address.flatMap({ SourceAddress($0, exempt: exempt) }), !source.isExempt else { return [] }
        return [.address(source.address), .network(source.network)]
    }
}
