/// What a registrar takes. Times are whole seconds.
public struct RegistrarLimits: Sendable, Equatable {
    /// The shortest time that a phone may ask for, above 0; less is answered with 423. At most an hour, as RFC 3261 10.3 has it.
    public var minimumExpires = 60
    /// The longest time; more is cut to it. Also what a phone gets that asks for none.
    public var maximumExpires = 3_600
    /// Contacts that one user may have.
    public var contactsPerUser = 10
    /// Users that have a contact, and contacts in all.
    public var users = 10_000
    public var bindings = 50_000

    /// Contacts in one request: all that there may be, ended and replaced.
    var contactsPerRequest: Int { 2 * contactsPerUser }
    /// Bytes of a contact's URI, or of one URI of a Path.
    let uriLength = 1_024
    /// URIs of a Path.
    let pathLength = 16
    /// Bytes of a Call-ID, an instance, a user, a flow.
    let textLength = 256

    public init() {}
}
