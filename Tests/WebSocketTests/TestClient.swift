import EventLoop
import WebSocket

/// A ``WebSocketClient`` whose events can be awaited one after the other.
@LoopActor
final class TestClient {
    enum Event: Equatable, Sendable { case open, text(String), closed(WebSocketClosure) }

    private(set) var client: WebSocketClient?
    private(set) var closures = 0
    private let events: AsyncStream<Event>
    private var iterator: AsyncStream<Event>.Iterator

    init(_ url: String, subprotocol: String = "tern", configuration: WebSocketClientConfiguration = .init()) {
        let (events, sink) = AsyncStream.makeStream(of: Event.self)
        self.events = events
        iterator = events.makeAsyncIterator()
        client = WebSocketClient(
            url: url, subprotocol: subprotocol, configuration: configuration,
            onOpen: { sink.yield(.open) },
            onText: { sink.yield(.text($0)) },
            onClosed: { [weak self] in
                self?.closures += 1
                sink.yield(.closed($0))
            })
    }

    func connect() throws { try client?.connect() }
    func send(_ text: String) { client?.send(text) }
    func close() { client?.close() }
    func stop() async { await client?.stop() }

    func next() async -> Event? {
        var iterator = iterator
        defer { self.iterator = iterator }
        return await iterator.next(isolation: LoopActor.shared)
    }
}
