internal import Glibc

/// How many cores a process keeps busy: its processor time from one look at `/proc/PID/stat` to the next.
public struct ProcessorUse: Sendable {
    private var last: (pid: Int32, time: Duration, at: ContinuousClock.Instant)?

    public init() {}

    /// The cores that the process has kept busy since the last look; nil at the first look at a process, or where there is no such process.
    public mutating func cores(of pid: Int32, now: ContinuousClock.Instant = .now) -> Double? {
        cores(of: pid, time: ProcessorUse.time(of: pid), now: now)
    }

    mutating func cores(of pid: Int32, time: Duration?, now: ContinuousClock.Instant) -> Double? {
        let former = last
        last = time.map { (pid, $0, now) }
        guard let time, let former, former.pid == pid, former.at < now else { return nil }
        return max(0, (time - former.time) / former.at.duration(to: now))
    }

    /// The processor time of all threads of a process since its start; nil where there is no such process.
    public static func time(of pid: Int32) -> Duration? {
        let descriptor = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: 1_024)
        let count = read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return time(inStat: String(decoding: buffer.prefix(count), as: UTF8.self), ticks: Int(sysconf(Int32(_SC_CLK_TCK))))
    }

    /// Reads `utime` and `stime` (proc(5)), the fields 14 and 15; the second one is a name in parentheses that may have anything in it.
    static func time(inStat text: String, ticks: Int) -> Duration? {
        guard ticks > 0, let name = text.utf8.lastIndex(of: UInt8(ascii: ")")) else { return nil }
        let fields = text.utf8[name...].split(separator: UInt8(ascii: " "), maxSplits: 14)
        guard fields.count > 13, let user = Int(Substring(fields[12])), let system = Int(Substring(fields[13])), user >= 0, system >= 0 else { return nil }
        return .seconds(Double(user &+ system) / Double(ticks))
    }
}
