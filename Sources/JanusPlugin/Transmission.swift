internal import CJanusPlugin
internal import Glibc
internal import RTP

/// A packet that a leg passes on to its peer.
struct MediaPacket {
    /// Memory of the thread that read it; for a PeerConnection the header is rewritten in place.
    let bytes: UnsafeMutableRawPointer
    let length: Int
    let header: RTPHeader
    let payload: Payload
    let medium: Medium
    /// In microseconds of ``Clock/now()``.
    let now: Int64
    /// Whether packets before this one were kept from the peer.
    let isBroken: Bool
}

/// The rest of the work for a packet, to be done without a lock.
struct Delivery {
    /// The session that the packet is to be relayed to, with a reference.
    var session: JanusSession?
    var mindex: Int32 = 0
    /// Whether the source should send a keyframe.
    var needsKeyframe = false
}

extension LegPointer {
    /// Sends what a peer passes on: to a phone at once; for a PeerConnection it writes the header, and leaves the relaying to the caller.
    func send(_ packet: MediaPacket, to generation: UInt64, from source: LegReference) -> Delivery {
        var delivery = Delivery()
        pointee.sending.lock()
        defer { pointee.sending.unlock() }
        guard pointee.generation == generation, pointee.peer == source, let session = pointee.session else { return delivery }
        let sender = sender(packet.medium)
        guard sender.pointee.isOpen, sender.pointee.sends else { return delivery }
        let isPlain = pointee.kind == .plain
        guard isPlain ? sender.pointee.destination.isKnown : pointee.isUp else { return delivery }
        guard let type = sender.pointee.payloads.type(for: packet.header.payloadType, packet.payload) else {
            sender.pointee.dropped = sender.pointee.dropped &+ 1
            return delivery
        }
        let part = sender.pointee.rewriter.parts
        if packet.isBroken { sender.pointee.rewriter.pause() }
        if packet.payload.clockRate > 0, packet.payload.codec != .telephoneEvent {
            sender.pointee.rewriter.use(clockRate: packet.payload.clockRate)
        }
        guard let output = sender.pointee.rewriter.take(packet.header, now: packet.now) else { return delivery }
        delivery.needsKeyframe = packet.medium == .video && sender.pointee.rewriter.parts != part
        if isPlain {
            sendToPhone(packet, sender, output, type)
        } else {
            output.write(type: type, ssrc: sender.pointee.rewriter.ssrc, to: packet.bytes)
            sender.pointee.count(packet, length: packet.length)
            tern_session_retain(session)
            delivery.session = session
            delivery.mindex = sender.pointee.mindex
        }
        return delivery
    }

    /// Under the sending lock. The phone has not agreed on header extensions, so they are left out.
    private func sendToPhone(_ packet: MediaPacket, _ sender: UnsafeMutablePointer<Sender>, _ output: StreamRewriter.Output, _ type: UInt8) {
        let scratch = pointee.scratch
        let head = packet.header.payloadOffset(withoutExtension: packet.bytes)
        let body = packet.length &- packet.header.payloadOffset
        guard body >= 0, head &+ body <= Leg.packetSize else { return }
        memcpy(scratch, packet.bytes, head)
        memcpy(scratch + head, packet.bytes + packet.header.payloadOffset, body)
        RTPHeader.removeExtensionFlag(from: scratch)
        output.write(type: type, ssrc: sender.pointee.rewriter.ssrc, to: scratch)
        var length = head &+ body
        guard sender.pointee.srtp.protect(scratch, &length) else {
            sender.pointee.dropped = sender.pointee.dropped &+ 1
            return
        }
        // Kept as it is sent: SRTP must not protect a packet twice (RFC 3711 section 9.1).
        sender.pointee.sent?.keep(scratch, length: length, sequence: output.sequence, now: packet.now)
        guard sender.pointee.destination.send(scratch, length: length, from: sender.pointee.rtp) else {
            sender.pointee.dropped = sender.pointee.dropped &+ 1
            return
        }
        sender.pointee.count(packet, length: length)
    }
}

extension Sender {
    @inline(__always)
    mutating func count(_ packet: MediaPacket, length: Int) {
        packets = packets &+ 1
        bytes = bytes &+ UInt64(truncatingIfNeeded: length)
        payloadBytes = payloadBytes &+ UInt64(truncatingIfNeeded: packet.header.payloadEnd &- packet.header.payloadOffset)
    }
}

extension StreamRewriter.Output {
    /// Writes a packet's header; its CSRCs and what stands before them stay.
    @inline(__always)
    func write(type: UInt8, ssrc: UInt32, to packet: UnsafeMutableRawPointer) {
        packet.storeBytes(of: (marker ? 0x80 : 0) | type & 0x7f, toByteOffset: 1, as: UInt8.self)
        RTPHeader.write(sequence: sequence, timestamp: timestamp, ssrc: ssrc, to: packet)
    }
}
