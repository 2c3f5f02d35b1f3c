/// When the packets of a stream came, compared with their timestamps: jitter, gaps, packet time, jumps, and the sender's clock.
struct PacketTiming: Equatable, Sendable {
    /// What a receiver waits for a packet beyond the least delay: a fixed jitter buffer. Microseconds.
    static let playoutDelay: Int64 = 60_000
    /// A timestamp that is further from where the packets' arrival puts it has jumped. Microseconds.
    static let longestShift: UInt64 = 100_000
    /// The same behind a silence, which the marker ends (RFC 3551 section 4.1).
    static let longestShiftAfterSilence: UInt64 = 500_000

    /// RFC 3550's jitter after each packet, in milliseconds.
    private(set) var jitter = Histogram()
    /// The longest time without a packet, silences of the sender apart. Microseconds.
    private(set) var largestGap: Int64 = 0
    private(set) var timestampJumps: UInt64 = 0
    /// Silences that the sender has left out.
    private(set) var silences: UInt64 = 0
    /// How often a packet was so many milliseconds of media; what is longer shares the last.
    private var lengths = InlineArray<256, UInt32>(repeating: 0)
    /// The skew of the longest part without a jump, and that of the part that runs.
    private var longestSkew = ClockSkew()
    private var skew = ClockSkew()

    private var clockRate: UInt32 = 8_000
    private var isBegun = false
    private var lastArrival: Int64 = 0
    /// When the last packet came whose timestamp says when it was made, and whether others have come since.
    private var lastTimed: Int64 = 0
    private var hasOthers = false
    private var lastTimestamp: UInt32 = 0
    private var smoothed = 0.0
    private var lastDelay: Int64 = 0
    /// The part since the last jump: its beginning, and its media time so far. Microseconds, and units of the clock.
    private var begin: Int64 = 0
    private var media: Int64 = 0
    /// The least delay of each of the last eight seconds, and the second of the last one.
    private var floors = InlineArray<8, Int64>(repeating: .max)
    private var floorSecond: Int64 = -1

    init() {}

    static func == (left: PacketTiming, right: PacketTiming) -> Bool {
        left.jitter == right.jitter && left.largestGap == right.largestGap && left.timestampJumps == right.timestampJumps
            && left.lastArrival == right.lastArrival && left.lastTimestamp == right.lastTimestamp && left.media == right.media
    }

    /// The stream begins anew: another source, another clock, or other numbers.
    mutating func restart(clockRate: UInt32) {
        if skew.seconds > longestSkew.seconds { longestSkew = skew }
        skew = ClockSkew()
        self.clockRate = max(clockRate, 1)
        isBegun = false
        smoothed = 0
        floors = InlineArray(repeating: .max)
        floorSecond = -1
    }

    /// Takes a packet that carries no telephone event and is no duplicate.
    ///
    /// - Parameters:
    ///   - step: How many numbers it is above the highest one before; below 1 for one that comes out of order.
    ///   - now: When it came, in microseconds.
    /// - Returns: Whether it is too late to be played.
    mutating func take(_ header: RTPHeader, step: Int64, now: Int64) -> Bool {
        guard isBegun else {
            start(header, now)
            return false
        }
        let advance = Int64(Int32(bitPattern: header.timestamp &- lastTimestamp))
        let elapsed = now &- lastTimed
        if step > 0 {
            let shift = (advance &* 1_000_000 / Int64(clockRate) &- elapsed).magnitude
            // Behind telephone events the numbers do not tell how much media has passed.
            let usual = hasOthers ? nil : usualLength.map { UInt64($0) &* UInt64(clockRate) / 1_000 }
            let deviation = usual.map { (advance &- step &* Int64(truncatingIfNeeded: $0)).magnitude } ?? 0
            let isSpurt = deviation > 0 && advance > 0 && (header.marker || deviation >= (usual ?? 0) &* 2)
            // Without a known packet time only a large shift is one for certain.
            let longest = header.marker || usual == nil ? PacketTiming.longestShiftAfterSilence : PacketTiming.longestShift
            if deviation > usual ?? 0 || usual == nil, shift > longest {
                timestampJumps = timestampJumps &+ 1
                restart(clockRate: clockRate)
                start(header, now)
                return false
            }
            if isSpurt { silences = silences &+ 1 } else { largestGap = max(largestGap, now &- lastArrival) }
            if step == 1, advance > 0, !isSpurt, !hasOthers {
                let length = Int(min(advance &* 1_000 / Int64(clockRate), 255))
                lengths[length] = lengths[length] &+ 1
            }
            lastTimestamp = header.timestamp
            media = media &+ advance
            lastTimed = now
            hasOthers = false
        }
        lastArrival = now
        let time = now &- begin
        let behind = step > 0 ? 0 : advance
        let delay = time &- (media &+ behind) &* 1_000_000 / Int64(clockRate)
        smoothed += (Double((delay &- lastDelay).magnitude) / 1_000 - smoothed) / 16
        lastDelay = delay
        jitter.add(smoothed)
        skew.add(time: time, delay: delay)
        return isLate(delay, second: time / 1_000_000)
    }

    /// A packet of another kind came: the stream is not silent.
    mutating func touch(now: Int64) {
        guard isBegun else { return }
        largestGap = max(largestGap, now &- lastArrival)
        lastArrival = now
        hasOthers = true
    }

    private mutating func start(_ header: RTPHeader, _ now: Int64) {
        isBegun = true
        begin = now
        media = 0
        lastArrival = now
        lastTimed = now
        hasOthers = false
        lastTimestamp = header.timestamp
        lastDelay = 0
        _ = isLate(0, second: 0)
    }

    private mutating func isLate(_ delay: Int64, second: Int64) -> Bool {
        while floorSecond < second {
            floorSecond = max(floorSecond, second &- 8) &+ 1
            floors[Int(floorSecond & 7)] = .max
        }
        let place = Int(second & 7)
        floors[place] = min(floors[place], delay)
        var floor = Int64.max
        for index in 0..<8 { floor = min(floor, floors[index]) }
        return delay &- floor > PacketTiming.playoutDelay
    }

    /// Milliseconds of media in most packets; nil until some have shown it.
    var usualLength: Int? {
        var found: Int?
        var most: UInt32 = 3
        for index in 1..<256 where lengths[index] > most {
            most = lengths[index]
            found = index
        }
        return found
    }

    /// As ``ClockSkew/estimate``, of the longest part of the stream without a jump.
    var clockSkew: (skew: Double, error: Double)? { (skew.seconds >= longestSkew.seconds ? skew : longestSkew).estimate }
}
