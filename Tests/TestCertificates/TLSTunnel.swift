import Foundation

/// A TLS connection of `openssl s_client`, whose plain side is a socket of ours.
public final class TLSTunnel: Sendable {
    /// What is written here goes through the tunnel; what comes out of it is read here. The caller closes it.
    public let descriptor: Int32
    private let process: Process

    /// Connects, without waiting for it.
    ///
    /// - Parameters:
    ///   - authority: PEM file of the authority that the server's certificate must come from; nil takes any certificate.
    ///   - name: Name or address that the certificate must have.
    ///   - arguments: More arguments of `s_client`.
    public init(
        port: Int, address: String = "127.0.0.1", authority: String?, name: String? = nil, arguments: [String] = []
    ) throws {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw CocoaError(.fileReadUnknown)
        }
        descriptor = ends[0]
        var all = ["s_client", "-quiet", "-connect", address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"]
        if let authority { all += ["-CAfile", authority, "-verify_return_error"] }
        if let name {
            let isAddress = name.allSatisfy { $0.isNumber || $0 == "." } || name.contains(":")
            all += isAddress ? ["-verify_ip", name] : ["-verify_hostname", name, "-servername", name]
        }
        let theirs = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
        process.arguments = all + arguments
        process.standardInput = theirs
        process.standardOutput = theirs
        process.standardError = FileHandle.nullDevice
        self.process = process
        try process.run()
        try theirs.close()
    }

    /// Ends the connection. SIGTERM would not do: a thread of Swift's pools has it blocked, and so has its child.
    public func close() {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    deinit { close() }
}
