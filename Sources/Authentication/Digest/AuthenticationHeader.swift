/// One challenge or one set of credentials as it stands in a header: a scheme and its parameters (RFC 9110 section 11).
///
/// ``DigestChallenge`` and ``DigestCredentials`` say what the parameters mean.
struct AuthenticationHeader: Sendable, Equatable {
    struct Parameter: Sendable, Equatable {
        /// In lower case.
        let name: String
        /// Without quotes, and without the backslashes of quoted pairs.
        let value: String
    }

    /// Longest text that is looked at, in bytes.
    static let maximumLength = 4_096
    /// Most challenges in one header, and most parameters of one.
    static let maximumCount = 32

    /// As it was written; compared without regard to case.
    let scheme: String
    private(set) var parameters: [Parameter] = []

    init(scheme: String) {
        self.scheme = scheme
    }

    func isScheme(_ name: String) -> Bool { scheme.lowercased() == name.lowercased() }

    /// The value of a parameter, by its name in lower case.
    subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// - Throws: When it stands twice: then two readers could understand it in two ways.
    mutating func append(_ name: String, _ value: String) throws(AuthenticationError) {
        let name = name.lowercased()
        guard self[name] == nil else { throw .header("a parameter stands twice") }
        guard parameters.count < Self.maximumCount else { throw .header("it has too many parameters") }
        parameters.append(Parameter(name: name, value: value))
    }

    /// All that one header has: usually one, but several may be separated by commas.
    static func parse(_ text: String) throws(AuthenticationError) -> [AuthenticationHeader] {
        guard text.utf8.count <= maximumLength else { throw .header("it is longer than 4 KiB") }
        var parser = AuthenticationHeaderParser(text)
        return try parser.parse()
    }
}
