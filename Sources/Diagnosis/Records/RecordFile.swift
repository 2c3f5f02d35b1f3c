internal import Events
internal import Glibc

/// Appends calls that are over to a file, each as a line of JSON. A file that somebody has moved away or deleted is begun anew.
final class RecordFile: RecordSink, @unchecked Sendable {
    let name = "file"
    let takesRunningCalls = false
    private let path: String
    private var descriptor: Int32 = -1

    init(path: String) { self.path = path }

    deinit { close() }

    func write(_ records: [CallRecord]) throws(RecordError) -> RecordRefusals {
        try open()
        let bytes = Array(records.map { $0.json + "\n" }.joined().utf8)
        let end = lseek(descriptor, 0, SEEK_END)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = errno
                // No half line, and none twice when it is tried again.
                if end >= 0, rest.count < bytes.count { ftruncate(descriptor, end) }
                close()
                throw RecordError("\(path): \(SystemText.error(code))")
            }
            rest = rest.dropFirst(count)
        }
        return RecordRefusals()
    }

    private func open() throws(RecordError) {
        if descriptor >= 0 {
            var status = stat()
            if fstat(descriptor, &status) == 0, let there = FileIdentity(path), there == FileIdentity(status) { return }
            close()
        }
        descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o640)
        guard descriptor >= 0 else { throw RecordError("\(path): \(SystemText.error(errno))") }
    }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }
}
