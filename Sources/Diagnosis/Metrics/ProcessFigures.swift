internal import CMalloc
internal import Glibc

/// What the kernel says of this process, by the names that Prometheus' own libraries use.
public struct ProcessFigures: Sendable, Equatable {
    /// In bytes.
    public var residentMemory = 0
    /// Bytes that are allocated on the heap, without what malloc keeps for later.
    public var allocatedMemory = 0
    /// User and system time, in seconds.
    public var processorTime = 0.0
    /// Seconds of Unix time.
    public var startTime = 0.0
    /// Seconds since the start, whatever the system's clock was set to meanwhile.
    public var age = 0.0
    public var openDescriptors = 0
    public var maximumDescriptors = 0

    /// Reads `/proc/self`; what cannot be read stays 0.
    public init() {
        var used = timespec()
        if clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0 { processorTime = ProcessFigures.seconds(used) }
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { maximumDescriptors = Int(clamping: limit.rlim_cur) }
        let pages = ProcessFigures.words(of: "/proc/self/statm").dropFirst().first.flatMap { Int($0) }
        residentMemory = pages.map { $0 &* Int(sysconf(Int32(_SC_PAGESIZE))) } ?? 0
        let heap = mallinfo2()
        allocatedMemory = Int(clamping: heap.uordblks + heap.hblkhd)
        startTime = ProcessFigures.start.time
        age = max(0, ProcessFigures.uptime - ProcessFigures.start.up)
        openDescriptors = ProcessFigures.countDescriptors()
    }

    /// The start of the process: seconds of Unix time, and from the start of the machine, where the kernel counts it in ticks.
    private static let start: (time: Double, up: Double) = {
        // The program's name, which is the second word, may have spaces: count from the closing bracket.
        let words = ProcessFigures.words(of: "/proc/self/stat").split { $0.hasSuffix(")") }.last ?? []
        guard let ticks = words.dropFirst(19).first.flatMap({ Double($0) }) else { return (0, 0) }
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let start = ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
        return (seconds(now) - uptime + start, start)
    }()

    /// Seconds since the start of the machine.
    private static var uptime: Double {
        var up = timespec()
        return clock_gettime(CLOCK_BOOTTIME, &up) == 0 ? seconds(up) : 0
    }

    private static func seconds(_ time: timespec) -> Double { Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9 }

    private static func words(of path: String) -> [Substring] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1_024)
        let count = read(descriptor, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self).split { $0 == " " || $0 == "\n" }
    }

    private static func countDescriptors() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // "." and "..", and the folder itself.
        return max(0, count - 3)
    }
}
