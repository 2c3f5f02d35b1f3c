internal import EventLoop

/// Stands in for the WebSocket target's client until that has one.
@LoopActor final class WebSocketClient {
  init(url: String, subprotocol: String, onOpen: @escaping @LoopActor () -> Void, onText: @escaping @LoopActor (String) -> Void, onClosed: @escaping @LoopActor (String) -> Void) {}
  func connect() throws {}
  func send(_ text: String) {}
  func close() {}
}
