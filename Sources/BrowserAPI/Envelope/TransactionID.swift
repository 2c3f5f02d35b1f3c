internal import JSON

/// The `tid` of a request: a number or a string, given back with the type that it came with.
enum TransactionID: Hashable, Sendable {
    case integer(Int)
    case real(Double)
    case string(String)

    /// Longest string, in bytes: every answer repeats it.
    private static let longest = 128

    init?(_ value: JSONValue?) {
        switch value {
        case .integer(let number): self = .integer(number)
        case .real(let number): self = .real(number)
        case .string(let text) where text.utf8.count <= TransactionID.longest: self = .string(text)
        default: return nil
        }
    }

    var json: JSONValue {
        switch self {
        case .integer(let number): .integer(number)
        case .real(let number): .real(number)
        case .string(let text): .string(text)
        }
    }
}
