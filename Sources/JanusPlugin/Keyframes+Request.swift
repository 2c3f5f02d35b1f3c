internal import CJanusPlugin
internal import Glibc
internal import RTP

extension LegPointer {
    /// Asks the leg's party for a full picture: at once, or when the last request is old enough. No lock may be held.
    ///
    /// - Returns: Whether there is somebody who can be asked.
    @discardableResult
    func requestKeyframe(generation: UInt64, now: Int64) -> Bool {
        askForKeyframe(generation: generation, now: now) { requests in requests.request(now: now) }
    }

    /// Asks for the picture that was to be asked for later.
    func requestDueKeyframe(generation: UInt64, now: Int64) {
        askForKeyframe(generation: generation, now: now) { requests in requests.lapse(now: now) }
    }

    @discardableResult
    private func askForKeyframe(generation: UInt64, now: Int64, _ isTime: (inout KeyframeRequests) -> Bool) -> Bool {
        pointee.sending.lock()
        let sender = sender(.video)
        guard pointee.generation == generation, let session = pointee.session, sender.pointee.isOpen else {
            pointee.sending.unlock()
            return false
        }
        switch pointee.kind {
        case .webrtc, .undecided:
            let isUp = pointee.isUp
            let asks = isUp && isTime(&pointee.keyframes)
            let mindex = sender.pointee.mindex
            if asks { tern_session_retain(session) }
            pointee.sending.unlock()
            if asks {
                tern_send_pli(session, mindex)
                tern_session_release(session)
            }
            return isUp
        case .plain:
            let asks = isTime(&pointee.keyframes)
            pointee.sending.unlock()
            if asks { Notes.post(Note(leg: LegReference(leg: self, generation: generation), kind: .keyframeWanted, medium: .video)) }
            return false
        }
    }
}
