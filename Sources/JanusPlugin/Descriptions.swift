internal import CJanusPlugin
internal import Glibc

/// A session description that the core is to make ready for a PeerConnection: the request `give`.
struct Description {
    let leg: LegReference
    let transaction: String
    let type: String
    let sdp: String

    /// - Throws: 400 where a member is missing or malformed.
    init(_ fields: Fields, transaction: String, leg: LegReference) throws(RequestError) {
        guard let type = try fields.string("type"), type == "offer" || type == "answer" else {
            throw .malformed("\"type\" is neither offer nor answer.")
        }
        guard let sdp = try fields.string("sdp", longest: 65_536), !sdp.isEmpty else { throw .malformed("\"sdp\" is missing.") }
        self.leg = leg
        self.transaction = transaction
        self.type = type
        self.sdp = sdp
    }

    /// Has the core do it, and answers with what comes of it. The core may wait some seconds, for candidates or for a former PeerConnection.
    func give() {
        guard let session = leg.leg?.retainSession(of: leg.generation) else { return }
        defer { tern_session_release(session) }
        let event = Reply("give"), jsep = Reply()
        jsep.set("type", type)
        jsep.set("sdp", sdp)
        let code = tern_push_event(session, transaction, event.object, jsep.object)
        event.release()
        jsep.release()
        guard code != 0 else { return }
        let failure = Reply(
            .conflict("Janus refuses the \(type) (\(code)): it is malformed, or the PeerConnection is in another state."), to: "give")
        _ = tern_push_event(session, transaction, failure.object, nil)
        failure.release()
    }
}

/// The threads that give session descriptions to the core. Those of one leg go one after the other.
final class Descriptions: @unchecked Sendable {
    static let threads = 4
    static let shared = (0..<threads).map { _ in Descriptions() }

    /// The one for a leg.
    static func of(_ leg: LegPointer) -> Descriptions { shared[Int(UInt(bitPattern: leg) / UInt(MemoryLayout<Leg>.stride) % UInt(threads))] }

    /// How many may wait for a thread.
    private static let most = 1_000

    private let lock = Lock()
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var waiting: [Description] = []
    private var isOver = false

    private init() {
        condition = .allocate(capacity: 1)
        condition.initialize(to: pthread_cond_t())
        pthread_cond_init(condition, nil)
    }

    /// - Throws: 429 where too many wait.
    func append(_ description: Description) throws(RequestError) {
        try lock.locked { () throws(RequestError) in
            guard waiting.count < Descriptions.most else { throw RequestError(code: 429, reason: "Too many descriptions wait.") }
            waiting.append(description)
        }
        pthread_cond_signal(condition)
    }

    /// Runs until the plugin ends.
    func run() {
        while let description = next() { description.give() }
    }

    func end() {
        lock.locked { isOver = true }
        pthread_cond_broadcast(condition)
    }

    private func next() -> Description? {
        lock.lock()
        defer { lock.unlock() }
        while waiting.isEmpty, !isOver { lock.wait(for: condition) }
        return isOver || waiting.isEmpty ? nil : waiting.removeFirst()
    }
}
