@testable import Calls
import EventLoop
import Testing

@LoopActor
@Suite struct TestCallOrdersTests {
    private let order = TestCallOrders.Order(probe: "berlin", dialled: "+4930123", trunk: "carrier", source: "192.0.2.1")

    @Test func `an address is worth one call, and there are a few at once`() throws {
        let orders = TestCallOrders()
        let addresses = try (0..<TestCallOrders.maximum).map { _ in try #require(orders.issue(order)) }
        #expect(Set(addresses).count == addresses.count && addresses.allSatisfy { $0.utf8.count == 42 })
        #expect(orders.issue(order) == nil)
        #expect(orders.take(addresses[0], from: "192.0.2.1:40000") == order)
        #expect(orders.take(addresses[0], from: "192.0.2.1:40000") == nil)
        #expect(orders.take("test-call-", from: "192.0.2.1:1") == nil && orders.take("alice", from: "192.0.2.1:1") == nil)
        #expect(orders.issue(order) != nil)
        // From elsewhere it is worth nothing, and then nobody's.
        #expect(orders.take(addresses[1], from: "192.0.2.2:40000") == nil)
        #expect(orders.take(addresses[1], from: "192.0.2.1:40000") == nil)
    }
}
