internal import CJanusPlugin
internal import Glibc
internal import RTP

/// How many events a leg may cause: some at once, and a few a second. A peer that floods makes no more. Under the leg's receiving lock.
struct EventBudget {
    static let most: Int64 = 20
    /// Microseconds for one more.
    static let interval: Int64 = 100_000

    private var left = EventBudget.most
    private var last: Int64 = 0

    /// Whether one more may be reported.
    mutating func spend(_ now: Int64) -> Bool {
        let earned = max(now &- last, 0) / EventBudget.interval
        if earned > 0 {
            left = min(left &+ min(earned, EventBudget.most), EventBudget.most)
            last = now
        }
        guard left > 0 else { return false }
        left = left &- 1
        return true
    }
}

/// A report of a thread that handles packets; the control thread makes an event of it.
struct Note {
    enum Kind: UInt8 {
        case digit, toneDigit, latched, flowing, silent, unreachable, keyframeWanted, recordingFailed
    }

    var leg = LegReference()
    var kind = Kind.digit
    var medium = Medium.audio
    var character: Character?
    /// How long the digit was pressed, in milliseconds.
    var duration: UInt32 = 0
    var address: MediaAddress?
    var former: MediaAddress?
}

/// The queue of notes for the control thread: at most 4,096, allocated once. A note that does not fit is dropped.
enum Notes {
    private struct Queue: @unchecked Sendable {
        static let capacity = 4_096
        let lock = Lock()
        let condition: UnsafeMutablePointer<pthread_cond_t>
        let ring: UnsafeMutablePointer<Note>
        let state: UnsafeMutablePointer<(first: Int, count: Int, isOver: Bool)>

        init() {
            condition = .allocate(capacity: 1)
            condition.initialize(to: pthread_cond_t())
            pthread_cond_init(condition, nil)
            ring = .allocate(capacity: Queue.capacity)
            ring.initialize(repeating: Note(), count: Queue.capacity)
            state = .allocate(capacity: 1)
            state.initialize(to: (0, 0, false))
        }
    }

    private static let queue = Queue()

    /// Leaves a note. Without waiting, without an allocation; may be called with a leg's lock held.
    static func post(_ note: Note) {
        let queue = queue
        queue.lock.lock()
        defer { queue.lock.unlock() }
        let count = queue.state.pointee.count
        guard count < Queue.capacity else { return }
        queue.ring[(queue.state.pointee.first &+ count) % Queue.capacity] = note
        queue.state.pointee.count = count &+ 1
        pthread_cond_signal(queue.condition)
    }

    /// The next note; waits for it. Nil when the plugin ends.
    static func next() -> Note? {
        let queue = queue
        queue.lock.lock()
        defer { queue.lock.unlock() }
        while queue.state.pointee.count == 0, !queue.state.pointee.isOver { queue.lock.wait(for: queue.condition) }
        guard !queue.state.pointee.isOver else { return nil }
        let note = queue.ring[queue.state.pointee.first]
        queue.state.pointee.first = (queue.state.pointee.first &+ 1) % Queue.capacity
        queue.state.pointee.count = queue.state.pointee.count &- 1
        return note
    }

    /// The plugin ends: nobody waits any longer.
    static func end() {
        queue.lock.locked { queue.state.pointee.isOver = true }
        pthread_cond_broadcast(queue.condition)
    }
}

/// The thread that makes events of notes.
enum Control {
    /// Runs until the plugin ends.
    static func run() {
        while let note = Notes.next() { push(note) }
    }

    private static func push(_ note: Note) {
        guard let session = note.leg.leg?.retainSession(of: note.leg.generation) else { return }
        let event = event(note)
        _ = tern_push_event(session, nil, event.object, nil)
        event.release()
        tern_session_release(session)
    }

    private static func event(_ note: Note) -> Reply {
        let event = Reply("event")
        switch note.kind {
        case .digit, .toneDigit:
            event.set("event", note.kind == .digit ? "digit" : "tone_digit")
            event.set("kind", note.medium.name)
            event.set("digit", note.character.map { String($0) } ?? "")
            event.set("duration", UInt64(note.duration))
        case .latched:
            event.set("event", "latched")
            event.set("kind", note.medium.name)
            if let address = note.address { set(address, in: event) }
            if let former = note.former {
                let object = Reply()
                set(former, in: object)
                event.set("former", object)
            }
        case .flowing, .silent:
            event.set("event", note.kind == .flowing ? "flowing" : "silent")
            event.set("kind", note.medium.name)
        case .unreachable:
            event.set("event", "unreachable")
            event.set("kind", note.medium.name)
        case .keyframeWanted:
            event.set("event", "keyframe_wanted")
        case .recordingFailed:
            event.set("event", "error")
            event.set("what", "recording")
            event.set("reason", "Janus could not open the file for \(note.medium.name); its log says why.")
        }
        return event
    }

    private static func set(_ address: MediaAddress, in object: Reply) {
        object.set("address", address.text)
        object.set("port", UInt64(address.port))
    }
}
