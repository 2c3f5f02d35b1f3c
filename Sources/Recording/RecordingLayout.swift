/// Which of a session's captures have whom in them.
///
/// A recording has parts, one after the other: Janus captures what there was at a part's beginning.
public enum RecordingLayout: String, Sendable, CaseIterable {
    /// Captures of each side.
    case proxy
    /// Captures of the caller, which hears itself.
    case echo

    /// What the media engine is told as the captures' name, for the leg of that side.
    ///
    /// - Parameter part: From 1.
    public func base(_ name: String, part: Int = 1, side: Track.Side) -> String {
        let name = RecordingLayout.name(name, part)
        return self == .proxy ? "\(name)-\(side.rawValue)" : name
    }

    /// The captures that may be there of a recording, part by part, and whom each has in it. An echo has the caller alone.
    ///
    /// - Parameter files: What there is in the directory.
    func captures(of name: String, in files: [String]) -> [(part: Int, side: Track.Side, file: String)] {
        parts(of: name, in: files).flatMap { part in
            bases(RecordingLayout.name(name, part)).flatMap { side, base in ["audio", "video"].map { (part, side, "\(base)-\($0).mjr") } }
        }
    }

    /// All that Janus may have written, data channels included.
    func files(of name: String, in files: [String]) -> [String] {
        parts(of: name, in: files).flatMap { part in
            bases(RecordingLayout.name(name, part)).flatMap { _, base in ["audio", "video", "data"].map { "\(base)-\($0).mjr" } }
        }
    }

    private static func name(_ name: String, _ part: Int) -> String { part == 1 ? name : "\(name)-p\(part)" }

    private func parts(of name: String, in files: [String]) -> [Int] {
        let head = "\(name)-p"
        let further = files.compactMap { file -> Int? in
            guard file.hasPrefix(head) else { return nil }
            let digits = file.dropFirst(head.count).prefix { $0.isASCII && $0.isNumber }
            return digits.count <= 4 ? Int(digits) : nil
        }
        return Set(further + [1]).sorted()
    }

    private func bases(_ name: String) -> [(Track.Side, String)] {
        switch self {
        case .proxy: [(.caller, "\(name)-caller"), (.callee, "\(name)-callee")]
        case .echo: [(.caller, name)]
        }
    }
}
