internal import CJanusPlugin
internal import Glibc
internal import RTP

extension LegPointer {
    /// Takes a packet from a phone: judges its source, counts it, and passes it on.
    ///
    /// - Parameters:
    ///   - packet: Memory of the caller, with room for what SRTP adds behind it.
    ///   - now: When it is read.
    ///   - arrival: How it came, as far as that is known: at `now` or before.
    ///   - relay: What is handed to the core; memory of the caller.
    func receive(
        _ packet: UnsafeMutableRawPointer, length: Int, from source: MediaAddress, medium: Medium, generation: UInt64, now: Int64, arrival: Arrival,
        relay: UnsafeMutablePointer<janus_plugin_rtp>
    ) {
        pointee.receiving.lock()
        guard pointee.generation == generation else { return pointee.receiving.unlock() }
        let receiver = receiver(medium)
        var length = length
        guard receiver.pointee.isOpen, receiver.pointee.unprotect(packet, &length), let header = RTPHeader(packet, length: length) else {
            receiver.pointee.dropped = receiver.pointee.dropped &+ 1
            return pointee.receiving.unlock()
        }
        switch receiver.pointee.latch.take(
            from: source, isAuthentic: receiver.pointee.srtp.isOn, continues: receiver.pointee.continues(header),
            isExpected: receiver.pointee.passes, now: now)
        {
        case .take: break
        case .move: follow(source, medium, now)
        case .drop:
            receiver.pointee.dropped = receiver.pointee.dropped &+ 1
            return pointee.receiving.unlock()
        }
        receiver.pointee.refusal.end()
        receiver.pointee.lastRTP = now
        receiver.pointee.lastPacket = now
        passOn(packet, length: length, header: header, medium: medium, now: now, arrival: arrival, relay: relay)
    }

    /// Takes a packet from a PeerConnection. Its header is as before when this returns.
    func receive(_ relay: UnsafeMutablePointer<janus_plugin_rtp>, of session: JanusSession, now: Int64) {
        guard let bytes = relay.pointee.buffer else { return }
        let packet = UnsafeMutableRawPointer(bytes)
        let length = Int(relay.pointee.length)
        let medium = relay.pointee.video == 0 ? Medium.audio : .video
        pointee.receiving.lock()
        guard pointee.session == session else { return pointee.receiving.unlock() }
        let receiver = receiver(medium)
        guard receiver.pointee.isOpen, receiver.pointee.mindex == relay.pointee.mindex, length <= Leg.packetSize,
            let header = RTPHeader(packet, length: length)
        else {
            receiver.pointee.dropped = receiver.pointee.dropped &+ 1
            return pointee.receiving.unlock()
        }
        receiver.pointee.lastRTP = now
        receiver.pointee.lastPacket = now
        let kept = packet.loadUnaligned(as: (UInt64, UInt32).self)
        passOn(packet, length: length, header: header, medium: medium, now: now, arrival: Arrival(time: now), relay: relay)
        packet.storeBytes(of: kept.0, as: UInt64.self)
        packet.storeBytes(of: kept.1, toByteOffset: 8, as: UInt32.self)
    }

    /// Counts a packet, and gives it to the peer. Called with the receiving lock held; releases it.
    private func passOn(
        _ packet: UnsafeMutableRawPointer, length: Int, header: RTPHeader, medium: Medium, now: Int64, arrival: Arrival,
        relay: UnsafeMutablePointer<janus_plugin_rtp>
    ) {
        let receiver = receiver(medium)
        let payload = receiver.pointee.payloads[header.payloadType]
        let isEvent = payload.codec == .telephoneEvent
        if payload.clockRate > 0, !isEvent { receiver.pointee.statistics.use(clockRate: payload.clockRate) }
        receiver.pointee.statistics.count(header, length: length, now: arrival.time, isTimed: !isEvent)
        if receiver.pointee.statistics.ssrc != receiver.pointee.partySSRC {
            receiver.pointee.partySSRC = receiver.pointee.statistics.ssrc
            pointee.sending.locked { sender(medium).pointee.partySSRC = receiver.pointee.partySSRC }
        }
        if receiver.pointee.requestsLostPackets {
            receiver.pointee.missing.receive(header.sequence, receiver.pointee.statistics, now: now)
            requestLostPackets(medium, now: now)
        }
        if isEvent { receiver.pointee.digitPayload = payload }
        if isEvent, let digit = receiver.pointee.digits.take(header, in: packet, now: now) { report(digit, payload, medium, now) }
        if let test = receiver.pointee.test { measure(packet, header, payload, test, now, arrival: arrival) }
        if receiver.pointee.passes { capture(packet, length: length, payload, header.payloadType, medium, now) }
        let peer = pointee.peer
        guard receiver.pointee.passes, let leg = peer.leg else { return pointee.receiving.unlock() }
        if medium == .audio, let test = receiver.pointee.test, test.pointee.signal.replacesEcho(now: now) {
            test.pointee.signal.keep(packet, length: length, isEvent: isEvent, now: now)
            receiver.pointee.isBroken = true
            return pointee.receiving.unlock()
        }
        let isBroken = receiver.pointee.isBroken
        receiver.pointee.isBroken = false
        let reference = reference
        let delivery = leg.send(
            MediaPacket(
                bytes: packet, length: length, header: header, payload: payload, medium: medium, now: now, isBroken: isBroken),
            to: peer.generation, from: reference)
        pointee.receiving.unlock()
        if let session = delivery.session {
            relay.pointee.mindex = delivery.mindex
            relay.pointee.video = medium == .video ? 1 : 0
            relay.pointee.buffer = packet.assumingMemoryBound(to: CChar.self)
            relay.pointee.length = UInt16(truncatingIfNeeded: length)
            tern_relay_rtp(session, relay)
            tern_session_release(session)
        }
        if delivery.needsKeyframe { requestKeyframe(generation: reference.generation, now: now) }
    }
}

