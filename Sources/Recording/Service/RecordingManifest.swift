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

/// A manifest on the disk. As long as it is open no other gateway that records to this directory touches the recording.
final class ManifestFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// Makes one, where there is none of that name.
    init(creating manifest: RecordingManifest, in directory: String) throws(RecordingError) {
        path = "\(directory)/\(RecordingManifest.file(manifest.name))"
        descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system(path) }
        do throws(RecordingError) {
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw .system(path) }
            try write(manifest)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Opens one that was left behind; nil where another process has it, or it is gone.
    init?(_ name: RecordingName, in directory: String) {
        path = "\(directory)/\(RecordingManifest.file(name))"
        descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        var opened = stat(), named = stat()
        guard descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) == 0, fstat(descriptor, &opened) == 0,
            lstat(path, &named) == 0, opened.st_ino == named.st_ino
        else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    func read(_ name: RecordingName) -> RecordingManifest? { RecordingManifest(name: name, text: FileSystem.text(descriptor)) }

    /// Writes it in place of what was there.
    func write(_ manifest: RecordingManifest) throws(RecordingError) {
        let bytes = Array(manifest.text.utf8)
        let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        guard count == bytes.count else { throw count < 0 ? .system(path) : .diskFull }
    }

    func remove() { unlink(path) }
}
