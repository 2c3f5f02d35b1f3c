/// The order in which the targets of SRV records are tried (RFC 2782, "Usage rules").
enum ServiceOrder {
    /// - Parameter random: A number within the range, every one as likely as any other.
    static func ordered(_ records: [ServiceRecord], random: (ClosedRange<Int>) -> Int) -> [ServiceRecord] {
        let byPriority = Dictionary(grouping: records, by: \.priority)
        return byPriority.keys.sorted().flatMap { weighted(byPriority[$0] ?? [], random: random) }
    }

    /// Draws one after the other, each as likely as its weight says. Those of weight 0 stand first, or they would never be drawn.
    private static func weighted(_ records: [ServiceRecord], random: (ClosedRange<Int>) -> Int) -> [ServiceRecord] {
        var rest = records.filter { $0.weight == 0 } + records.filter { $0.weight != 0 }
        var drawn: [ServiceRecord] = []
        while rest.count > 1 {
            let chosen = random(0...rest.reduce(0) { $0 + $1.weight })
            var sum = 0
            let index = rest.firstIndex { record in
                sum += record.weight
                return sum >= chosen
            }
            drawn.append(rest.remove(at: index ?? 0))
        }
        return drawn + rest
    }
}
