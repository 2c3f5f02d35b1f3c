internal import Cryptography

/// A call that another node hands on, as it says.
public struct NodeCall: Sendable, Equatable {
    /// The sender's name.
    public let node: String
    /// The user who is called.
    public let user: String
    /// Who calls, as the sender has found out.
    public let source: String
    /// Fingerprints of the phones that ring elsewhere.
    private let excepted: Set<String>

    /// - Parameter excepted: Fingerprints of the phones that ring elsewhere; see ``fingerprint(of:)``.
    public init(node: String, user: String, source: String, excepted: Set<String> = []) {
        self.node = node
        self.user = user
        self.source = source
        self.excepted = excepted
    }

    /// Whether a phone here is to ring, by its `+sip.instance`.
    public func rings(_ instance: String?) -> Bool { excepted.isEmpty || instance.map { !excepted.contains(NodeCall.fingerprint(of: $0)) } ?? true }

    /// What stands for a `+sip.instance`, which may be long: the first 64 bits of its SHA-256.
    public static func fingerprint(of instance: String) -> String { hexadecimal(HashFunction.sha256.hash(Array(instance.utf8)).prefix(8)) }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String { bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined() }
}
