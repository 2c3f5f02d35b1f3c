/// Somebody who can authenticate: a user of ours, or a trunk that calls in.
public struct Account: Sendable, Hashable {
    public let name: String
    public let credential: Credential

    public init(name: String, credential: Credential) {
        self.name = name
        self.credential = credential
    }
}
