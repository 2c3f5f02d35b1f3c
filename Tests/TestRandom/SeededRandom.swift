import Foundation

/// Random numbers of one test (SplitMix64). The same seed and name give the same numbers.
///
/// The seed is `TERN_TEST_SEED`, or another one in each run; it is printed, so that a run can be repeated.
public struct SeededRandom: RandomNumberGenerator, Sendable {
    /// The seed of this run.
    public static let seed = ProcessInfo.processInfo.environment["TERN_TEST_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)

    private var state: UInt64

    /// - Parameter name: Of the test, or of the one of its cases, for which the numbers are.
    public init(_ name: String) {
        print("\(name): TERN_TEST_SEED=\(Self.seed)")
        // FNV-1a, so that tests differ.
        state = name.utf8.reduce(Self.seed ^ 0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
    }

    /// Numbers of one of many cases, whose seed the test says when it fails.
    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}
