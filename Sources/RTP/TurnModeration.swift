/// How often an event loop turns: a loop with many sockets spends more time on looking at all of them than on packets, unless several packets
/// wait at each turn.
///
/// A loop that turns often is held up before it looks again; one that mostly waits is not.
public struct TurnModeration: Equatable, Sendable {
    /// A busy loop turns at most once in this time. Microseconds.
    private let interval: Int64
    /// A loop becomes busy when it is less from one turn to the next, on average. Microseconds. It ceases to be when that is half as much again as the
    /// interval: longer turns, which have more packets to handle, do not end it.
    public static let busy: Int64 = 1_000
    /// No turn counts for more. Microseconds.
    private static let longest: Int64 = 50_000
    /// How many turns the average is made of.
    private static let weight: Int64 = 32

    /// The average, times ``weight``.
    private var sum = TurnModeration.longest &* TurnModeration.weight
    private var last: Int64?
    private var isBusy = false

    /// - Parameter interval: A busy loop turns at most once in this time. Microseconds.
    public init(interval: Int64) { self.interval = interval }

    /// A turn begins.
    ///
    /// - Parameters:
    ///   - now: In microseconds of any clock that does not jump.
    ///   - isUrgent: Whether the loop has work of which each step takes a turn: the interval is half as long then.
    /// - Returns: How long to wait before the loop looks for work. Microseconds.
    public mutating func delay(now: Int64, isUrgent: Bool = false) -> Int64 {
        guard let last else {
            self.last = now
            return 0
        }
        let turn = min(max(now &- last, 0), TurnModeration.longest)
        isBusy = sum < (isBusy ? interval &+ interval / 2 : TurnModeration.busy) &* TurnModeration.weight
        let delay = isBusy ? max((isUrgent ? interval / 2 : interval) &- turn, 0) : 0
        sum = sum &+ turn &+ delay &- sum / TurnModeration.weight
        self.last = now &+ delay
        return delay
    }
}
