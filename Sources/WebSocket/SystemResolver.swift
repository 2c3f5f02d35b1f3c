internal import Glibc
internal import SIPNames

/// The system's resolver, which may block for seconds.
enum SystemResolver {
    struct Failure: Error { let text: String }

    /// The addresses of a host's name, as literals.
    ///
    /// - Returns: At most 8 of them, or the resolver's text.
    static func addresses(of name: String) -> Result<[String], Failure> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(name, nil, &hints, &list)
        guard status == 0 else { return .failure(Failure(text: String(cString: gai_strerror(status)))) }
        defer { freeaddrinfo(list) }
        var hosts: [String] = []
        var next = list
        while let entry = next, hosts.count < 8 {
            next = entry.pointee.ai_next
            guard let address = entry.pointee.ai_addr, let host = SocketAddress(address, length: entry.pointee.ai_addrlen)?.ip.description,
                !hosts.contains(host)
            else { continue }
            hosts.append(host)
        }
        return .success(hosts)
    }
}
