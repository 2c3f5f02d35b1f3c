/// How far a leg is with the name of a next hop.
enum ResolvedName: Equatable {
    case asked
    /// The URI of the numeric hop, or of where the peer was when the leg began if there is none.
    case resolved(String?)
}
