/// Puts the times at which the kernel received packets, which are of the realtime clock, on the clock that does not jump.
///
/// A measurement by these does not depend on when the reading thread is scheduled. Where the realtime clock has jumped, or a time is implausible,
/// a packet counts as received when it is read. All times are in microseconds.
public struct ArrivalClock: Sendable {
    /// A packet does not wait longer than this to be read.
    static let longestWait: Int64 = 1_000_000
    /// Between two readings the clocks drift apart by less than this, unless one has jumped.
    static let longestShift: Int64 = 1_000

    private var monotonic: Int64 = 0
    /// The realtime clock less the monotonic one.
    private var difference: Int64?
    /// The realtime clock has not jumped since.
    private var steadySince = Int64.min

    public init() {}

    /// Reads both clocks, at one moment: before the packets of a turn are judged.
    public mutating func read(realtime: Int64, monotonic: Int64) {
        let now = realtime &- monotonic
        if let difference, (now &- difference).magnitude > UInt64(ArrivalClock.longestShift) { steadySince = monotonic }
        difference = now
        self.monotonic = monotonic
    }

    /// When a packet came.
    ///
    /// - Parameter kernel: The kernel's time of it; 0 where there is none.
    public func arrival(_ kernel: Int64) -> Int64 {
        guard kernel > 0, let difference else { return monotonic }
        let time = kernel &- difference
        guard time <= monotonic, monotonic &- time <= ArrivalClock.longestWait, time >= steadySince else { return monotonic }
        return time
    }
}
