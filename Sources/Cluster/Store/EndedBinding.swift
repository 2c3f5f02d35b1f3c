/// A binding of another node that its phone has ended here.
struct EndedBinding: Sendable {
    var node: String
    /// Its number there.
    var id: String
    var user: String
    /// When, in milliseconds since 1970.
    var at: Int
    /// When it would have ended by itself.
    var expires: ContinuousClock.Instant
}
