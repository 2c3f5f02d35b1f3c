import TestRandom

extension SeededRandom {
    /// Whether something happens that has this chance of 100.
    mutating func happens(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

extension Array {
    func pick(_ generator: inout SeededRandom) -> Element? { randomElement(using: &generator) }
}
