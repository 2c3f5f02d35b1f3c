internal import EventLoop
public import TLS

extension SIPEndpoint {
    /// Shows `identity` to those with whom a handshake begins from now on; connections that are up keep what they have seen.
    /// Without effect where nothing listens with TLS.
    public func use(_ identity: TLSIdentity) throws(TLSError) {
        for stack in stacks { try stack.tls?.use(identity) }
    }
}
