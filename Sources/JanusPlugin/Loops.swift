internal import CJanusPlugin
internal import Glibc
internal import RTP
internal import Synchronization

/// The loops of Janus in which PeerConnections are up, and which sockets they read. All of it is under ``Legs``' lock.
struct Loops {
    private var byContext: [OpaquePointer: Loop] = [:]

    /// The leg's PeerConnection is up. In its loop's thread.
    mutating func enter(_ leg: LegPointer) {
        guard leg.pointee.loop == nil, let context = tern_current_loop() else { return }
        guard let loop = byContext[context] ?? Loop(context) else {
            return Complaints.shared.warn("There is no descriptor for a loop of Janus: the engine's own thread reads the phones of its calls.")
        }
        byContext[context] = loop
        loop.users += 1
        leg.pointee.loop = loop
    }

    /// The leg's PeerConnection is over. In its loop's thread.
    mutating func leave(_ leg: LegPointer) {
        guard let loop = leg.pointee.loop else { return }
        leg.pointee.loop = nil
        loop.users -= 1
        guard loop.users <= 0 else { return }
        byContext[loop.context] = nil
        loop.end()
    }

    /// Has a plain leg's sockets read in the loop of the PeerConnection that it talks with, else by the relay.
    ///
    /// To be called whenever one of the two has another peer, and when the PeerConnection comes up or is over.
    static func place(_ reference: LegReference) {
        guard let leg = reference.leg,
            leg.locked({ leg.pointee.generation == reference.generation && leg.pointee.kind == .plain })
        else { return }
        let poller = loop(for: leg)?.poller ?? Relay.shared.poller
        guard leg.pointee.poller !== poller else { return }
        let former = leg.pointee.poller
        leg.pointee.poller = poller
        for medium in Medium.allCases {
            let pair = leg.pointee.receiving.locked { (leg.receiver(medium).pointee.rtp, leg.receiver(medium).pointee.rtcp) }
            guard pair.0 >= 0 else { continue }
            former?.remove(pair.0)
            former?.remove(pair.1)
            if !poller.add(pair, of: leg, medium) {
                Complaints.shared.warn("The system refuses to watch a phone's sockets (\(String(cString: strerror(errno)))): its \(medium.name) is not received.")
            }
        }
    }

    private static func loop(for leg: LegPointer) -> Loop? {
        let (own, peer) = leg.locked { (leg.reference, leg.pointee.peer) }
        guard let other = peer.leg,
            other.locked({ other.pointee.generation == peer.generation && other.pointee.peer == own })
        else { return nil }
        return other.pointee.loop
    }
}

/// A loop of Janus that has PeerConnections of ours: their peers' sockets are read in its thread, so that no packet changes threads; and when it
/// is busy, it turns less often.
///
/// It is there from the first PeerConnection in the loop to the last one: with a loop for each handle, a loop ends with its handle.
final class Loop {
    let context: OpaquePointer
    let poller: Poller
    /// How many PeerConnections are up in it.
    var users = 0
    private var source: UnsafeMutablePointer<GSource>?
    /// Used in the loop's thread.
    private let moderation: UnsafeMutablePointer<TurnModeration>
    /// Media pass a loop once each way, and a handshake takes several turns. Microseconds.
    private static let interval: Int64 = 1_000

    /// - Returns: Nil where the process has no descriptor left.
    init?(_ context: OpaquePointer) {
        let poller = Poller()
        guard poller.isUsable else { return nil }
        self.context = context
        self.poller = poller
        moderation = .allocate(capacity: 1)
        moderation.initialize(to: TurnModeration(interval: Loop.interval))
        source = tern_watch(
            context, poller.epoll,
            { argument in if let argument { Unmanaged<Loop>.fromOpaque(argument)._withUnsafeGuaranteedRef { $0.moderation.pointee.beginTurn(servesSetups: true) } } },
            { argument in if let argument { Unmanaged<Loop>.fromOpaque(argument)._withUnsafeGuaranteedRef { _ = $0.poller.turn(timeout: 0) } } },
            Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { moderation.deallocate() }

    /// In the loop's thread.
    func end() {
        if let source { tern_unwatch(source) }
        source = nil
    }
}

/// The PeerConnections that are being set up: each step of ICE and DTLS takes a turn of a loop. Written under ``Legs``' lock.
enum Setups {
    /// A description makes a PeerConnection count for so long: the other party may be ringing, or gone. Microseconds.
    private static let lifetime: Int64 = 300_000

    private static let count = Atomic<Int>(0)
    private static let end = Atomic<Int64>(0)

    /// Whether a PeerConnection is being set up.
    static func areUnderWay(now: Int64) -> Bool { count.load(ordering: .relaxed) > 0 && now < end.load(ordering: .relaxed) }

    /// The leg's offer or answer is there.
    static func begin(_ leg: LegPointer) {
        guard leg.pointee.loop == nil else { return }
        end.store(Clock.now() &+ lifetime, ordering: .relaxed)
        guard !leg.pointee.isConnecting else { return }
        leg.pointee.isConnecting = true
        count.add(1, ordering: .relaxed)
    }

    /// The leg's PeerConnection is up, or will not be.
    static func end(_ leg: LegPointer) {
        guard leg.pointee.isConnecting else { return }
        leg.pointee.isConnecting = false
        count.subtract(1, ordering: .relaxed)
    }
}

extension TurnModeration {
    /// `TERN_MODERATION=off` in the environment of Janus ends all moderation, for the benchmark to compare with.
    private static let isOff = getenv("TERN_MODERATION").map { String(cString: $0) == "off" } ?? false

    /// Begins a turn of the calling thread: waits before, if the thread is busy.
    ///
    /// - Parameter servesSetups: Whether PeerConnections that are being set up are this thread's.
    mutating func beginTurn(servesSetups: Bool) {
        guard !TurnModeration.isOff else { return }
        let now = Clock.now()
        let delay = delay(now: now, isUrgent: servesSetups && Setups.areUnderWay(now: now))
        guard delay > 0 else { return }
        var time = timespec(tv_sec: 0, tv_nsec: Int(delay) &* 1_000)
        nanosleep(&time, nil)
    }
}
