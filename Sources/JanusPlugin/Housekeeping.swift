internal import CJanusPlugin
internal import Glibc
internal import RTP

/// The periodic work of all legs.
enum Housekeeping {
    /// A phone is silent when it has sent no RTP for so long. Microseconds.
    static let silence: Int64 = 1_000_000

    static func run(now: Int64) {
        for leg in Legs.shared.all() { visit(leg, now) }
        Legs.shared.releaseEnded(now: now)
    }

    private static func visit(_ leg: LegPointer, _ now: Int64) {
        leg.pointee.receiving.lock()
        guard leg.pointee.session != nil else { return leg.pointee.receiving.unlock() }
        let generation = leg.pointee.generation
        for medium in Medium.allCases {
            leg.reportLapsedDigit(medium, now)
            leg.reportFlow(medium, now)
            leg.requestLostPackets(medium, now: now)
            leg.sendReport(medium, now: now)
        }
        leg.pointee.receiving.unlock()
        leg.requestDueKeyframe(generation: generation, now: now)
        leg.sendLimit(generation: generation, now: now)
    }
}

extension LegPointer {
    /// Under the receiving lock.
    fileprivate func reportFlow(_ medium: Medium, _ now: Int64) {
        let receiver = receiver(medium)
        guard pointee.kind == .plain else { return }
        if receiver.pointee.refusal.isDue(now: now) { Notes.post(Note(leg: reference, kind: .unreachable, medium: medium)) }
        guard receiver.pointee.lastRTP > 0 else { return }
        let isFlowing = now &- receiver.pointee.lastRTP < Housekeeping.silence
        guard isFlowing != receiver.pointee.isFlowing else { return }
        receiver.pointee.isFlowing = isFlowing
        Notes.post(Note(leg: reference, kind: isFlowing ? .flowing : .silent, medium: medium))
    }
}
