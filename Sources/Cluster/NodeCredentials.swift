internal import Authentication
internal import Cryptography
internal import Glibc
internal import SIPNames

/// How nodes believe each other: an `Authorization: Tern-Node …` in the INVITE from one to another, with an HMAC by the secret that all nodes have.
///
/// It names sender, receiver, the user who is called, who calls, and which of the user's phones ring elsewhere; it is good for a minute, once. As it is forgotten with the process what has been used, none is good that was
/// made before that began.
struct NodeCredentials {
    enum Verdict: Equatable {
        /// There are no credentials of a node.
        case none
        case valid(NodeCall)
        /// What is wrong with them, for the log.
        case wrong(String)
    }

    static let scheme = "Tern-Node"
    /// Its parameters, but for the code. The last one is of the second version, and missing where no phone is left out.
    private static let names = ["from", "to", "user", "source", "time", "nonce", "except"]
    /// Seconds that the clocks of two nodes may differ, and a request may take.
    static let tolerance = 60
    /// Nonces that are kept.
    private static let most = 100_000
    /// Phones that a call may leave out; further ones ring, too.
    private static let mostExcepted = 32

    private let key: [UInt8]
    private let name: String
    /// When this process began.
    private let start: Int
    /// The nonces of the last minutes, with the time at which each is forgotten.
    private var used: [String: Int] = [:]
    private var pruned = 0

    init(secret: Secret, name: String, since start: Int) {
        key = Array(secret.value.utf8)
        self.name = name
        self.start = start
    }

    /// The header's value for a call to `user` at another node.
    func header(to node: String, user: String, source: String, excepted: Set<String> = [], now: Int) -> String {
        let nonce = (0..<4).map { _ in String(UInt32.random(in: .min ... .max), radix: 16) }.joined()
        let fingerprints = excepted.sorted().prefix(NodeCredentials.mostExcepted).map(NodeCall.fingerprint).joined(separator: ".")
        let fields = [name, node, user, source, "\(now)", nonce] + (excepted.isEmpty ? [] : [fingerprints])
        let values = zip(NodeCredentials.names, fields).map { "\($0)=\"\(SIPURI.escaped(user: $1))\"" }
        return "\(NodeCredentials.scheme) " + (values + ["code=\"\(code(of: fields))\""]).joined(separator: ", ")
    }

    /// Looks for credentials of a node among the values of Authorization headers.
    ///
    /// - Parameters:
    ///   - user: Who is called, by the Request-URI.
    ///   - takes: Whether the request is taken now: its credentials are good for no other then.
    mutating func check(_ headers: [String], user: String, now: Int, takes: Bool) -> Verdict {
        guard let header = headers.first(where: { $0.lowercased().hasPrefix(NodeCredentials.scheme.lowercased() + " ") }) else { return .none }
        let fields = NodeCredentials.fields(header)
        let values = NodeCredentials.names.compactMap { fields[$0] }
        guard values.count == NodeCredentials.names.count - (fields["except"] == nil ? 1 : 0), let given = fields["code"], let written = Int(values[4]) else {
            return .wrong("they are malformed")
        }
        let time = max(-4_000_000_000, min(4_000_000_000, written))
        guard ConstantTime.areEqual(Array(code(of: values).utf8), Array(given.utf8)) else { return .wrong("cluster.secret is another one") }
        guard values[1] == name else { return .wrong("they are for node \(values[1].prefix(64))") }
        guard values[2] == user else { return .wrong("they are for another user") }
        guard abs(time - now) <= NodeCredentials.tolerance else {
            return .wrong("they are \(now - time) s old: the nodes' clocks differ")
        }
        guard time >= start else { return .wrong("they are older than this process") }
        if used[values[5]] != nil { return .wrong("they have been used before") }
        if takes {
            prune(now)
            guard used.count < NodeCredentials.most else { return .wrong("there are too many") }
            used[values[5]] = time + NodeCredentials.tolerance
        }
        let excepted = Set((fields["except"] ?? "").split(separator: ".").prefix(NodeCredentials.mostExcepted).map(String.init))
        return .valid(NodeCall(node: values[0], user: values[2], source: values[3], excepted: excepted))
    }

    private mutating func prune(_ now: Int) {
        guard now > pruned + 10 || used.count >= NodeCredentials.most, now != pruned else { return }
        pruned = now
        used = used.filter { $0.value >= now }
    }

    private func code(of fields: [String]) -> String {
        // A line for each: none of them has a line end in it.
        let version = fields.count < NodeCredentials.names.count ? "tern-node-1" : "tern-node-2"
        let text = ([version] + fields.map { $0.filter { $0 != "\n" } }).joined(separator: "\n")
        return NodeCall.hexadecimal(HashFunction.sha256.authenticationCode(of: Array(text.utf8), key: key))
    }

    /// The parameters of a header: `name="value"`, separated by commas. Values are escaped, so that they have neither quotes nor commas.
    private static func fields(_ header: String) -> [String: String] {
        guard header.utf8.count <= 4_096 else { return [:] }
        var fields: [String: String] = [:]
        for part in header.dropFirst(scheme.count).split(separator: ",") {
            let pieces = part.split(separator: "=", maxSplits: 1)
            guard pieces.count == 2 else { continue }
            let name = pieces[0].filter { $0 != " " }.lowercased(), value = pieces[1].filter { $0 != " " && $0 != "\"" }
            fields[name] = SIPURI.unescaped(value)
        }
        return fields
    }

    /// Seconds since 1970.
    static var now: Int { time(nil) }
}
