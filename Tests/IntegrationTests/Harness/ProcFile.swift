import Foundation

/// Files below /proc, read to their end: they have no size, and Foundation stops early.
enum ProcFile {
    static func text(_ path: String) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            let more = [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, filled in
                filled = max(0, read(descriptor, buffer.baseAddress, buffer.count))
            }
            if more.isEmpty { return String(decoding: bytes, as: UTF8.self) }
            bytes += more
        }
    }
}
