internal import Glibc

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
