internal import CJanusPlugin
internal import Glibc
internal import RTP

/// The request `configure`: the whole of what a leg is to be.
struct ConfigureRequest {
    let peer: UInt64?
    let media: [MediumDescription]
    let bitrate: UInt32
    let latching: SourceLatch.Mode
    /// The path of the captures without medium and `.mjr`; nil for none.
    let record: String?
    /// Whether the leg's audio is measured for a line test.
    let isTested: Bool

    /// - Throws: 400 where a member is missing or malformed.
    init(_ fields: Fields) throws(RequestError) {
        peer = try fields.integer("peer", in: 1...(1 << 53)).map { UInt64($0) }
        var media: [MediumDescription] = []
        for element in try fields.elements("media", most: Medium.count) {
            let description = try MediumDescription(Fields(object: element))
            guard !media.contains(where: { $0.medium == description.medium }) else {
                throw .malformed("\"media\" names \(description.medium.name) twice.")
            }
            media.append(description)
        }
        self.media = media
        record = try fields.string("record", longest: 900)
        guard record?.hasPrefix("/") ?? true else { throw .malformed("\"record\" is no absolute path.") }
        isTested = try fields.boolean("test") ?? false
        bitrate = UInt32(truncatingIfNeeded: try fields.integer("bitrate", in: 0...Int64(UInt32.max)) ?? 0)
        switch try fields.string("latching") {
        case nil, "auto": latching = .follow
        case "off": latching = .fixed
        default: throw .malformed("\"latching\" is neither auto nor off.")
        }
    }

    /// Under ``Legs``' lock.
    ///
    /// - Parameter remains: Gets what the leg had and has no longer.
    /// - Throws: 404 for a peer that is no leg, 409 for media of a plain leg that are not open or whose phone is of another IP version.
    func apply(to leg: LegPointer, _ remains: inout Remains) throws(RequestError) {
        var peer = LegReference()
        if let id = self.peer {
            guard let found = Legs.shared.find(id) else { throw RequestError(code: 404, reason: "There is no leg \(id).") }
            peer = found.pointee.sending.locked { found.reference }
        }
        try leg.locked { () throws(RequestError) in try check(leg) }
        let keys = try newKeys(of: leg)
        let (own, former) = leg.locked { (leg.reference, leg.pointee.peer) }
        leg.locked {
            if leg.pointee.kind != .plain { leg.pointee.kind = .webrtc }
            let isOther = leg.pointee.peer != peer
            leg.pointee.peer = peer
            leg.pointee.limit.allow(bitrate)
            remains.add(leg.receiver(.audio).pointee.test(isTested, now: Clock.now()))
            for medium in Medium.allCases {
                let path = record.map { "\($0)-\(medium.name)" }
                remains.add(leg.receiver(medium).pointee.capture.replace(path))
                guard let description = media.first(where: { $0.medium == medium }) else {
                    leg.receiver(medium).pointee.isOpen = false
                    leg.sender(medium).pointee.isOpen = false
                    continue
                }
                leg.configure(description, latching: latching, hasOtherPeer: isOther, &remains)
            }
            for keys in keys { keys.install(in: leg, &remains) }
        }
        guard former != peer else { return }
        for reference in [own, former, peer] { Loops.place(reference) }
    }

    /// Under both locks: whether the leg can be what it is to be.
    private func check(_ leg: LegPointer) throws(RequestError) {
        guard leg.pointee.kind == .plain else { return }
        for description in media {
            let receiver = leg.receiver(description.medium)
            guard receiver.pointee.rtp >= 0 else { throw .conflict("The leg has no sockets for \(description.medium.name).") }
            if let remote = description.remote, (remote.v4 == nil) != receiver.pointee.isV6 {
                throw .conflict("The phone's address is of another IP version than the leg's sockets.")
            }
        }
    }

    /// Contexts for the keys that are others than before; none for a PeerConnection, whose keys are the core's.
    private func newKeys(of leg: LegPointer) throws(RequestError) -> [NewKeys] {
        guard leg.pointee.sending.locked({ leg.pointee.kind == .plain }) else { return [] }
        var made: [NewKeys] = []
        for description in media {
            let keys = NewKeys(description, of: leg)
            made.append(keys)
            guard keys.isComplete else {
                for keys in made { keys.dispose() }
                throw RequestError(code: 500, reason: "libsrtp makes no context for the keys of \(description.medium.name).")
            }
        }
        return made
    }
}

extension LegPointer {
    /// Under both locks.
    fileprivate func configure(
        _ description: MediumDescription, latching: SourceLatch.Mode, hasOtherPeer: Bool, _ remains: inout Remains
    ) {
        let receiver = receiver(description.medium), sender = sender(description.medium)
        if !receiver.pointee.isOpen { sender.pointee.reports.begin(now: Clock.now()) }
        if hasOtherPeer || !receiver.pointee.isOpen || !receiver.pointee.passes { receiver.pointee.isBroken = true }
        if description.receives, !(receiver.pointee.isOpen && receiver.pointee.passes) { receiver.pointee.latch.resume(now: Clock.now()) }
        receiver.pointee.isOpen = true
        receiver.pointee.passes = description.receives
        receiver.pointee.mindex = description.mindex
        receiver.pointee.payloads.replace(with: description.payloads)
        receiver.pointee.descriptions = description.payloads

        if hasOtherPeer || !sender.pointee.isOpen || !sender.pointee.sends { sender.pointee.rewriter.pause() }
        sender.pointee.isOpen = true
        sender.pointee.sends = description.sends
        sender.pointee.mindex = description.mindex
        sender.pointee.payloads.replace(with: description.payloads)

        guard pointee.kind == .plain else { return }
        let now = Clock.now()
        let signalled = receiver.pointee.latch.signalled
        let isOtherMode = receiver.pointee.latch.mode != latching
        if signalled != description.remote { receiver.pointee.refusal = PortRefusal() }
        if isOtherMode {
            receiver.pointee.latch = SourceLatch(mode: latching, signalled: description.remote, isHidden: description.isHidden, now: now)
        } else {
            receiver.pointee.latch.signal(description.remote, isHidden: description.isHidden, now: now)
        }
        sender.pointee.feedback = description.feedback
        receiver.pointee.requestsLostPackets = description.feedback.nack && description.receives
        if !description.feedback.nack {
            remains.add(sender.pointee.takeSent())
        } else if sender.pointee.sent == nil {
            sender.pointee.sent = SentPackets()
        }
        sender.pointee.isMuxed = description.isMuxed
        if receiver.pointee.signalledRTCP != description.remoteRTCP || signalled != description.remote {
            receiver.pointee.signalledRTCP = description.remoteRTCP
            sender.pointee.rtcpSource = description.remoteRTCP
            sender.pointee.rtcpDestination = description.remoteRTCP.map { SocketAddress($0, isV6: sender.pointee.isV6) } ?? SocketAddress()
        }
        guard isOtherMode || signalled != description.remote || !sender.pointee.destination.isKnown else { return }
        let destination = receiver.pointee.latch.destination
        receiver.pointee.lastDestination = destination
        sender.pointee.destination = destination.map { SocketAddress($0, isV6: sender.pointee.isV6) } ?? SocketAddress()
    }
}
