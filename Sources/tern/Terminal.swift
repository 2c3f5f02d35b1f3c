internal import Glibc

/// What is known of the terminal that the program writes to.
enum Terminal {
    /// Characters in a line; 80 where there is no terminal and `COLUMNS` does not say otherwise.
    static var width: Int { size.columns }

    /// Characters in a line, and lines.
    static var size: (columns: Int, rows: Int) {
        var size = winsize()
        if ioctl(1, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return (Int(size.ws_col), max(1, Int(size.ws_row))) }
        return (variable("COLUMNS").flatMap { Int($0) } ?? 80, 24)
    }

    static var isThere: Bool { isatty(1) == 1 }

    /// Whether the locale has the characters that boxes are drawn with.
    static var isUnicode: Bool {
        let locale = [variable("LC_ALL"), variable("LC_CTYPE"), variable("LANG")].compactMap { $0 }.first { !$0.isEmpty } ?? ""
        return ["utf-8", "utf8"].contains { locale.lowercased().contains($0) }
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}
