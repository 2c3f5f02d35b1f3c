internal import CSRTP

/// Contexts for the keys of a medium that are others than before. One that is the same keeps its context, and so its counters.
struct NewKeys {
    private let medium: Medium
    private let local, remote: SRTPKey?
    private let outbound, inbound: srtp_t?
    /// Whether the library has made what was asked for.
    let isComplete: Bool

    /// Makes the contexts, without a lock. Nobody else changes keys meanwhile, as ``Legs``' lock is held.
    init(_ description: MediumDescription, of leg: LegPointer) {
        let medium = description.medium
        self.medium = medium
        local = description.localKey
        remote = description.remoteKey
        let needsLocal = local != nil && leg.pointee.sending.locked { leg.sender(medium).pointee.srtp.key != description.localKey }
        let needsRemote = remote != nil && leg.pointee.receiving.locked { leg.receiver(medium).pointee.srtp.key != description.remoteKey }
        outbound = needsLocal ? local?.context(isInbound: false) : nil
        inbound = needsRemote ? remote?.context(isInbound: true) : nil
        isComplete = needsLocal == (outbound != nil) && needsRemote == (inbound != nil)
    }

    /// Under the leg's locks.
    func install(in leg: LegPointer, _ remains: inout Remains) {
        let receiver = leg.receiver(medium), sender = leg.sender(medium)
        if sender.pointee.srtp.key != local {
            remains.add(sender.pointee.srtp.replace(local, outbound))
            // Protected with the former key.
            sender.pointee.sent?.clear()
        }
        if receiver.pointee.srtp.key != remote { remains.add(receiver.pointee.srtp.replace(remote, inbound)) }
    }

    /// Gives back what is not installed.
    func dispose() {
        if let outbound { srtp_dealloc(outbound) }
        if let inbound { srtp_dealloc(inbound) }
    }
}
