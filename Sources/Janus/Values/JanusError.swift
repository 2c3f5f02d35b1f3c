/// Why something that was asked of Janus did not happen.
public enum JanusError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no session with a Janus at the moment; the text says why.
    case notReady(String)
    /// Janus or the connection to it died before it answered, and the handle with it.
    case lost
    /// The handle was detached before.
    case detached
    /// Janus did not answer in time.
    ///
    /// Janus is silent, among others, when a plugin's own description does not survive its core's parser.
    case timeout
    /// The task that asked was cancelled.
    case cancelled
    /// Too many requests wait for an answer.
    case overloaded
    /// Janus refused the request itself; codes as in its `apierror.h`.
    case refused(code: Int, reason: String)
    /// The plugin refused; codes as in the plugin's source.
    case plugin(code: Int, reason: String)
    /// Janus answered something that makes no sense.
    case malformed(String)
    /// Janus runs without Tern's plugin, or with another one than this gateway's; the text says what to do.
    case unusable(String)
    /// The request cannot be right: it was not sent.
    case invalid(String)

    public var description: String {
        switch self {
        case .notReady(let reason): "Janus is not ready: \(reason)"
        case .lost: "the connection to Janus was lost"
        case .detached: "the Janus handle was detached"
        case .timeout: "Janus did not answer in time"
        case .cancelled: "the request to Janus was cancelled"
        case .overloaded: "too many requests wait for Janus"
        case .refused(let code, let reason): "Janus refused: \(reason) (\(code))"
        case .plugin(let code, let reason): "Janus' plugin refused: \(reason) (\(code))"
        case .malformed(let reason): "Janus answered what cannot be understood: \(reason)"
        case .unusable(let reason): reason
        case .invalid(let reason): "not sent to Janus: \(reason)"
        }
    }
}
