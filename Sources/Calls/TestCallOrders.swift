public import EventLoop
internal import SIPNames

/// The test calls that may come in: each has an address of its own, which is worth one call and is not guessed.
@LoopActor
public final class TestCallOrders {
    /// What a test call is for.
    public struct Order: Sendable, Equatable {
        /// The probe's name.
        public var probe: String
        public var dialled: String
        /// The trunk that it is dialled on; nil where the routes decide.
        public var trunk: String?
        /// The user as whom the routes see it; nil for nobody.
        public var user: String?
        /// The address that it comes from.
        public var source: String

        public init(probe: String, dialled: String, trunk: String? = nil, user: String? = nil, source: String) {
            self.probe = probe
            self.dialled = dialled
            self.trunk = trunk
            self.user = user
            self.source = source
        }
    }

    /// Addresses at once.
    public static let maximum = 8
    private static let lifetime = Duration.seconds(30)
    private static let prefix = "test-call-"

    private var orders: [String: (order: Order, timer: LoopTimer)] = [:]

    public nonisolated init() {}

    /// - Returns: The user part of the URI under which the call comes in, within 30 s; nil where too many wait.
    public func issue(_ order: Order) -> String? {
        guard orders.count < TestCallOrders.maximum else { return nil }
        var generator = SystemRandomNumberGenerator()
        let user = TestCallOrders.prefix + (0..<2).map { _ in
            let digits = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
        orders[user] = (order, LoopTimer.schedule(after: TestCallOrders.lifetime) { [weak self] in self?.orders[user] = nil })
        return user
    }

    /// Whether a test call is expected under that user part.
    func isExpected(_ user: String) -> Bool { orders[user] != nil }

    /// The order of an INVITE's user, which is used up by it; nil as well where the INVITE comes from elsewhere than the order says.
    ///
    /// - Parameter source: `address:port`.
    func take(_ user: String, from source: String) -> Order? {
        guard user.hasPrefix(TestCallOrders.prefix), let entry = orders.removeValue(forKey: user) else { return nil }
        entry.timer.cancel()
        guard let address = SocketAddress(source)?.ip, address == IPAddress(entry.order.source) else { return nil }
        return entry.order
    }
}
