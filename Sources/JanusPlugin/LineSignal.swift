internal import Glibc
internal import RTP

/// What a leg under a line test sends: the echo, or something in its place. Under the leg's receiving lock.
struct LineSignal {
    /// What is sent.
    private enum Source {
        case echo
        case generated(SignalGenerator, LineEncoder)
        /// What came before, held back for a time.
        case delayed(PacketDelay)
    }

    /// Between two packets that are generated. Microseconds.
    static let interval: Int64 = 20_000

    private var source = Source.echo
    private(set) var payloadType: UInt8 = 0
    private(set) var codec = Codec.other
    private var ssrc: UInt32 = 0
    private var sequence: UInt16 = 0
    private var timestamp: UInt32 = 0
    private var due: Int64 = 0
    /// When a signal that has an end is over.
    private var over: Int64?
    /// Whether nothing has been sent of it yet.
    private var isNew = false

    /// Sends the party's own packets again.
    mutating func echo() {
        end()
        source = .echo
    }

    mutating func generate(_ signal: TestSignal, _ encoder: LineEncoder, _ codec: Codec, payloadType: UInt8, now: Int64) {
        end()
        self.codec = codec
        source = .generated(SignalGenerator(signal, rate: encoder.rate), encoder)
        self.payloadType = payloadType
        var generator = SystemRandomNumberGenerator()
        ssrc = .random(in: 1...UInt32.max, using: &generator)
        sequence = .random(in: 0...UInt16.max, using: &generator)
        timestamp = .random(in: 0...UInt32.max, using: &generator)
        due = now
        over = signal.duration.map { now &+ Int64($0 * 1_000_000) }
        isNew = true
    }

    /// - Parameter isRecording: Whether what comes within `delay` is played once; else all that comes is held back by it.
    mutating func hold(_ delay: Int64, isRecording: Bool, now: Int64) {
        end()
        source = .delayed(PacketDelay(delay: delay, intakeEnd: isRecording ? now &+ delay : nil))
        isNew = true
    }

    /// Gives back what it needs memory for.
    mutating func end() {
        switch source {
        case .delayed(let held): held.deallocate()
        case .generated(_, let encoder): encoder.end()
        case .echo: break
        }
        source = .echo
    }

    /// Whether its packets are made here, in a codec that had been agreed on.
    var isGenerated: Bool { if case .generated = source { true } else { false } }

    /// Whether the party's packets are not sent back at once.
    mutating func replacesEcho(now: Int64) -> Bool {
        switch source {
        case .echo: return false
        case .generated:
            guard let over, now >= over else { return true }
            end()
            return false
        case .delayed(let held):
            guard held.isOver(now: now) else { return true }
            end()
            return false
        }
    }

    /// A packet of the party's came that is not sent back at once.
    mutating func keep(_ packet: UnsafeRawPointer, length: Int, isEvent: Bool, now: Int64) {
        guard !isEvent, case .delayed(var held) = source else { return }
        held.take(packet, length: length, now: now)
        source = .delayed(held)
    }

    /// Writes the next packet that is due.
    ///
    /// - Parameters:
    ///   - packet: Room for ``Leg/packetSize`` bytes.
    ///   - samples: Room for ``LineEncoder/longest`` samples.
    /// - Returns: Its length, and whether it is the signal's first; nil where none is due.
    mutating func next(
        to packet: UnsafeMutableRawPointer, _ samples: UnsafeMutablePointer<Int16>, now: Int64
    ) -> (length: Int, isFirst: Bool)? {
        switch source {
        case .echo: return nil
        case .generated(var generator, var encoder):
            guard due <= now, over.map({ now < $0 }) ?? true else { return nil }
            // After a pause of the process it does not catch up.
            due = now &- due > LineSignal.interval &* 5 ? now &+ LineSignal.interval : due &+ LineSignal.interval
            packet.storeBytes(of: 0x80, as: UInt8.self)
            // A receiver may adapt its buffer at the marker (RFC 3551 section 4.1).
            packet.storeBytes(of: (isNew ? 0x80 : 0) | payloadType & 0x7f, toByteOffset: 1, as: UInt8.self)
            RTPHeader.write(sequence: sequence, timestamp: timestamp, ssrc: ssrc, to: packet)
            let length = encoder.encode(&generator, to: packet + RTPHeader.size, samples)
            sequence = sequence &+ 1
            timestamp = timestamp &+ UInt32(truncatingIfNeeded: encoder.size)
            source = .generated(generator, encoder)
            guard length > 0 else { return nil }
            defer { isNew = false }
            return (RTPHeader.size &+ length, isNew)
        case .delayed(var held):
            guard let length = held.next(to: packet, most: Leg.packetSize, now: now) else { return nil }
            source = .delayed(held)
            defer { isNew = false }
            return (length, isNew)
        }
    }

