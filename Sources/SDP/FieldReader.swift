/// Reads the space-separated fields of one line, from the left; works on bytes, each looked at once.
struct FieldReader {
    private var rest: Substring

    init(_ text: Substring) { rest = text }

    /// The next field; nil at the end. Several spaces count as one.
    mutating func next() -> Substring? {
        skipSpaces()
        return rest.utf8.isEmpty ? nil : take(while: { $0 != UInt8(ascii: " ") })
    }

    /// The next field, when it is a number within `type`.
    mutating func number<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        next().flatMap { T(digits: $0) }
    }

    /// All that is left, without spaces around it.
    mutating func remainder() -> Substring {
        skipSpaces()
        defer { rest = rest[rest.endIndex...] }
        return rest.trimmingSpaces()
    }

    /// All fields that are left.
    mutating func all() -> [String] {
        var fields: [String] = []
        while let field = next() { fields.append(String(field)) }
        return fields
    }

    private mutating func skipSpaces() { _ = take(while: { $0 == UInt8(ascii: " ") }) }

    private mutating func take(while condition: (UInt8) -> Bool) -> Substring {
        let bytes = rest.utf8
        let end = bytes.firstIndex { !condition($0) } ?? bytes.endIndex
        defer { rest = rest[end...] }
        return rest[..<end]
    }
}

extension FixedWidthInteger {
    /// A number of decimal digits only, within this type's range.
    init?(digits: some StringProtocol) {
        guard !digits.utf8.isEmpty, digits.utf8.allSatisfy({ UInt8(ascii: "0") ... UInt8(ascii: "9") ~= $0 }) else { return nil }
        self.init(digits, radix: 10)
    }
}

extension Substring {
    /// Without the spaces at both ends.
    func trimmingSpaces() -> Substring {
        let space = UInt8(ascii: " ")
        guard let first = utf8.firstIndex(where: { $0 != space }), let last = utf8.lastIndex(where: { $0 != space }) else {
            return self[endIndex...]
        }
        return self[first ... last]
    }

    /// The parts before and after the first `separator`; nil where there is none.
    func split(at separator: UInt8) -> (Substring, Substring)? {
        guard let index = utf8.firstIndex(of: separator) else { return nil }
        return (self[..<index], self[utf8.index(after: index)...])
    }
}
