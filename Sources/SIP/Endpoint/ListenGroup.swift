internal import SIPNames

/// Transports that share an address and a port, and so a stack.
struct ListenGroup: Equatable {
    let address: String
    let port: Int
    var transports: [ListenAddress.Transport]
}

extension [ListenAddress] {
    /// Addresses in order, UDP and TCP of one port together, TLS by itself, an address that is named twice once.
    func groupedByPort() -> [ListenGroup] {
        var groups: [ListenGroup] = []
        for listen in self {
            let twin = groups.firstIndex {
                $0.address == listen.address && $0.port == listen.port
                    && $0.transports.contains(.tls) == (listen.transport == .tls)
            }
            guard let twin, listen.port != 0 || !groups[twin].transports.contains(listen.transport) else {
                groups.append(ListenGroup(address: listen.address, port: listen.port, transports: [listen.transport]))
                continue
            }
            if !groups[twin].transports.contains(listen.transport) { groups[twin].transports.append(listen.transport) }
        }
        return groups
    }
}
