/// Reads the space-separated fields of one line, from the left; works on bytes, each looked at once.
struct FieldReader {
    private let text: Substring
    /// How many bytes were read.
    private var offset = 0

    init(_ text: Substring) { self.text = text }

    /// The next field; nil at the end. Several spaces count as one.
    mutating func next() -> Substring? {
        let space = UInt8(ascii: " "), start = offset
        let field = text.withBytes { bytes -> Range<Int>? in
            guard let first = bytes[start...].firstIndex(where: { $0 != space }) else { return nil }
            return first ..< (bytes[first...].firstIndex(of: space) ?? bytes.endIndex)
        }
        guard let field else { return nil }
        offset = field.upperBound
        return text.slice(field)
    }

    /// The next field, when it is a number within `type`.
    mutating func number<T: FixedWidthInteger>(_ type: T.Type = T.self) -> T? {
        next().flatMap { T(digits: $0) }
    }

    /// All that is left, without spaces around it.
    mutating func remainder() -> Substring {
        let end = text.utf8.count
        defer { offset = end }
        return text.slice(offset ..< end).trimmingSpaces()
    }

    /// All fields that are left.
    mutating func all() -> [String] {
        var fields: [String] = []
        while let field = next() { fields.append(String(field)) }
        return fields
    }
}

extension FixedWidthInteger {
    /// A number of decimal digits only, within this type's range.
    init?(digits: some StringProtocol) {
        guard !digits.utf8.isEmpty else { return nil }
        self = 0
        for byte in digits.utf8 {
            guard UInt8(ascii: "0") ... UInt8(ascii: "9") ~= byte else { return nil }
            let (tens, isTooLarge) = multipliedReportingOverflow(by: 10)
            let (sum, isStillTooLarge) = tens.addingReportingOverflow(Self(byte &- UInt8(ascii: "0")))
            guard !isTooLarge, !isStillTooLarge else { return nil }
            self = sum
        }
    }
}

extension Substring {
    /// Lends the bytes as one piece of memory, which every description that is read is: several times as fast as indices.
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
        return Array(utf8).withUnsafeBufferPointer(body)
    }

    /// The part from one byte up to another.
    func slice(_ range: Range<Int>) -> Substring {
        let start = utf8.index(startIndex, offsetBy: range.lowerBound)
        return self[start ..< utf8.index(start, offsetBy: range.count)]
    }

    /// Without the spaces at both ends.
    func trimmingSpaces() -> Substring {
        let space = UInt8(ascii: " ")
        guard utf8.first == space || utf8.last == space else { return self }
        guard let first = utf8.firstIndex(where: { $0 != space }), let last = utf8.lastIndex(where: { $0 != space }) else {
            return self[endIndex...]
        }
        return self[first ... last]
    }

    /// The parts before and after the first `separator`; nil where there is none.
    func split(at separator: UInt8) -> (Substring, Substring)? {
        guard let offset = withBytes({ $0.firstIndex(of: separator) }) else { return nil }
        let index = utf8.index(startIndex, offsetBy: offset)
        return (self[..<index], self[utf8.index(after: index)...])
    }
}
