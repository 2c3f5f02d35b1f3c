/// A JSON text as a value (RFC 8259).
///
/// Integers and reals stay apart, as jansson keeps them: `1` is `.integer`, `1.0` is `.real`.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case integer(Int)
    case real(Double)
    case string(String)
    case array([JSONValue])
    case object([String: JSONValue])
}

// MARK: Reading

extension JSONValue {
    /// The member of an object; `nil` when there is none of that name or this is no object.
    public subscript(key: String) -> JSONValue? { objectValue?[key] }

    /// The element of an array; `nil` outside of its bounds or when this is no array.
    public subscript(index: Int) -> JSONValue? {
        guard case .array(let elements) = self, elements.indices.contains(index) else { return nil }
        return elements[index]
    }

    /// The text of a string; `nil` for anything else.
    public var stringValue: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The value of an integer; `nil` for anything else, a real without a fraction included.
    public var intValue: Int? {
        guard case .integer(let value) = self else { return nil }
        return value
    }

    /// The value of a number, integer or real; `nil` for anything else.
    public var doubleValue: Double? {
        switch self {
        case .real(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }

    /// The value of `true` and `false`; `nil` for anything else.
    public var boolValue: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements of an array; `nil` for anything else.
    public var arrayValue: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The members of an object; `nil` for anything else.
    public var objectValue: [String: JSONValue]? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    public var isNull: Bool { self == .null }
}
