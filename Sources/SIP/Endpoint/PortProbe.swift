internal import Glibc
internal import SIPNames

/// Tries a port before Sofia gets it: Sofia says only that something failed, not which address and why, and it has no way
/// to tell which port it was given for 0.
enum PortProbe {
    struct Refusal: Error {
        let code: Int32

        var text: String { SofiaText.field(strerror(code)) }
    }

    /// A port that is free for all of `transports` on `address`: `port` itself, or any for 0.
    static func freePort(
        _ address: String, port: Int, transports: [ListenAddress.Transport]
    ) throws(SIPError) -> Int {
        // Another process may take the TCP port that goes with a free UDP port: a few tries find a pair.
        let tries = port == 0 ? 16 : 1
        var failure = SIPError.nothingToListenOn
        for _ in 0..<tries {
            switch bind(address, port: port, transports) {
            case .success(let port): return port
            case .failure(let error): failure = error
            }
        }
        throw failure
    }

    private static func bind(
        _ address: String, port: Int, _ transports: [ListenAddress.Transport]
    ) -> Result<Int, SIPError> {
        var port = port
        var held: [Int32] = []
        defer { for descriptor in held { close(descriptor) } }
        for transport in transports {
            let wanted = ListenAddress(transport: transport, address: address, port: port)
            guard let socketAddress = SocketAddress(address: address, port: port) else {
                return .failure(.badAddress(wanted))
            }
            switch socketAddress.bound(to: transport) {
            case .success(let descriptor):
                held.append(descriptor)
                port = SocketAddress(boundTo: descriptor)?.port ?? port
            case .failure(let refusal):
                return .failure(.cannotListen(wanted, reason: refusal.text))
            }
        }
        return .success(port)
    }
}
