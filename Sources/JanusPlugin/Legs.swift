internal import CJanusPlugin
internal import CSRTP
internal import Glibc

/// All legs. Requests and the ends of handles go one after the other under its lock; packets never take it.
final class Legs: @unchecked Sendable {
    static let shared = Legs()

    /// Taken before any lock of a leg. The core is not called with it held, as the core may wait for others meanwhile.
    let lock = Lock()
    private var byID: [UInt64: LegPointer] = [:]
    private var free: [LegPointer] = []
    /// Every place that there is, free or not.
    private var places: [LegPointer] = []
    /// Sessions of handles that have ended, and when they may be released.
    private var ended: [(session: JanusSession, due: Int64)] = []

    /// Loops of Janus in which PeerConnections are up.
    private var loops: [OpaquePointer: Loop] = [:]

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
        leave(leg)
        place(peer)
        free.append(leg)
        ended.append((session, Clock.now() &+ Legs.grace))
        lock.unlock()
        remains.dispose()
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
        guard leg.locked({ leg.pointee.session == session }), leg.pointee.loop == nil, let context = tern_current_loop() else { return }
        let loop = loops[context] ?? Loop(context)
        loops[context] = loop
        loop.users += 1
        leg.pointee.loop = loop
        place(leg.locked { leg.pointee.peer })
    }

    /// A PeerConnection is over; called in its loop's thread.
    func hangUp(_ leg: LegPointer, of session: JanusSession) {
        lock.lock()
        defer { lock.unlock() }
        guard leg.locked({ leg.pointee.session == session }) else { return }
        leave(leg)
        place(leg.locked { leg.pointee.peer })
    }

    /// Under the lock.
    private func leave(_ leg: LegPointer) {
        guard let loop = leg.pointee.loop else { return }
        leg.pointee.loop = nil
        loop.users -= 1
        guard loop.users <= 0 else { return }
        loops[loop.context] = nil
        loop.end()
    }

    /// Has the sockets of a plain leg read in the loop of the PeerConnection that it talks with, else by the relay. Under the lock, whenever one
    /// of the two has got another peer, or the PeerConnection has come up or is over.
    func place(_ reference: LegReference) {
        guard let leg = reference.leg, leg.locked({ leg.pointee.generation == reference.generation && leg.pointee.kind == .plain }) else { return }
        let poller = loop(for: leg)?.poller ?? Relay.shared.poller
        guard leg.pointee.poller !== poller else { return }
        let former = leg.pointee.poller
        leg.pointee.poller = poller
        for medium in Medium.allCases {
            let sockets = leg.pointee.receiving.locked { (leg.receiver(medium).pointee.rtp, leg.receiver(medium).pointee.rtcp) }
            guard sockets.0 >= 0 else { continue }
            former?.remove(sockets.0)
            former?.remove(sockets.1)
            poller.add(sockets.0, of: leg, medium, isRTCP: false)
            poller.add(sockets.1, of: leg, medium, isRTCP: true)
        }
    }

    private func loop(for leg: LegPointer) -> Loop? {
        let (own, peer) = leg.locked { (leg.reference, leg.pointee.peer) }
        guard let other = peer.leg, other.locked({ other.pointee.generation == peer.generation && other.pointee.peer == own }) else { return nil }
        return other.pointee.loop
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

/// What a leg had, or has no longer, and what is to be given back when no lock is held.
struct Remains {
    var descriptors: [Int32] = []
    var contexts: [srtp_t] = []
    var recorders: [UnsafeMutablePointer<janus_recorder>] = []

    mutating func add(_ context: srtp_t?) { if let context { contexts.append(context) } }
    mutating func add(_ recorder: UnsafeMutablePointer<janus_recorder>?) { if let recorder { recorders.append(recorder) } }

    func dispose() {
        for context in contexts { srtp_dealloc(context) }
        for recorder in recorders {
            janus_recorder_close(recorder)
            janus_recorder_destroy(recorder)
        }
        for descriptor in descriptors where descriptor >= 0 { Glibc.close(descriptor) }
    }
}

extension LegPointer {
    /// Under both locks.
    fileprivate func begin(_ session: JanusSession, id: UInt64) {
        pointee.generation = pointee.generation &+ 1
        pointee.session = session
        pointee.id = id
        pointee.kind = .undecided
        pointee.peer = LegReference()
        pointee.isUp = false
        pointee.limit = BitrateLimit()
        pointee.cname = LegPointer.randomName()
        pointee.events = EventBudget()
        pointee.keyframes = KeyframeRequests()
        for medium in Medium.allCases {
            receiver(medium).pointee.reset(medium)
            sender(medium).pointee.reset(medium)
        }
    }

    private static func randomName() -> (UInt64, UInt64) {
        let letters = (0..<16).map { _ in UInt8.random(in: UInt8(ascii: "a")...UInt8(ascii: "z")) }
        return letters.withUnsafeBytes { ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) }
    }

    /// Under both locks: from now on nobody finds what the leg had.
    fileprivate func end() -> Remains {
        var remains = Remains()
        pointee.generation = pointee.generation &+ 1
        pointee.session = nil
        pointee.id = 0
        pointee.kind = .undecided
        pointee.peer = LegReference()
        pointee.isUp = false
        for medium in Medium.allCases {
            remains.descriptors += [receiver(medium).pointee.rtp, receiver(medium).pointee.rtcp]
            remains.add(receiver(medium).pointee.srtp.replace(nil, nil))
            remains.add(sender(medium).pointee.srtp.replace(nil, nil))
            remains.add(receiver(medium).pointee.capture.replace(nil))
            receiver(medium).pointee.reset(medium)
            sender(medium).pointee.reset(medium)
        }
        return remains
    }
}
