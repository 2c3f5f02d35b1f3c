internal import CJanusPlugin

extension LegPointer {
    /// Under both locks.
    func begin(_ session: JanusSession, id: UInt64) {
        pointee.generation = pointee.generation &+ 1
        pointee.session = session
        pointee.id = id
        pointee.kind = .undecided
        pointee.peer = LegReference()
        pointee.isUp = false
        pointee.hasDescription = false
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
    func end() -> Remains {
        var remains = Remains()
        let now = Clock.now()
        for medium in Medium.allCases {
            sendGoodbye(medium, now: now)
            remains.add(sender(medium).pointee.takeSent())
            remains.descriptors += [receiver(medium).pointee.rtp, receiver(medium).pointee.rtcp]
            remains.add(receiver(medium).pointee.srtp.replace(nil, nil))
            remains.add(sender(medium).pointee.srtp.replace(nil, nil))
            remains.add(receiver(medium).pointee.capture.replace(nil))
            receiver(medium).pointee.reset(medium)
            sender(medium).pointee.reset(medium)
        }
        pointee.generation = pointee.generation &+ 1
        pointee.session = nil
        pointee.id = 0
        pointee.kind = .undecided
        pointee.peer = LegReference()
        pointee.isUp = false
        pointee.hasDescription = false
        return remains
    }
}
