import EventLoop
import Events
import Testing

@LoopActor
@Suite struct EventStreamTests {
    @Test func `a listener is told the kinds that it wants, in order, until it is let go of`() {
        let stream = EventStream()
        var told: [Event.Subject] = []
        var listening: EventListening? = stream.listen(to: [.call, .session]) { told.append($0.subject) }
        stream.tell("1", .rings)
        stream.tell(session: "2", .up)
        stream.tell(.log, .gateway, .log(LogLine(level: "info", label: "", message: "", fields: [])))
        #expect(told == [.call("1"), .session("2")])
        _ = listening
        listening = nil
        #expect(!stream.wants(.call))
        stream.tell("3", .rings)
        #expect(told.count == 2)
    }

    @Test func `what nobody listens to is not made`() {
        let stream = EventStream()
        let listening = stream.listen(to: .call) { _ in }
        var made = 0
        func content() -> Event.Content {
            made += 1
            return .session(.up)
        }
        stream.tell(.session, .session("1"), content())
        #expect(made == 0)
        stream.tell(.call, .call("1"), content())
        #expect(made == 1)
        withExtendedLifetime(listening) {}
    }
}
