@testable import Calls
import EventLoop
import Testing

@LoopActor
@Suite struct TestCallOrdersTests {
    private let order = TestCallOrders.Order(probe: "berlin", dialled: "+4930123", trunk: "carrier")

    @Test func `an address is worth one call, and there are a few at once`() throws {
        let orders = TestCallOrders()
        let addresses = try (0..<TestCallOrders.maximum).map { _ in try #require(orders.issue(order)) }
        #expect(Set(addresses).count == addresses.count && addresses.allSatisfy { $0.utf8.count == 42 })
        #expect(orders.issue(order) == nil)
        #expect(orders.take(addresses[0]) == order)
        #expect(orders.take(addresses[0]) == nil)
        #expect(orders.take("test-call-") == nil && orders.take("alice") == nil)
        #expect(orders.issue(order) != nil)
    }
}
