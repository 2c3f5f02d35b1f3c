internal import CJanusPlugin
internal import CSRTP
internal import Glibc
internal import RTP

/// All legs. Requests and the ends of handles go one after the other under its lock; packets never take it.
final class Legs: @unchecked Sendable {
    static let shared = Legs()

    /// Taken before any lock of a leg. No thread calls the core with it held.
    let lock = Lock()
    private var byID: [UInt64: LegPointer] = [:]
    private var free: [LegPointer] = []
    /// Every place that there is, free or not.
    private var places: [LegPointer] = []
    /// Sessions of handles that have ended, and when they may be released.
    private var ended: [(session: JanusSession, due: Int64)] = []

    /// Loops of Janus in which PeerConnections are up.
    private var loops = Loops()

    /// Places that are made at a time.
    private static let slab = 64
    /// The core may be about to hand over a message of a handle that ends just now: so long its session stays. Microseconds.
    private static let grace: Int64 = 2_000_000

    /// A handle is there: its leg as well.
    func create(_ session: JanusSession) {
        lock.lock()
        defer { lock.unlock() }
        if free.isEmpty { makePlaces() }
        guard let leg = free.popLast() else { return }
        var id: UInt64
        repeat { id = .random(in: 1..<(1 << 53)) } while byID[id] != nil
        byID[id] = leg
        leg.locked { leg.begin(session, id: id) }
        session.pointee.plugin_handle = UnsafeMutableRawPointer(leg)
    }

    /// A handle has ended. Its session is released some time later.
    func close(_ session: JanusSession) {
        guard let leg = session.leg else { return }
        lock.lock()
        guard leg.locked({ leg.pointee.session == session }) else { return lock.unlock() }
        byID[leg.pointee.id] = nil
        let peer = leg.locked { leg.pointee.peer }
        let remains = leg.locked { leg.end() }
        leg.pointee.poller = nil
        Setups.end(leg)
        loops.leave(leg)
        Loops.place(peer)
        free.append(leg)
        ended.append((session, Clock.now() &+ Legs.grace))
        lock.unlock()
        remains.dispose()
        lock.locked { Ports.shared.release() }
    }

    /// Under the lock.
    func find(_ id: UInt64) -> LegPointer? { byID[id] }

    /// Every place, for the periodic work.
    func all() -> [LegPointer] { lock.locked { places } }

    /// Releases the sessions whose time has come.
    func releaseEnded(now: Int64) {
        lock.lock()
        let due = ended.prefix { $0.due <= now }
        ended.removeFirst(due.count)
        lock.unlock()
        for entry in due { tern_session_release(entry.session) }
    }

    /// A PeerConnection is up; called in its loop's thread.
    func setUp(_ leg: LegPointer, of session: JanusSession) {
        lock.lock()
        defer { lock.unlock() }
        guard leg.locked({ leg.pointee.session == session }) else { return }
        Setups.end(leg)
        loops.enter(leg)
        Loops.place(leg.locked { leg.pointee.peer })
    }

    /// A PeerConnection is over; called in its loop's thread.
    func hangUp(_ leg: LegPointer, of session: JanusSession) {
        lock.lock()
        defer { lock.unlock() }
        guard leg.locked({ leg.pointee.session == session }) else { return }
        Setups.end(leg)
        loops.leave(leg)
        Loops.place(leg.locked { leg.pointee.peer })
    }

    private func makePlaces() {
        let slab = LegPointer.allocate(capacity: Legs.slab)
        for index in 0..<Legs.slab {
            (slab + index).initialize(to: Leg())
            places.append(slab + index)
            free.append(slab + index)
        }
    }
}

extension UnsafeMutablePointer where Pointee == janus_plugin_session {
    /// The place of the handle's leg; who uses it makes sure that it is still this handle's.
    @inline(__always)
    var leg: LegPointer? { pointee.plugin_handle?.assumingMemoryBound(to: Leg.self) }
}

/// Sockets, SRTP contexts, recorders, sent packets and line tests that a leg no longer has: to be closed without a lock.
struct Remains {
    var descriptors: [Int32] = []
    var contexts: [srtp_t] = []
    var recorders: [UnsafeMutablePointer<janus_recorder>] = []

    var stores: [SentPackets] = []
    var tests: [UnsafeMutablePointer<LineTest>] = []

    mutating func add(_ test: UnsafeMutablePointer<LineTest>?) { if let test { tests.append(test) } }
    mutating func add(_ store: SentPackets?) { if let store { stores.append(store) } }
    mutating func add(_ context: srtp_t?) { if let context { contexts.append(context) } }
    mutating func add(_ recorder: UnsafeMutablePointer<janus_recorder>?) { if let recorder { recorders.append(recorder) } }

    func dispose() {
        for store in stores { store.deallocate() }
        for test in tests {
            test.pointee.end()
            test.deinitialize(count: 1)
            test.deallocate()
        }
        for context in contexts { srtp_dealloc(context) }
        for recorder in recorders {
            janus_recorder_close(recorder)
            janus_recorder_destroy(recorder)
        }
        for descriptor in descriptors where descriptor >= 0 { Glibc.close(descriptor) }
    }
}
