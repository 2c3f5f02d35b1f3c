internal import Configuration

/// Rows of cells for a terminal: each column as wide as its longest cell, the last as long as it wants. What came from outside shows no control characters.
enum TextTable {
    /// Longest cell, in characters, but for the last of a row.
    private static let widest = 40

    static func text(_ header: [String], _ rows: [[String]]) -> String {
        let all = ([header] + rows).map { $0.map(ConfigurationText.shown) }
        let widths = header.indices.map { column in all.map { min($0.indices.contains(column) ? $0[column].count : 0, widest) }.max() ?? 0 }
        return all.map { row in
            let cells = zip(row, widths).enumerated().map { index, cell in
                if index == row.count - 1 { return cell.0 }
                let cut = cell.0.count > cell.1 ? String(cell.0.prefix(cell.1 - 1)) + "…" : cell.0
                return cut + String(repeating: " ", count: cell.1 - cut.count)
            }
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }

    /// `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`.
    static func age(_ seconds: Int) -> String {
        switch max(0, seconds) {
        case let seconds where seconds < 120: "\(seconds) s"
        case let seconds where seconds < 7_200: "\(seconds / 60) min"
        case let seconds where seconds < 172_800: "\(seconds / 3_600) h \(seconds / 60 % 60) min"
        case let seconds: "\(seconds / 86_400) d \(seconds / 3_600 % 24) h"
        }
    }
}