    /// When the next packet is due; nil where there is no signal.
    func nextTime(now: Int64) -> Int64? {
        switch source {
        case .echo: nil
        case .generated: over.map { now >= $0 } == true ? nil : due
        case .delayed(let held): held.isOver(now: now) ? nil : held.due ?? now &+ LineSignal.interval
        }
    }
}

/// The thread that sends the signals of line tests. It waits while there are none.
enum LineSignals {
    /// Legs that may have a signal at a time.
    static let capacity = 1_024

    private struct Shared: @unchecked Sendable {
        let lock = Lock()
        let condition: UnsafeMutablePointer<pthread_cond_t>
        let legs: UnsafeMutablePointer<LegReference>
        let state: UnsafeMutablePointer<(count: Int, isOver: Bool)>

        init() {
            condition = .allocate(capacity: 1)
            condition.initialize(to: pthread_cond_t())
            pthread_cond_init(condition, nil)
            legs = .allocate(capacity: LineSignals.capacity)
            legs.initialize(repeating: LegReference(), count: LineSignals.capacity)
            state = .allocate(capacity: 1)
            state.initialize(to: (0, false))
        }

        /// Under the lock.
        func index(of reference: LegReference) -> Int? { (0..<state.pointee.count).first { legs[$0] == reference } }
    }

    private static let shared = Shared()
    /// The thread looks again after this time at the latest. Microseconds.
    private static let longestWait = LineSignal.interval

    /// A leg has a signal.
    ///
    /// - Throws: 429 where too many have.
    static func begin(_ reference: LegReference) throws(RequestError) {
        let shared = shared
        shared.lock.lock()
        defer { shared.lock.unlock() }
        guard shared.index(of: reference) == nil else { return }
        let count = shared.state.pointee.count
        guard count < capacity else { throw RequestError(code: 429, reason: "\(capacity) legs send a signal already.") }
        shared.legs[count] = reference
        shared.state.pointee.count = count &+ 1
        pthread_cond_signal(shared.condition)
    }

    /// The plugin ends.
    static func end() {
        shared.lock.locked { shared.state.pointee.isOver = true }
        pthread_cond_broadcast(shared.condition)
    }

    /// Runs until the plugin ends.
    static func run() {
        let output = SignalOutput()
        let legs = UnsafeMutablePointer<LegReference>.allocate(capacity: capacity)
        defer {
            output.deallocate()
            legs.deallocate()
        }
        while let count = copy(to: legs) {
            var due = Clock.now() &+ longestWait
            for index in 0..<count {
                if let time = output.send(legs[index]) { due = min(due, time) } else { remove(legs[index]) }
            }
            let wait = min(max(due &- Clock.now(), 1_000), longestWait)
            var time = timespec(tv_sec: 0, tv_nsec: Int(wait) &* 1_000)
            nanosleep(&time, nil)
        }
    }

    /// Copies the legs that have a signal; waits for one.
    ///
    /// - Parameter legs: Room for ``capacity``.
    /// - Returns: How many they are; nil when the plugin ends.
    private static func copy(to legs: UnsafeMutablePointer<LegReference>) -> Int? {
        let shared = shared
        shared.lock.lock()
        defer { shared.lock.unlock() }
        while shared.state.pointee.count == 0, !shared.state.pointee.isOver { shared.lock.wait(for: shared.condition) }
        guard !shared.state.pointee.isOver else { return nil }
        legs.initialize(from: shared.legs, count: shared.state.pointee.count)
        return shared.state.pointee.count
    }

    /// Forgets a leg, unless it has been given another signal meanwhile.
    private static func remove(_ reference: LegReference) {
        let shared = shared
        shared.lock.lock()
        defer { shared.lock.unlock() }
        guard reference.leg?.nextSignal(of: reference.generation, now: Clock.now()) == nil, let index = shared.index(of: reference) else { return }
        let last = shared.state.pointee.count &- 1
        shared.legs[index] = shared.legs[last]
        shared.state.pointee.count = last
    }
}
