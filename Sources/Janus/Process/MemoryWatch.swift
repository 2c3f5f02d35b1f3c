internal import EventLoop
internal import Glibc

/// Checks four times a second how much memory a process takes, and reports when it is more than a limit.
///
/// `setrlimit` does not serve for Janus. `RLIMIT_AS` and `RLIMIT_DATA` count the 8 MB stack of each thread, most of which is never used.
/// A Janus 1.1.2 that reached `RLIMIT_DATA` did not end: it answered keepalives and nothing else.
@LoopActor
final class MemoryWatch {
    private static let interval = Duration.milliseconds(250)

    private var timer: LoopTimer?

    /// - Parameters:
    ///   - limit: In bytes.
    ///   - onExcess: Called once, with the bytes in use.
    init(pid: Int32, limit: Int, onExcess: @escaping @LoopActor (Int) -> Void) {
        timer = LoopTimer.schedule(after: MemoryWatch.interval, every: MemoryWatch.interval) { [weak self] in
            guard let used = MemoryWatch.memory(of: pid), used > limit else { return }
            self?.stop()
            onExcess(used)
        }
    }

    func stop() {
        timer?.cancel()
        timer = nil
    }

    /// The memory of a process in RAM and swap, in bytes; nil when there is no such process.
    nonisolated static func memory(of pid: Int32) -> Int? {
        let descriptor = open("/proc/\(pid)/status", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 4_096)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return memory(inStatus: String(decoding: buffer.prefix(count), as: UTF8.self))
    }

    /// Reads `VmRSS` and `VmSwap`, which are in KiB; nil without `VmRSS`, as with a zombie.
    nonisolated static func memory(inStatus text: String) -> Int? {
        var sizes: [Substring: Int] = [:]
        for line in text.split(separator: "\n") {
            let words = line.split { $0 == " " || $0 == "\t" }
            if words.count == 3, let size = Int(words[1]) { sizes[words[0]] = size }
        }
        return sizes["VmRSS:"].map { ($0 &+ (sizes["VmSwap:"] ?? 0)) &* 1_024 }
    }
}