extension Receiver {
    /// - Returns: Whether the packet is what the phone has sent, as far as a key can tell.
    @inline(__always)
    mutating func unprotect(_ packet: UnsafeMutableRawPointer, _ length: inout Int) -> Bool {
        switch srtp.unprotect(packet, &length) {
        case .good: return true
        case .repeated: return false
        case .bad:
            srtpErrors = srtpErrors &+ 1
            return false
        }
    }

    /// Whether a packet goes on with the stream that came last.
    @inline(__always)
    func continues(_ header: RTPHeader) -> Bool {
        header.ssrc == statistics.ssrc
            && header.sequence &- UInt16(truncatingIfNeeded: statistics.highestSequence) < StreamStatistics.longestGap
    }
}

// Captures, events and the new destination that a packet causes. Under the leg's receiving lock.
extension LegPointer {
    @inline(__always)
    func capture(
        _ packet: UnsafeMutableRawPointer, length: Int, _ payload: Payload, _ type: UInt8, _ medium: Medium, _ now: Int64
    ) {
        let receiver = receiver(medium)
        let isSaved = receiver.pointee.capture.save(packet, length: length, payload) {
            receiver.pointee.descriptions.first { $0.type == type }?.format ?? ""
        }
        if !isSaved, pointee.events.spend(now) { Notes.post(Note(leg: reference, kind: .recordingFailed, medium: medium)) }
    }

    /// Measures a packet for the leg's line test.
    private func measure(
        _ packet: UnsafeRawPointer, _ header: RTPHeader, _ payload: Payload, _ test: UnsafeMutablePointer<LineTest>, _ now: Int64, arrival: Arrival
    ) {
        let isAgreed = payload.key != 0
        let digit = test.pointee.take(packet, header, payload, isAgreed: isAgreed, arrival)
        guard let digit, pointee.events.spend(now) else { return }
        Notes.post(Note(
            leg: reference, kind: .toneDigit, medium: .audio, character: digit.character,
            duration: UInt32(truncatingIfNeeded: digit.duration)))
    }

    /// The phone is elsewhere than where its packets went to: they go there from now on. Under the receiving lock.
    func follow(_ source: MediaAddress, _ medium: Medium, _ now: Int64) {
        let receiver = receiver(medium)
        let former = receiver.pointee.lastDestination
        receiver.pointee.lastDestination = source
        pointee.sending.locked {
            sender(medium).pointee.destination = SocketAddress(source, isV6: receiver.pointee.isV6)
            if receiver.pointee.latch.absent != nil { sender(medium).pointee.reports.hasten(now: now) }
        }
        if pointee.events.spend(now) {
            Notes.post(Note(leg: reference, kind: .latched, medium: medium, address: source, former: former))
        }
    }

    /// Under the receiving lock.
    func reportLapsedDigit(_ medium: Medium, _ now: Int64) {
        let receiver = receiver(medium)
        guard let digit = receiver.pointee.digits.lapse(now: now) else { return }
        report(digit, receiver.pointee.digitPayload, medium, now)
    }

    func report(_ digit: DigitDetector.Digit, _ payload: Payload, _ medium: Medium, _ now: Int64) {
        // Other telephone events are tones of a modem or fax.
        guard digit.character != nil else { return }
        let receiver = receiver(medium)
        receiver.pointee.digitCount = receiver.pointee.digitCount &+ 1
        let milliseconds = UInt32(digit.duration) &* 1_000 / max(payload.clockRate, 1)
        if let character = digit.character {
            receiver.pointee.test?.pointee.note(character, .rtp, duration: Int(milliseconds), now: now)
        }
        guard pointee.events.spend(now) else { return }
        Notes.post(Note(leg: reference, kind: .digit, medium: medium, character: digit.character, duration: milliseconds))
    }
}
