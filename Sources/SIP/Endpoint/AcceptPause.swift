internal import CSofiaSIP
internal import EventLoop
internal import Logging

/// Has the listening sockets of SIP accept nobody for a moment while few descriptors are left (``DescriptorReserve``). Whoever connects waits in the
/// system's queue meanwhile; ``ConnectionBounds`` makes room.
@LoopActor
enum AcceptPause {
    static let length = Duration.milliseconds(200)
    private static var lines = LineBudget(perSecond: 1)

    /// Harmless when repeated.
    static func install() {
        tern_on_accepting { LoopActor.assumeIsolated { AcceptPause.mayAccept() } ? 1 : 0 }
    }

    private static func mayAccept() -> Bool {
        guard DescriptorReserve.isReached else { return true }
        let (isAdmitted, omitted) = lines.admit()
        if isAdmitted {
            Logger(label: "sip").warning("No SIP connections are accepted for a moment: few descriptors are left", metadata: [
                "limit": "\(DescriptorReserve.limit)", "omitted": "\(omitted)",
            ])
        }
        _ = LoopTimer.schedule(after: length) { tern_resume_accepting() }
        return false
    }
}
