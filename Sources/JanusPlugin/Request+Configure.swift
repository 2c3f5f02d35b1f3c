internal import CJanusPlugin
internal import Glibc
internal import RTP

/// The request `configure`: the whole of what a leg is to be.
struct ConfigureRequest {
    let peer: UInt64?
    let media: [MediumDescription]
    let bitrate: UInt32
    let latching: SourceLatch.Mode

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
        bitrate = UInt32(truncatingIfNeeded: try fields.integer("bitrate", in: 0...Int64(UInt32.max)) ?? 0)
        switch try fields.string("latching") {
        case nil, "auto": latching = .follow
        case "off": latching = .fixed
        default: throw .malformed("\"latching\" is neither auto nor off.")
        }
    }

    /// Under ``Legs``' lock.
    ///
    /// - Throws: 404 for a peer that is no leg, 409 for media of a plain leg that are not open.
    func apply(to leg: LegPointer, _ remains: inout Remains) throws(RequestError) {
        var peer = LegReference()
        if let id = self.peer {
            guard let found = Legs.shared.find(id) else { throw RequestError(code: 404, reason: "There is no leg \(id).") }
            peer = found.pointee.sending.locked { found.reference }
        }
        try leg.locked { () throws(RequestError) in
            if leg.pointee.kind == .plain {
                for description in media where leg.receiver(description.medium).pointee.rtp < 0 {
                    throw .conflict("The leg has no sockets for \(description.medium.name).")
                }
            } else {
                leg.pointee.kind = .webrtc
            }
            let isOther = leg.pointee.peer != peer
            leg.pointee.peer = peer
            leg.pointee.limit.allow(bitrate)
            for medium in Medium.allCases {
                guard let description = media.first(where: { $0.medium == medium }) else {
                    leg.receiver(medium).pointee.isOpen = false
                    leg.sender(medium).pointee.isOpen = false
                    continue
                }
                leg.configure(description, latching: latching, hasOtherPeer: isOther)
            }
        }
    }
}

extension LegPointer {
    /// Under both locks.
    fileprivate func configure(_ description: MediumDescription, latching: SourceLatch.Mode, hasOtherPeer: Bool) {
        let receiver = receiver(description.medium), sender = sender(description.medium)
        if !receiver.pointee.isOpen { sender.pointee.reports.begin(now: Clock.now()) }
        if hasOtherPeer || !receiver.pointee.isOpen || !receiver.pointee.passes { receiver.pointee.isBroken = true }
        receiver.pointee.isOpen = true
        receiver.pointee.passes = description.receives
        receiver.pointee.mindex = description.mindex
        receiver.pointee.payloads.replace(with: description.payloads)

        if hasOtherPeer || !sender.pointee.isOpen || !sender.pointee.sends { sender.pointee.rewriter.pause() }
        sender.pointee.isOpen = true
        sender.pointee.sends = description.sends
        sender.pointee.mindex = description.mindex
        sender.pointee.payloads.replace(with: description.payloads)

        guard pointee.kind == .plain else { return }
        let now = Clock.now()
        let signalled = receiver.pointee.latch.signalled
        if receiver.pointee.latch.mode != latching {
            receiver.pointee.latch = SourceLatch(mode: latching, signalled: description.remote, isHidden: description.isHidden, now: now)
        } else {
            receiver.pointee.latch.signal(description.remote, isHidden: description.isHidden, now: now)
        }
        sender.pointee.feedback = description.feedback
        sender.pointee.isMuxed = description.isMuxed
        if receiver.pointee.signalledRTCP != description.remoteRTCP || signalled != description.remote {
            receiver.pointee.signalledRTCP = description.remoteRTCP
            sender.pointee.rtcpSource = description.remoteRTCP
            sender.pointee.rtcpDestination = description.remoteRTCP.map { SocketAddress($0, isV6: sender.pointee.isV6) } ?? SocketAddress()
        }
        guard signalled != description.remote || !sender.pointee.destination.isKnown else { return }
        let destination = receiver.pointee.latch.destination
        receiver.pointee.lastDestination = destination
        sender.pointee.destination = destination.map { SocketAddress($0, isV6: sender.pointee.isV6) } ?? SocketAddress()
    }
}
