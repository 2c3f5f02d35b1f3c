internal import Glibc
internal import JSON

/// What has to be known to finish a recording, kept beside its captures until that is done.
struct RecordingManifest: Equatable {
    /// Bytes of its text, whatever is in it: it is written anew in place, within one block of the disk.
    static let size = 512
    static let suffix = ".recording"

    let name: RecordingName
    let layout: RecordingLayout
    let style: VideoStyle
    /// In milliseconds; nil as long as it runs, and where the gateway did not live to see its end.
    var length: Int?
    /// When it began, in microseconds since 1970; nil before.
    var begun: Int?

    static func file(_ name: RecordingName) -> String { name.description + suffix }

    var text: String {
        let json: JSONValue = [
            "version": 1, "layout": .string(layout.rawValue), "video": .string(style.rawValue), "length": length.map(JSONValue.integer) ?? .null,
            "begun": begun.map(JSONValue.integer) ?? .null,
        ]
        let text = json.text
        return text + String(repeating: " ", count: max(0, RecordingManifest.size - 1 - text.utf8.count)) + "\n"
    }
}

extension RecordingManifest {
    /// Nil for what is no manifest of this version.
    init?(name: RecordingName, text: String) {
        guard let json = try? JSONValue(parsing: text), json["version"]?.intValue == 1,
            let layout = json["layout"]?.stringValue.flatMap(RecordingLayout.init(rawValue:)),
            let style = json["video"]?.stringValue.flatMap(VideoStyle.init(rawValue:))
        else { return nil }
        self.init(
            name: name, layout: layout, style: style, length: json["length"]?.intValue.map { max(0, $0) },
            begun: json["begun"]?.intValue.flatMap { CaptureHeader.times.contains($0) ? $0 : nil })
    }
}

extension RecordingManifest {
    /// Reads one without a claim to it.
    static func read(_ path: String, _ name: RecordingName) -> RecordingManifest? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return RecordingManifest(name: name, text: FileSystem.text(descriptor))
    }
}
