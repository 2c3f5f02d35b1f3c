import Foundation
import Testing

/// The voice and the ear of a SIP phone: speaks a tone in PCMU, 20 ms a packet in real time, and recognises the other
/// side's.
///
/// Beside a SIPp scenario that was given this phone's port: `rtp-phone` tells the port where the gateway's is.
final class RTPPhone: @unchecked Sendable {
    /// What it speaks, in Hz.
    let frequency: Double
    let port: Int
    private let socket: Socket
    private let lock = NSLock()
    private var peer: (address: String, port: Int)?
    private var sent = 0
    private var isPaused = false
    private var received = 0
    private var first: ContinuousClock.Instant?
    private var heard: [Double] = []
    /// Packets that came in since it listened last, by SSRC.
    private var streams: [UInt32: Int] = [:]
    private var isOver = false
    private var encryption: (own: SRTPStream, peer: SRTPStream)?
    private var silent = false
    private var events: UInt8?
    private var pressing: (event: UInt8, left: Int, begin: Int)?
    private var pressed: [(time: UInt32, event: UInt8)] = []
    private var line: (@Sendable (Int, [UInt8]) -> [[UInt8]])?
    private var amplitude = 8_000.0
    private var tones: (frequencies: [Double], left: Int)?
    private var lateness = 0.0

    init(on address: String, frequency: Double = 440) throws {
        self.frequency = frequency
        socket = try RTPPhone.evenSocket(address)
        port = socket.port
        mark(46)
        // They do not keep it: one that nobody has any more speaks to nobody.
        Thread.detachNewThread { [weak self] in
            RTPPhone.goFirst()
            let source = UInt32.random(in: 1...UInt32.max)
            var next = DispatchTime.now()
            while let self, speak(source, at: &next) {}
        }
        Thread.detachNewThread { [weak self, socket] in
            // What it takes under the lock the other thread waits for.
            RTPPhone.goFirst()
            while let bytes = socket.read(atMost: 2_048), !bytes.isEmpty, let self, listen(to: bytes) {}
        }
    }

    deinit { stop() }

    /// RTP has an even port (RFC 3550, section 11).
    static func evenSocket(_ address: String) throws -> Socket {
        for _ in 0..<50 {
            let socket = try Socket(type: SOCK_DGRAM, address: address, port: 0)
            if socket.port % 2 == 0 { return socket }
            socket.close()
        }
        throw HarnessError("no even port free")
    }

