internal import CJanusPlugin
internal import Glibc
internal import RTP

extension LegPointer {
    /// Takes RTCP from a phone.
    ///
    /// - Parameter isOwnPort: Whether it came to the port for RTCP, not to that of RTP (RFC 5761).
    func receiveRTCP(
        _ packet: UnsafeMutableRawPointer, length: Int, from source: MediaAddress, medium: Medium, isOwnPort: Bool, generation: UInt64,
        now: Int64
    ) {
        pointee.receiving.lock()
        guard pointee.generation == generation else { return pointee.receiving.unlock() }
        let receiver = receiver(medium)
        var length = length
        guard receiver.pointee.isOpen, RTCP.isRTCP(packet, length: length), receiver.pointee.unprotectRTCP(packet, &length),
            receiver.pointee.acceptsRTCP(from: source)
        else {
            receiver.pointee.dropped = receiver.pointee.dropped &+ 1
            return pointee.receiving.unlock()
        }
        let sender = sender(medium)
        let news = pointee.sending.locked { () -> ControlNews in
            if isOwnPort, !sender.pointee.isMuxed, receiver.pointee.followsRTCP, sender.pointee.rtcpSource != source {
                sender.pointee.rtcpSource = source
                sender.pointee.rtcpDestination = SocketAddress(source, isV6: sender.pointee.isV6)
            }
            let ssrc = sender.pointee.rewriter.ssrc
            let news = ControlNews(
                packet, length: length, about: ssrc, heard: receiver.pointee.statistics.ssrc, sender: &receiver.pointee.senderReport, now: now)
            if let block = news.block { remember(block, medium) }
            resendLostPackets(packet, length: length, medium, now: now)
            return news
        }
        // Nobody has to show where it is whom SRTP proves.
        if !receiver.pointee.srtp.isOn, receiver.pointee.isSignalled(source), let isHeard = news.isHeard,
            let destination = receiver.pointee.latch.report(isHeard: isHeard, now: now)
        {
            follow(destination, medium, now)
        }
        receiver.pointee.test?.pointee.takeRTCP(from: source, news.metrics)
        receiver.pointee.rtcpReceived = receiver.pointee.rtcpReceived &+ 1
        receiver.pointee.lastPacket = now
        let own = reference, peer = pointee.peer
        pointee.receiving.unlock()
        hand(news, of: medium, from: own, to: peer, now: now)
    }

    /// Takes RTCP from a PeerConnection.
    func receive(_ rtcp: UnsafeMutablePointer<janus_plugin_rtcp>, of session: JanusSession, now: Int64) {
        guard let bytes = rtcp.pointee.buffer else { return }
        let medium = rtcp.pointee.video == 0 ? Medium.audio : .video
        pointee.receiving.lock()
        guard pointee.session == session, receiver(medium).pointee.isOpen, receiver(medium).pointee.mindex == rtcp.pointee.mindex else {
            return pointee.receiving.unlock()
        }
        let receiver = receiver(medium)
        let news = ControlNews(
            UnsafeRawPointer(bytes), length: Int(rtcp.pointee.length), about: nil, sender: &receiver.pointee.senderReport, now: now)
        if let block = news.block { pointee.sending.locked { remember(block, medium) } }
        receiver.pointee.test?.pointee.takeRTCP(from: nil, news.metrics)
        receiver.pointee.rtcpReceived = receiver.pointee.rtcpReceived &+ 1
        receiver.pointee.lastPacket = now
        let own = reference, peer = pointee.peer
        pointee.receiving.unlock()
        hand(news, of: medium, from: own, to: peer, now: now)
    }

    /// Counts a packet that is none.
    func drop(_ medium: Medium, generation: UInt64) {
        pointee.receiving.lock()
        defer { pointee.receiving.unlock() }
        guard pointee.generation == generation else { return }
        let receiver = receiver(medium)
        receiver.pointee.dropped = receiver.pointee.dropped &+ 1
    }
}

extension Receiver {
    mutating func unprotectRTCP(_ packet: UnsafeMutableRawPointer, _ length: inout Int) -> Bool {
        switch srtp.unprotectRTCP(packet, &length) {
        case .good: return true
        case .repeated: return false
        case .bad:
            srtpErrors = srtpErrors &+ 1
            return false
        }
    }

    /// Whether our RTCP goes to where the phone's comes from.
    var followsRTCP: Bool { latch.mode == .follow || srtp.isOn }

    /// Where SIP says that the phone takes RTCP, while its RTP comes from another address than SIP says, nothing proves that it is the phone's, and RTCP
    /// does not go there anyway.
    ///
    /// - Parameter source: Where RTCP goes to; nil where it goes with RTP (RFC 5761).
    func absentRTCP(besides source: MediaAddress?) -> MediaAddress? {
        guard !srtp.isOn, let absent = latch.absent else { return nil }
        guard let source else { return latch.destination == absent ? nil : absent }
        return signalledRTCP == source ? nil : signalledRTCP
    }

    /// Whether RTCP from there comes from where SIP says: from the port for it, or that of RTP (RFC 5761).
    func isSignalled(_ source: MediaAddress) -> Bool { source == signalledRTCP || source == latch.signalled }

    /// Whether RTCP from there is the phone's: where SIP says, or from the host that its RTP comes from.
    func acceptsRTCP(from source: MediaAddress) -> Bool {
        if srtp.isOn { return true }
        if isSignalled(source) { return true }
        guard let host = latch.latched ?? latch.signalled else { return false }
        return source.isSameHost(as: host)
    }
}
