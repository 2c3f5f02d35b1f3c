internal import CSofiaSIP
internal import Glibc

/// The descriptors that are kept for databases, recordings, Janus and calls: nobody who connects gets one of them.
public enum DescriptorReserve {
    /// How many descriptors the process may have (`RLIMIT_NOFILE`).
    public static var limit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// How many are kept: a sixteenth of ``limit``, 8 at least.
    public static var size: Int { max(8, limit / 16) }

    /// Whether a new descriptor belongs to the reserve: the system gives the lowest number that is free.
    public static func isTouched(by descriptor: Int32) -> Bool { Int(descriptor) >= limit - size }

    /// Whether the next descriptor would belong to the reserve, or the system gives none at all (`EMFILE`, `ENFILE`, `ENOMEM`).
    public static var isReached: Bool {
        let next = eventfd(0, Int32(EFD_CLOEXEC))
        guard next >= 0 else { return true }
        defer { close(next) }
        return isTouched(by: next)
    }
}
