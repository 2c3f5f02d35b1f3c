/// A call's time line as a ladder for the terminal: a column for each party, an arrow for each message, and what happened in words between them.
public struct Ladder {
    /// The characters that it is drawn with.
    struct Strokes {
        let bar, line, right, left, dot: Character

        static let unicode = Strokes(bar: "│", line: "─", right: "▶", left: "◀", dot: "•")
        static let ascii = Strokes(bar: "|", line: "-", right: ">", left: "<", dot: "*")
    }

    private let document: TraceDocument
    private let width: Int
    private let isFull: Bool
    private let strokes: Strokes
    /// Where each party's bar is; `tern` is the gateway.
    private var columns: [(id: String, position: Int)] = []

    /// Narrowest and widest picture, in characters.
    static let widths = 60...400
    private static let timeWidth = 9
    /// Least distance of two bars.
    private static let narrowest = 16
    /// Lines that words may take where the whole is not asked for.
    private static let mostLines = 4

    /// - Parameters:
    ///   - width: Of the terminal, in characters.
    ///   - isFull: Whether each message is written out.
    ///   - isASCII: Whether the terminal has no box-drawing characters.
    public init(_ document: TraceDocument, width: Int, isFull: Bool = false, isASCII: Bool = false) {
        self.document = document
        self.width = min(max(width, Ladder.widths.lowerBound), Ladder.widths.upperBound)
        self.isFull = isFull
        strokes = isASCII ? .ascii : .unicode
        columns = arrange()
    }

    private func arrange() -> [(id: String, position: Int)] {
        let others = document.parties.map(\.id).filter { $0 != "janus" }
        let callers = others.filter { $0.hasPrefix("caller") }
        let callees = others.filter { !$0.hasPrefix("caller") }
        let janus = document.parties.contains { $0.id == "janus" } ? ["janus"] : []
        let room = max(2, (width - Ladder.timeWidth - 6) / Ladder.narrowest + 1)
        // Where there is no room for all, the last callees share a column.
        let kept = callees.prefix(max(1, room - 1 - min(1, callers.count) - janus.count))
        let shown = Array(callers.prefix(1)) + ["tern"] + kept + janus
        let first = Ladder.timeWidth + 4
        let step = shown.count > 1 ? min(60, (width - 4 - first) / (shown.count - 1)) : 0
        return shown.enumerated().map { ($1, first + $0 * step) }
    }

    private func position(_ party: String) -> Int? {
        if let column = columns.first(where: { $0.id == party }) { return column.position }
        let role = party.hasPrefix("caller") ? "caller" : "callee"
        return columns.last { $0.id.hasPrefix(role) }?.position
    }

    // MARK: Lines

    /// The picture, a line an element.
    public var lines: [String] {
        var lines = heading
        lines.append("")
        lines.append(names)
        for entry in document.entries { add(entry, to: &lines) }
        if document.dropped > 0 { lines.append("\(document.dropped) more entries found no room") }
        return lines
    }

    private var heading: [String] {
        let summary = document.summary
        var lines = [summary.isCall ? "Call \(LogText.plain(summary.id))" : "No call: \(LogText.plain(summary.id))"]
        let caller = [summary.callerKind, summary.caller].filter { !$0.isEmpty }.joined(separator: " ")
        let who = caller.isEmpty ? "" : "\(LogText.plain(caller))\(summary.source.isEmpty ? "" : " (\(LogText.plain(summary.source)))")"
        let what = summary.dialled.isEmpty ? "" : " dialled \(LogText.plain(summary.dialled))"
        lines.append(who + what + (who.isEmpty && what.isEmpty ? "Began" : "") + " at \(Ladder.date(summary.began))")
        var end: [String] = []
        if let answered = summary.answered { end.append("answered after \(seconds(answered))") }
        if let ended = summary.ended, let status = summary.status {
            end.append("ended after \(seconds(ended)) by the \(summary.by): \(status) \(LogText.plain(summary.reason))")
        } else {
            end.append("it lasts")
        }
        lines.append(end.joined(separator: ", "))
        for party in document.parties where party.id != "janus" {
            let parts = [party.name, party.address].filter { !$0.isEmpty }
            var line = "  \(party.id.padded(to: 10)) \(LogText.plain(parts.joined(separator: "  ")))"
            if let callID = party.callID.map({ "Call-ID \(LogText.plain($0))" }) {
                if line.count + callID.count + 2 <= width {
                    line += "  " + callID
                } else {
                    lines.append(line)
                    line = "    " + callID
                }
            }
            lines.append(line)
        }
        return lines
    }

    private static func date(_ microseconds: Int) -> String { LogTime(milliseconds: microseconds / 1_000).text }

    private func seconds(_ microseconds: Int) -> String { "\(Ladder.elapsed(microseconds - document.summary.began)) s" }

