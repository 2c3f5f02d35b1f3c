internal import Registrar
internal import SIP

/// How long a registrar keeps our Contact, as its 2xx to a REGISTER says.
///
/// Registrars give it back changed: with the address and port at which they saw us, another transport, further parameters; beside bindings of others;
/// or not at all. A 2xx is success nevertheless (RFC 3261 section 10.2.4).
enum RegistrationGrant {
    /// Seconds: those of our own Contact, else of the only one, else of the Expires header, else what was asked for.
    static func seconds(_ outcome: SIPClientOutcome, asked: Int) -> Int {
        own(outcome)?.expires ?? outcome.expires ?? asked
    }

    /// The binding that is ours: of the same URI (section 19.1.4), else of our user, else the only one. Where our user has several, all but one are left
    /// from before, and the one that ends first is safe to go by.
    private static func own(_ outcome: SIPClientOutcome) -> SIPClientOutcome.Contact? {
        guard outcome.contacts.count > 1 else { return outcome.contacts.first }
        guard let own = ContactURI(outcome.ownContact) else { return nil }
        let contacts = outcome.contacts.map { (contact: $0, uri: ContactURI($0.uri)) }
        if let same = contacts.first(where: { $0.uri?.matches(own) == true }) { return same.contact }
        return contacts.filter { $0.uri?.user == own.user && own.user != nil }.map(\.contact)
            .min { ($0.expires ?? .max) < ($1.expires ?? .max) }
    }
}
