internal import Glibc

/// Dumps of the process's memory, which has passwords and keys.
enum CoreDumps {
    /// Has the system write none, of this process and of those that it starts.
    static func forbid() {
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }
}
