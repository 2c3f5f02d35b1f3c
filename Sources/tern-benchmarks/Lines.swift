import Foundation

/// Lines from a file, a FIFO or standard input, read on a thread of their own.
enum Lines {
    /// - Parameter path: nil is standard input.
    /// - Returns: The lines, without their ends, until the writers have closed it.
    static func read(_ path: String? = nil) throws -> AsyncStream<String> {
        // A FIFO that is open for writing as well does not end with its first writer.
        let descriptor = path.map { open($0, O_RDWR | O_CLOEXEC) } ?? STDIN_FILENO
        guard descriptor >= 0 else { throw BenchmarkFailure(description: "\(path ?? "standard input"): \(String(cString: strerror(errno)))") }
        let (lines, continuation) = AsyncStream.makeStream(of: String.self)
        Thread {
            var rest: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = Foundation.read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                rest += buffer[..<count]
                while let end = rest.firstIndex(of: 0x0a) {
                    continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeSubrange(...end)
                }
            }
            continuation.finish()
        }.start()
        return lines
    }
}