    /// Marks its packets with a DSCP from now on: 46, EF, at the beginning.
    func mark(_ marking: Int32) {
        var value = marking << 2
        setsockopt(socket.descriptor, Int32(IPPROTO_IP), IP_TOS, &value, socklen_t(MemoryLayout<Int32>.size))
        setsockopt(socket.descriptor, Int32(IPPROTO_IPV6), IPV6_TCLASS, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Begins to speak to there.
    func connect(to address: String, port: Int) { lock.withLock { peer = (address, port) } }

    /// Speaks to nobody from now on.
    func disconnect() { lock.withLock { peer = nil } }

    /// Where it speaks to.
    var destination: (address: String, port: Int)? { lock.withLock { peer } }

    /// Speaks SRTP from now on, and hears nothing else.
    func encrypt(own: SRTPStream, peer: SRTPStream) { lock.withLock { encryption = (own, peer) } }

    /// Sends nothing, as on hold, or speaks on. Meanwhile its timestamps stand still.
    func pause(_ isPaused: Bool) { lock.withLock { self.isPaused = isPaused } }

    /// Numbers and times its packets from now on as if it had spoken to nobody for so many.
    func skip(_ packets: Int) { lock.withLock { sent += packets } }

    func stop() {
        lock.withLock { isOver = true }
        socket.close()
    }

    /// Whether it says nothing but keys.
    var isSilent: Bool {
        get { lock.withLock { silent } }
        set { lock.withLock { silent = newValue } }
    }

    /// The payload type of keys as RTP (RFC 4733).
    var keyType: UInt8? {
        get { lock.withLock { events } }
        set { lock.withLock { events = newValue } }
    }

    /// What becomes of each packet of its voice on the way: the packets that are sent in its place. The first one has the number 0.
    func spoil(_ line: (@Sendable (Int, [UInt8]) -> [[UInt8]])?) { lock.withLock { self.line = line } }

    /// How loud it speaks: the largest sample of its tone; above 32,767 it is clipped.
    var loudness: Double {
        get { lock.withLock { amplitude } }
        set { lock.withLock { amplitude = newValue } }
    }

    /// Speaks these tones together in place of its own, for so many packets.
    func sound(_ frequencies: [Double], packets: Int) { lock.withLock { tones = (frequencies, packets) } }

    /// The level of the last half second that it has heard, in dBov.
    var heardLevel: Double {
        let last = lock.withLock { heard.suffix(4_000) }
        let power = last.reduce(0) { $0 + $1 * $1 } / Double(max(last.count, 1))
        return 10 * log10(max(power, 1e-9) / (32_768 * 32_768))
    }

    /// Packets of one key.
    static let packetsOfKey = 8

    /// Presses a key, by its event number: eight packets, of which the last three say that it is over.
    func press(_ event: UInt8) { lock.withLock { pressing = (event, RTPPhone.packetsOfKey, sent) } }

    /// The keys that came in so far, each once.
    var keys: String { String(lock.withLock { pressed }.compactMap { Int($0.event) < 16 ? Array("0123456789*#ABCD")[Int($0.event)] : nil }) }

    // MARK: What it notices

    /// RTP packets that came in so far.
    var receivedPackets: Int { lock.withLock { received } }

    /// When the first RTP packet came in, since `awaitFirstPacket` where that was called.
    var firstPacket: ContinuousClock.Instant? { lock.withLock { first } }

    /// The next packet that comes in is the first one, as before each further call.
    func awaitFirstPacket() { lock.withLock { first = nil } }

    var sentPackets: Int { lock.withLock { sent } }

    /// How late the latest packet was sent, in milliseconds: on a busy machine the phone itself may be.
    var largestLateness: Double { lock.withLock { lateness } }

    /// Whether it has sent evenly enough for its line's delays to be judged.
    var isPunctual: Bool { largestLateness <= 20 }

    /// Packets that come in from now on, for so long.
    func packets(during time: Duration) async -> Int {
        let before = receivedPackets
        try? await Task.sleep(for: time)
        return receivedPackets - before
    }

    /// Whether the last half second is a tone of that frequency, now or within the time.
    func hears(_ frequency: Double, within limit: Duration = .patience) async -> Bool {
        lock.withLock { (heard, streams) = ([], [:]) }
        let isHeard = await eventually(within: limit) {
            let last = lock.withLock { heard.suffix(4_000) }
            return last.count == 4_000 && Tone.share(of: frequency, in: Array(last)) > 0.7
        }
        if !isHeard, limit == .patience { Issue.record("Not \(Int(frequency)) Hz: \(whatIsHeard)", severity: .warning) }
        return isHeard
    }

    /// What it has heard since it listened last, for who reads why a test failed.
    private var whatIsHeard: String {
        let streams = lock.withLock { self.streams }, last = lock.withLock { Array(heard.suffix(4_000)) }
        var tones: [String] = []
        for frequency in stride(from: 100, through: 3_900, by: 20) {
            let share = Tone.share(of: Double(frequency), in: last)
            if share > 0.1 { tones.append("\(frequency) Hz \(Int(share * 100)) %") }
        }
        let packets = streams.map { "\($0.value) of \(String($0.key, radix: 16))" }.sorted()
        let destination = destination.map { "\($0.address):\($0.port)" } ?? "nobody"
        return "port \(port) got packets: \(packets.joined(separator: ", ")); of the last \(last.count) samples: \(tones.joined(separator: ", ")); "
            + "it has sent \(sentPackets), now to \(destination)"
    }

    // MARK: Its threads

    /// Has the calling thread run before others, where the system allows it: it has little to do, at its time.
    static func goFirst() {
        var priority = sched_param(sched_priority: 10)
        pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority)
    }

    /// Sends what is due, and waits until something is due again; false when it is over.
    private func speak(_ source: UInt32, at next: inout DispatchTime) -> Bool {
        guard !lock.withLock({ isOver }) else { return false }
        var hasSent = false
        if let peer = lock.withLock({ isPaused ? nil : peer }) {
            for packet in nextPackets(source: source) {
                hasSent = true
                let stream = lock.withLock { encryption?.own }
                if let bytes = stream.map({ try? $0.protect(packet) }) ?? packet { socket.send(bytes, to: peer.address, port: peer.port) }
            }
        }
        let late = (Double(DispatchTime.now().uptimeNanoseconds) - Double(next.uptimeNanoseconds)) / 1_000_000
        if hasSent { lock.withLock { lateness = max(lateness, late) } }
        // By the clock, not by sleeps: what a busy machine delays goes out at once, with the times at which it was due.
        next = next + .milliseconds(20)
        let now = DispatchTime.now()
        if next > now { usleep(UInt32((next.uptimeNanoseconds - now.uptimeNanoseconds) / 1_000)) }
        return true
    }

    /// A key that is being pressed goes before the tone.
    private func nextPackets(source: UInt32) -> [[UInt8]] {
        let (packet, line, number) = lock.withLock { (nextPacket(source: source), self.line, sent - 1) }
        guard let packet else { return [] }
        return packet[1] & 0x7f == 0 ? line?(number, packet) ?? [packet] : [packet]
    }

    /// Under the lock.
    private func nextPacket(source: UInt32) -> [UInt8]? {
        if let key = pressing, let events {
            pressing = key.left > 1 ? (key.event, key.left - 1, key.begin) : nil
            sent += 1
            let length = (RTPPhone.packetsOfKey - max(key.left, 3)) * 160 + 160
            let header = RTPPhone.header(events, number: sent - 1, time: key.begin * 160, source: source, isFirst: key.left == RTPPhone.packetsOfKey)
            return header + [key.event, key.left <= 3 ? 0x8a : 0x0a, UInt8(length >> 8 & 0xff), UInt8(length & 0xff)]
        }
        guard !silent else { return nil }
        sent += 1
        return packet(sent - 1, source: source)
    }

    static func header(_ type: UInt8, number: Int, time: Int, source: UInt32, isFirst: Bool) -> [UInt8] {
        var bytes: [UInt8] = [0x80, (isFirst ? 0x80 : 0) | type]
        for (value, count) in [(number, 2), (time, 4), (Int(source), 4)] {
            for byte in (0..<count).reversed() { bytes.append(UInt8((value >> (8 * byte)) & 0xff)) }
        }
        return bytes
    }

    /// RFC 3550, section 5.1: version 2, payload type 0, the marker on the first packet.
    private func packet(_ number: Int, source: UInt32) -> [UInt8] {
        var frequencies = [frequency]
        if let sounding = tones {
            frequencies = sounding.frequencies
            tones = sounding.left > 1 ? (frequencies, sounding.left - 1) : nil
        }
        return RTPPhone.header(0, number: number, time: number * 160, source: source, isFirst: number == 0)
            + Tone.packet(number, frequencies: frequencies, amplitude: amplitude)
    }

    /// Takes a datagram; false when it is over.
    private func listen(to bytes: [UInt8]) -> Bool {
        guard !lock.withLock({ isOver }) else { return false }
        if let line = String(validating: bytes, as: UTF8.self), line.hasPrefix("gateway ") {
            let words = line.split(separator: " ")
            if words.count == 3, let port = Int(words[2]) { connect(to: String(words[1]), port: port) }
        } else if bytes.count > 12, bytes[0] & 0xc0 == 0x80 {
            take(bytes)
        }
        return true
    }

    private func take(_ packet: [UInt8]) {
        lock.withLock {
            guard let bytes = encryption == nil ? packet : encryption?.peer.unprotect(packet) else { return }
            received += 1
            if first == nil { first = .now }
            streams[bytes[8..<12].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }, default: 0] += 1
            if let events, bytes[1] & 0x7f == events, bytes.count >= 16 {
                let time = bytes[4..<8].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
                if bytes[13] & 0x80 != 0, !pressed.contains(where: { $0.time == time }) { pressed.append((time, bytes[12])) }
            }
            guard bytes[1] & 0x7f == 0 else { return }
            heard += bytes[12...].map(Tone.linear)
            if heard.count > 16_000 { heard.removeFirst(8_000) }
        }
    }
}
