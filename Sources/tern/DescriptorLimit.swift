internal import Glibc

/// How many descriptors the process, and Janus after it, may have: each connection takes one, and what a login shell or systemd
/// gives by default, 1,024, is soon gone.
enum DescriptorLimit {
    /// libwebsockets makes room for as many as there may be.
    private static let enough: rlim_t = 65_536

    /// Takes as many as the system allows, up to 65,536.
    static func raise() {
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < enough else { return }
        limit.rlim_cur = min(limit.rlim_max, enough)
        setrlimit(resource, &limit)
    }
}
