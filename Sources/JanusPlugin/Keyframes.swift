internal import CJanusPlugin
internal import Glibc
internal import RTP

/// When a leg's party was asked for a keyframe, and whether a request waits. Under the leg's sending lock.
struct KeyframeRequests {
    /// Between two requests. Microseconds.
    static let interval: Int64 = 500_000

    private var last: Int64 = 0
    private(set) var isDue = false

    /// Asks now, or as soon as the interval is over.
    ///
    /// - Returns: Whether to ask now.
    mutating func request(now: Int64) -> Bool {
        isDue = true
        return lapse(now: now)
    }

    /// Whether a request that had to wait is due.
    mutating func lapse(now: Int64) -> Bool {
        guard isDue, last == 0 || now &- last >= KeyframeRequests.interval else { return false }
        isDue = false
        last = now
        return true
    }
}

extension LegPointer {
    /// How a leg's party can be asked for a keyframe.
    private enum Way {
        case nobody, browser, rtcp, gateway
    }

    /// Asks the leg's party for a keyframe: at once, or when the last request is old enough. No lock may be held.
    func requestKeyframe(generation: UInt64, now: Int64) {
        ask(generation: generation, now: now, tellsGateway: true) { requests in requests.request(now: now) }
    }

    /// Sends the keyframe request that had to wait. No lock may be held.
    func requestDueKeyframe(generation: UInt64, now: Int64) {
        ask(generation: generation, now: now, tellsGateway: true) { requests in requests.lapse(now: now) }
    }

    /// Asks for a keyframe for the gateway, which knows other ways. No lock may be held.
    ///
    /// - Returns: Whether the party can be asked from here.
    func requestKeyframeForGateway(generation: UInt64, now: Int64) -> Bool {
        ask(generation: generation, now: now, tellsGateway: false) { requests in requests.request(now: now) }
    }

    @discardableResult
    private func ask(
        generation: UInt64, now: Int64, tellsGateway: Bool, _ isTime: (inout KeyframeRequests) -> Bool
    ) -> Bool {
        pointee.sending.lock()
        guard pointee.generation == generation, let session = pointee.session else {
            pointee.sending.unlock()
            return false
        }
        let way = keyframeWay
        let asks = way != .nobody && (way != .gateway || tellsGateway) && isTime(&pointee.keyframes)
        let mindex = sender(.video).pointee.mindex
        if asks, way == .rtcp { sendKeyframeRequest(now: now) }
        if asks, way == .browser { tern_session_retain(session) }
        pointee.sending.unlock()
        if asks, way == .browser {
            tern_send_pli(session, mindex)
            tern_session_release(session)
        }
        if asks, way == .gateway { Notes.post(Note(leg: LegReference(leg: self, generation: generation), kind: .keyframeWanted, medium: .video)) }
        return way == .browser || way == .rtcp
    }

    /// Under the sending lock.
    private var keyframeWay: Way {
        let sender = sender(.video)
        guard sender.pointee.isOpen else { return .nobody }
        guard pointee.kind == .plain else { return pointee.isUp ? .browser : .nobody }
        let isReachable = sender.pointee.isMuxed ? sender.pointee.destination.isKnown : sender.pointee.rtcpDestination.isKnown
        return sender.pointee.feedback.asksForKeyframes && isReachable ? .rtcp : .gateway
    }
}
