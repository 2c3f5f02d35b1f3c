internal import CJanusPlugin
internal import Glibc

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
                Complaints.shared.warn("The system refuses to watch a phone's sockets (\(String(cString: strerror(errno)))): its \(medium.name) is not heard.")
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
