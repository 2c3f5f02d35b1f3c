/// The last 128 sequence numbers of a stream: tells duplicates and reordered packets (RFC 4737), and what became of each number.
struct SequenceWindow: Equatable, Sendable {
    /// What a packet is.
    enum Arrival: Equatable, Sendable {
        /// The highest number so far.
        case next
        /// Below the highest number, for the first time: reordered, as RFC 4737 section 3.3 defines it.
        case reordered
        case duplicate
        /// Below the stream's first number.
        case stale
        /// Too far above or below to go on with the stream.
        case foreign
    }

    static let size = 128

    private enum State: UInt8 { case missing, received, late }

    private var states = InlineArray<128, UInt8>(repeating: 0)
    /// The highest number, counted on over its turns, and the first one.
    private var highest: Int64
    private let first: Int64

    /// - Parameter sequence: Of the first packet, which is received by it.
    init(first sequence: UInt16) {
        first = Int64(sequence)
        highest = first
        set(first, .received)
    }

    static func == (left: SequenceWindow, right: SequenceWindow) -> Bool {
        guard left.highest == right.highest, left.first == right.first else { return false }
        for index in 0..<SequenceWindow.size where left.states[index] != right.states[index] { return false }
        return true
    }

    /// What a packet of that number is, without taking it.
    func arrival(_ sequence: UInt16) -> Arrival {
        let step = Int64(Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: highest)))
        if step > 0 { return step < Int64(StreamStatistics.longestGap) ? .next : .foreign }
        if step <= -Int64(SequenceWindow.size) { return .foreign }
        let number = highest &+ step
        guard number >= first else { return .stale }
        return state(number) == .missing ? .reordered : .duplicate
    }

    /// How many numbers a packet is above the highest one.
    func step(to sequence: UInt16) -> Int64 { Int64(Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: highest))) }

    /// Takes a packet that is `next` or `reordered`; the fates of those that leave the window go to `pattern`.
    mutating func take(_ sequence: UInt16, isLate: Bool, _ pattern: inout LossPattern) {
        let number = highest &+ step(to: sequence)
        while highest < number {
            highest = highest &+ 1
            leave(highest &- Int64(SequenceWindow.size), &pattern)
            set(highest, .missing)
        }
        set(number, isLate ? .late : .received)
    }

    /// Says what became of all numbers that are left.
    func flush(_ pattern: inout LossPattern) {
        var number = max(first, highest &- Int64(SequenceWindow.size) &+ 1)
        while number <= highest {
            leave(number, &pattern)
            number = number &+ 1
        }
    }

    private func leave(_ number: Int64, _ pattern: inout LossPattern) {
        guard number >= first else { return }
        switch state(number) {
        case .missing: pattern.add(.lost)
        case .received: pattern.add(.received)
        case .late: pattern.add(.late)
        }
    }

    private func state(_ number: Int64) -> State { State(rawValue: states[Int(number & 127)]) ?? .missing }
    private mutating func set(_ number: Int64, _ state: State) { states[Int(number & 127)] = state.rawValue }
}
