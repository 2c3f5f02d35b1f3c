/// What happened to a binding.
public struct BindingChange: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        /// It is new.
        case registered
        /// It is good for longer, or the phone has moved.
        case refreshed
        /// It is gone.
        case unregistered(Reason)
    }

    /// Why a binding is gone.
    public enum Reason: String, Sendable {
        /// The phone said so.
        case unregistered
        /// It was not refreshed in time.
        case expired
        /// The connection that it was registered over is closed.
        case flowClosed = "flow closed"
        /// The same phone has registered another contact.
        case replaced
    }

    public var kind: Kind
    /// As it is now, or as it was at its end.
    public var binding: Binding
}
