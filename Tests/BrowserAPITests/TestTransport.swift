import BrowserAPI
import EventLoop
import JSON

/// A connection without a socket: what is sent to it can be awaited, one message after the other.
@LoopActor
final class TestTransport: BrowserTransport {
    nonisolated let id: UInt64
    nonisolated let remoteAddress = "192.0.2.1"
    private(set) var closing: (code: Int, reason: String)?
    private var unread: [JSONValue] = []
    private var reader: CheckedContinuation<JSONValue, Never>?
    private var closeWaiter: CheckedContinuation<Void, Never>?

    init(id: UInt64) { self.id = id }

    func send(_ text: String) {
        let message = (try? JSONValue(parsing: text)) ?? .string("not JSON: \(text)")
        if let reader {
            self.reader = nil
            reader.resume(returning: message)
        } else {
            unread.append(message)
        }
    }

    func close(code: Int, reason: String) {
        if closing == nil { closing = (code, reason) }
        closeWaiter?.resume()
        closeWaiter = nil
    }

    /// The next message that was not read yet, waiting for it where there is none.
    func next() async -> JSONValue {
        // The look and the wait are one step: an await may let others run, even on the same actor.
        await withCheckedContinuation { waiter in
            if unread.isEmpty { reader = waiter } else { waiter.resume(returning: unread.removeFirst()) }
        }
    }

    /// What was sent and not read yet.
    func rest() -> [JSONValue] {
        defer { unread = [] }
        return unread
    }

    /// The status with which the server closed it, waiting for that.
    func closed() async -> Int {
        await withCheckedContinuation { waiter in
            if closing == nil { closeWaiter = waiter } else { waiter.resume() }
        }
        return closing?.code ?? 0
    }
}
