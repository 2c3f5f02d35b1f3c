/// Who opens the DTLS association: `a=setup` (RFC 8842, section 5.1; RFC 4145, section 4).
public enum Setup: String, Sendable, Hashable {
    case active, passive, actpass, holdconn
}
