internal import Glibc

/// Descriptors that are left for what cannot wait: databases, recordings, Janus, the other end of a call.
enum DescriptorReserve {
    /// How many the process may have.
    static var limit: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 1_024 }
        return Int(clamping: limit.rlim_cur)
    }

    /// Whether a new descriptor leaves fewer than a sixteenth: the system gives the lowest number that is free.
    static func isTouched(by descriptor: Int32) -> Bool {
        let limit = limit
        return Int(descriptor) >= limit - max(8, limit / 16)
    }
}
