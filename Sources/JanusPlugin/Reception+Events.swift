internal import CJanusPlugin
internal import Glibc
internal import RTP

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

    /// The phone's packets come from elsewhere than they went to. Under the receiving lock.
    func follow(_ source: MediaAddress, _ medium: Medium, _ now: Int64) {
        let receiver = receiver(medium)
        let former = receiver.pointee.lastDestination
        receiver.pointee.lastDestination = source
        pointee.sending.locked {
            sender(medium).pointee.destination = SocketAddress(source, isV6: receiver.pointee.isV6)
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
        guard pointee.events.spend(now) else { return }
        let milliseconds = UInt32(digit.duration) &* 1_000 / max(payload.clockRate, 1)
        Notes.post(Note(leg: reference, kind: .digit, medium: medium, digit: digit, duration: milliseconds))
    }
}

