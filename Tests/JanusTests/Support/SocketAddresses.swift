import SIPNames

/// A socket address of a test's own, which is one.
func socketAddress(_ address: String, _ port: Int) -> SocketAddress {
    guard let result = SocketAddress(address: address, port: port) else { preconditionFailure("\(address), \(port)") }
    return result
}
