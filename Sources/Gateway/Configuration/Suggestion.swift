/// "Did you mean": finds the known word that a wrong one was probably meant to be.
enum Suggestion {
    /// The nearest of `known`, when it is near enough to be worth telling.
    static func nearest(to word: String, among known: [String]) -> String? {
        let limit = max(1, min(3, word.count / 3))
        let ranked = known.map { (distance(word.lowercased(), $0.lowercased()), $0) }.filter { $0.0 <= limit }
        return ranked.min { $0.0 < $1.0 }?.1
    }

    /// ` (did you mean X?)`, or nothing.
    static func hint(for word: String, among known: [String]) -> String {
        nearest(to: word, among: known).map { " (did you mean \($0)?)" } ?? ""
    }

    /// Edits that turn one word into the other; a swap of neighbours counts as one (optimal string alignment).
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.unicodeScalars.prefix(64)), Array(right.unicodeScalars.prefix(64)))
        var rows = [Array(0...right.count)]
        for i in 0..<left.count {
            var row = [i + 1]
            for j in 0..<right.count {
                var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (left[i] == right[j] ? 0 : 1))
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[left.count][right.count]
    }
}
