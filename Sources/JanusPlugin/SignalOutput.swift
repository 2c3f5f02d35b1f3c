internal import CJanusPlugin
internal import Glibc
internal import RTP

/// What the thread of line tests needs to send packets: memory of its own.
struct SignalOutput {
    private let packet: UnsafeMutableRawPointer
    private let samples: UnsafeMutablePointer<Int16>
    private let relay: UnsafeMutablePointer<janus_plugin_rtp>

    init() {
        packet = .allocate(byteCount: Leg.packetSize + Leg.trailerSize, alignment: 16)
        samples = .allocate(capacity: LineEncoder.longest)
        relay = .allocate(capacity: 1)
        relay.initialize(to: janus_plugin_rtp())
        janus_plugin_rtp_extensions_reset(&relay.pointee.extensions)
    }

    func deallocate() {
        packet.deallocate()
        samples.deallocate()
        relay.deallocate()
    }

    /// Sends the packets of a leg's signal that are due.
    ///
    /// - Returns: When the next one is; nil where the leg has no signal.
    func send(_ reference: LegReference) -> Int64? {
        guard let leg = reference.leg else { return nil }
        let now = Clock.now()
        // As many as a call has in the time between two looks, several times over.
        for _ in 0..<16 {
            guard let (length, payload, isFirst) = leg.takeSignal(of: reference.generation, to: packet, samples, now: now) else { break }
            guard let header = RTPHeader(packet, length: length) else { continue }
            let delivery = leg.send(
                MediaPacket(
                    bytes: packet, length: length, header: header, payload: payload, medium: .audio, now: now, isBroken: isFirst),
                to: reference.generation, from: reference)
            guard let session = delivery.session else { continue }
            relay.pointee.mindex = delivery.mindex
            relay.pointee.video = 0
            relay.pointee.buffer = packet.assumingMemoryBound(to: CChar.self)
            relay.pointee.length = UInt16(truncatingIfNeeded: length)
            tern_relay_rtp(session, relay)
            tern_session_release(session)
        }
        return leg.nextSignal(of: reference.generation, now: now)
    }
}

extension LegPointer {
    /// Takes the next packet of the leg's signal, with what its payload type means.
    fileprivate func takeSignal(
        of generation: UInt64, to packet: UnsafeMutableRawPointer, _ samples: UnsafeMutablePointer<Int16>, now: Int64
    ) -> (length: Int, payload: Payload, isFirst: Bool)? {
        pointee.receiving.lock()
        defer { pointee.receiving.unlock() }
        guard pointee.generation == generation, let test = receiver(.audio).pointee.test,
            let (length, isFirst) = test.pointee.signal.next(to: packet, samples, now: now)
        else { return nil }
        let payload = receiver(.audio).pointee.payloads[packet.load(fromByteOffset: 1, as: UInt8.self)]
        // What was agreed on may have changed since the signal began.
        guard !test.pointee.signal.isGenerated || payload.codec == test.pointee.signal.codec else {
            test.pointee.signal.echo()
            return nil
        }
        return (length, payload, isFirst)
    }

    /// When the leg's signal has its next packet; nil where there is none.
    func nextSignal(of generation: UInt64, now: Int64) -> Int64? {
        pointee.receiving.lock()
        defer { pointee.receiving.unlock() }
        guard pointee.generation == generation else { return nil }
        return receiver(.audio).pointee.test?.pointee.signal.nextTime(now: now)
    }
}

/// The request `signal`: what a leg under a line test sends instead of the echo.
struct SignalRequest {
    private enum Signal {
        case echo
        case generated(TestSignal)
        /// Microseconds.
        case held(Int64, isRecording: Bool)
    }

    private let signal: Signal

    /// - Throws: 400 where a member is missing or malformed.
    init(_ fields: Fields) throws(RequestError) {
        let level = Double(try fields.integer("level", in: -60...3) ?? 0)
        switch try fields.string("signal", longest: 64) {
        case "echo": signal = .echo
        case "silence": signal = .generated(.silence)
        case "tone":
            guard let frequency = try fields.integer("frequency", in: 50...3_900) else { throw .malformed("\"frequency\" is missing.") }
            signal = .generated(.tone(frequency: Double(frequency), level: level))
        case "sweep":
            guard let from = try fields.integer("from", in: 50...3_900), let to = try fields.integer("to", in: 50...3_900),
                let time = try fields.integer("time", in: 100...60_000)
            else { throw .malformed("\"from\", \"to\" or \"time\" is missing.") }
            signal = .generated(.sweep(from: Double(from), to: Double(to), level: level, seconds: Double(time) / 1_000))
        case "melody":
            var notes: [TestSignal.Note] = []
            for element in try fields.elements("notes", most: 32) {
                let note = Fields(object: element)
                guard let frequency = try note.integer("frequency", in: 0...3_900), let time = try note.integer("time", in: 10...2_000) else {
                    throw .malformed("A note of \"notes\" has no frequency or time.")
                }
                notes.append(TestSignal.Note(frequency: Double(frequency), seconds: Double(time) / 1_000))
            }
            signal = .generated(.melody(notes))
        case "delay", "playback":
            guard let time = try fields.integer("time", in: 1...10_000) else { throw .malformed("\"time\" is missing.") }
            signal = .held(time &* 1_000, isRecording: try fields.string("signal") == "playback")
        default: throw .malformed("There is no such \"signal\".")
        }
    }

    /// Under ``Legs``' lock.
    ///
    /// - Throws: 409 for a leg that is under no line test, or has no codec that the signal can be made in; 429 where too many legs have a signal.
    func apply(to leg: LegPointer) throws(RequestError) {
        let reference = try leg.pointee.receiving.locked { () throws(RequestError) in
            try set(leg.receiver(.audio))
            return leg.reference
        }
        if case .echo = signal { return }
        do throws(RequestError) {
            try LineSignals.begin(reference)
        } catch {
            // Nobody would send the signal: the caller goes on to hear itself.
            leg.pointee.receiving.locked {
                let receiver = leg.receiver(.audio)
                receiver.pointee.test?.pointee.signal.echo()
                receiver.pointee.isBroken = true
            }
            throw error
        }
    }

    /// Under the receiving lock.
    private func set(_ receiver: UnsafeMutablePointer<Receiver>) throws(RequestError) {
        let now = Clock.now()
        guard let test = receiver.pointee.test else { throw .conflict("The leg is under no line test.") }
        switch signal {
        case .echo: test.pointee.signal.echo()
        case .held(let time, let isRecording): test.pointee.signal.hold(time, isRecording: isRecording, now: now)
        case .generated(let signal):
            for description in receiver.pointee.descriptions {
                let codec = description.entry.codec
                guard let encoder = LineEncoder(codec) else { continue }
                test.pointee.signal.generate(signal, encoder, codec, payloadType: description.type, now: now)
                receiver.pointee.isBroken = true
                return
            }
            throw .conflict("The leg's codec is one that no signal can be made in.")
        }
        receiver.pointee.isBroken = true
    }
}