    /// `12.345`: seconds.
    private static func elapsed(_ microseconds: Int) -> String {
        let milliseconds = abs(microseconds) / 1_000
        let fraction = String(milliseconds % 1_000)
        return "\(microseconds < 0 ? "-" : "")\(milliseconds / 1_000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    }

    private var names: String {
        var row = Row(width: width)
        for (id, position) in columns { row.put(id, at: max(0, position - id.count / 2)) }
        return row.text
    }

    private func row(at microseconds: Int? = nil) -> Row {
        var row = Row(width: width)
        for (_, position) in columns { row.put(String(strokes.bar), at: position) }
        if let microseconds {
            let time = Ladder.elapsed(microseconds - document.summary.began)
            row.put(time, at: max(0, Ladder.timeWidth - 1 - time.count))
        }
        return row
    }

    private func add(_ entry: TraceDocument.Entry, to lines: inout [String]) {
        let tern = position("tern") ?? Ladder.timeWidth
        if let party = entry.party, let place = position(party), place != tern {
            var row = row(at: entry.microseconds)
            let repeated = entry.isRepetition ? " (repeated)" : ""
            row.draw(from: entry.isSent ? tern : place, to: entry.isSent ? place : tern, LogText.plain(entry.label), ending: repeated, strokes)
            lines.append(row.text)
        } else {
            let words = entry.kind == .log ? logText(entry) : LogText.plain(entry.label)
            let room = max(20, width - tern - 4)
            let parts = words.wrapped(to: room)
            for (index, part) in parts.prefix(isFull ? parts.count : Ladder.mostLines).enumerated() {
                var row = index == 0 ? row(at: entry.microseconds) : row()
                row.clear(from: tern + 1)
                let mark = entry.kind == .log ? "#" : String(strokes.dot)
                row.put("\(index == 0 ? mark : " ") \(part)", at: tern + 2)
                lines.append(row.text)
            }
        }
        if isFull, entry.kind != .log, case let text = document.text(of: entry), !text.isEmpty { lines += written(entry, text) }
    }

    private func logText(_ entry: TraceDocument.Entry) -> String {
        let fields = entry.text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("call=") && !$0.hasPrefix("session=") }
        return LogText.plain(([entry.label] + fields.map(String.init)).joined(separator: " "))
    }

    private func written(_ entry: TraceDocument.Entry, _ text: String) -> [String] {
        let addresses = [entry.transport, entry.peer.map { "\($0)" }].compactMap { $0 }.joined(separator: " ")
        let head = addresses.isEmpty ? [] : ["    \(entry.isSent ? "to" : "from") \(addresses)"]
        return head + text.split(omittingEmptySubsequences: false) { $0 == "\r\n" || $0 == "\n" }.map { "    \(LogText.plain(String($0)))" }
    }
}

/// One line of characters.
private struct Row {
    private var cells: [Character]

    init(width: Int) { cells = Array(repeating: " ", count: width) }

    var text: String { String(String(cells).reversed().drop { $0 == " " }.reversed()) }

    mutating func put(_ text: String, at position: Int) {
        for (offset, character) in text.enumerated() where cells.indices.contains(position + offset) { cells[position + offset] = character }
    }

    mutating func clear(from position: Int) { for index in cells.indices where index >= position { cells[index] = " " } }

    /// An arrow with its label on it.
    mutating func draw(from start: Int, to end: Int, _ label: String, ending: String, _ strokes: Ladder.Strokes) {
        let (low, high) = (min(start, end), max(start, end))
        guard low + 1 < high else { return }
        put(String(repeating: strokes.line, count: high - low - 1), at: low + 1)
        put(String(end > start ? strokes.right : strokes.left), at: end > start ? high - 1 : low + 1)
        // One stroke stays at each end, besides the head.
        let room = high - low - 5
        guard room > 0 else { return }
        let whole = label + ending
        let kept = max(0, room - ending.count - 1)
        let shown = whole.count <= room ? whole : String(label.prefix(kept)) + (strokes.line == "─" ? "…" : "~") + ending.prefix(room - kept - 1)
        put(shown, at: low + 3)
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { count >= width ? self : self + String(repeating: " ", count: width - count) }

    /// Its words in lines of that many characters; longer words are cut.
    fileprivate func wrapped(to width: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for var word in split(separator: " ").map(String.init) {
            while true {
                let room = width - (line.isEmpty ? 0 : line.count + 1)
                if word.count <= room {
                    line += line.isEmpty ? word : " " + word
                    break
                }
                if line.isEmpty {
                    lines.append(String(word.prefix(width)))
                    word = String(word.dropFirst(width))
                } else {
                    lines.append(line)
                    line = ""
                }
            }
        }
        if !line.isEmpty || lines.isEmpty { lines.append(line) }
        return lines
    }
}
