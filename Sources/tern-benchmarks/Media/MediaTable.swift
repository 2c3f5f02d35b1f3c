import Foundation

/// The figures of the media benchmark: medians of its rounds, ratios, and what is aimed at.
struct MediaTable {
    typealias Result = MediaBenchmark.Result

    let results: [Path: [MediaBenchmark.Kind: [Result]]]
    /// Milliseconds from a phone to itself, without Janus.
    let direct: Double

    /// What a figure is to be.
    private enum Aim {
        /// At most so much of the stock plugins'.
        case ratio(Double)
        case most(Double)
        case none
    }

    func write() {
        print("measure", "stock", "tern", "ratio", "aim", "")
        for path in Path.allCases { if let result = results[path] { write(path, result) } }
        print("A packet from a phone to itself without Janus takes \(text(direct)) ms, which is not in the delays.")
    }

    private func write(_ path: Path, _ result: [MediaBenchmark.Kind: [Result]]) {
        line("\(path.rawValue): ms of CPU a second", result, \.second, path == .echo ? .ratio(0.07) : path == .phones ? .ratio(0.15) : .ratio(0.65))
        if result[.unmoderated] != nil { line("  the same without moderation", result, \.second, .ratio(0.9), of: .unmoderated) }
        line("  ms of CPU a 3 s call", result, \.call, path == .browser ? .none : .ratio(0.15))
        line("  more threads with the standing load", result, { Double($0.threads) }, .most(0))
        line("  KB of memory a call", result, { $0.memory / 1_024 }, .most(100))
        line("  delay one way, p50, ms", result, \.delay, path == .browser ? .most(3) : .none)
        line("  media up, p50, ms", result, \.up, path == .browser ? .most(60) : .none)
        line("  media up, longest, ms", result, \.upMost, path == .browser ? .most(150) : .none)
        line("  short calls without media", result, { Double($0.silent) }, .most(0))
        line("  loss, %", result, { $0.loss * 100 }, .none)
    }

    private func line(
        _ name: String, _ result: [MediaBenchmark.Kind: [Result]], _ value: (Result) -> Double, _ aim: Aim, of kind: MediaBenchmark.Kind = .tern
    ) {
        let stock = MediaBenchmark.median((result[.stock] ?? []).map(value)), tern = MediaBenchmark.median((result[kind] ?? []).map(value))
        let ratio = tern / stock
        let (wanted, isMet): (String, Bool) =
            switch aim {
            case .ratio(let most): ("ratio <= \(most)", ratio <= most)
            case .most(let most): ("<= \(text(most))", tern <= most)
            case .none: ("", true)
            }
        print(name, text(stock), text(tern), text(ratio), wanted, isMet ? "" : "MISSED")
    }

    private func text(_ value: Double) -> String { value.isFinite ? String(format: "%.2f", value) : "-" }

    private func print(_ columns: String...) {
        Swift.print(columns.enumerated().map { $0 == 0 ? $1.padded(to: 44) : $1.leftPadded(to: $0 == 4 ? 16 : 10) }.joined())
    }
}
