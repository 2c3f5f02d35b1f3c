internal import Glibc

/// Reads single members of a JSON text without parsing it as a whole: a trace sees each message, and wants two or three words of it.
///
/// A quotation mark within a JSON string is escaped, so that `"name":` is a member wherever it stands.
struct MessageScan {
    private let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }

    /// Longest value that is read, in bytes.
    private static let longest = 256

    /// The first member of that name that is a string, as it is written.
    func string(_ name: String) -> String? { value(name) { $0.first == UInt8(ascii: "\"") }.map { String($0.dropFirst().dropLast()) } }

    /// The first member of that name that is a string or a number; a string with its quotation marks.
    func token(_ name: String) -> String? { value(name) { _ in true } }

    func has(_ name: String) -> Bool { value(name) { _ in true } != nil || find("\"\(name)\"", from: 0) != nil }

    private func value(_ name: String, where fits: (ArraySlice<UInt8>) -> Bool) -> String? {
        let needle = "\"\(name)\""
        var position = 0
        while let found = find(needle, from: position) {
            position = found + needle.utf8.count
            var start = skipSpace(position)
            guard start < bytes.count, bytes[start] == UInt8(ascii: ":") else { continue }
            start = skipSpace(start + 1)
            guard let value = scalar(at: start), fits(value) else { continue }
            return String(decoding: value.prefix(MessageScan.longest), as: UTF8.self)
        }
        return nil
    }

    private func scalar(at start: Int) -> ArraySlice<UInt8>? {
        guard start < bytes.count else { return nil }
        var end = start
        if bytes[start] == UInt8(ascii: "\"") {
            end += 1
            while end < bytes.count, end - start < MessageScan.longest, bytes[end] != UInt8(ascii: "\"") { end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1 }
            return end < bytes.count && end - start < MessageScan.longest ? bytes[start...end] : nil
        }
        while end < bytes.count, end - start < MessageScan.longest, !MessageScan.endsScalar(bytes[end]) { end += 1 }
        guard end > start, bytes[start] != UInt8(ascii: "{"), bytes[start] != UInt8(ascii: "["), end - start < MessageScan.longest else { return nil }
        return bytes[start..<end]
    }

    private static func endsScalar(_ byte: UInt8) -> Bool {
        byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
    }

    private func skipSpace(_ position: Int) -> Int {
        var position = position
        while position < bytes.count, bytes[position] <= 0x20 { position += 1 }
        return position
    }

    /// - Parameter text: Begins with a quotation mark.
    private func find(_ text: String, from position: Int) -> Int? {
        let needle = Array(text.utf8)
        var position = position
        while let quote = nextQuote(from: position) {
            guard quote + needle.count <= bytes.count else { return nil }
            if bytes[quote..<quote + needle.count].elementsEqual(needle) { return quote }
            position = quote + 1
        }
        return nil
    }

    private func nextQuote(from position: Int) -> Int? {
        guard position < bytes.count else { return nil }
        return bytes.withUnsafeBytes { all -> Int? in
            guard let base = all.baseAddress, let found = memchr(base + position, Int32(UInt8(ascii: "\"")), all.count - position) else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }

    /// Most ids that are read of one message.
    private static let mostIDs = 16

    /// The strings that have the form of a UUID, each once, in their order.
    var ids: [String] {
        var found: [String] = []
        var index = 0
        while let quote = nextQuote(from: index), quote + 37 < bytes.count, found.count < MessageScan.mostIDs {
            index = quote + 1
            guard bytes[quote + 37] == UInt8(ascii: "\""), isUUID(index) else { continue }
            let id = String(decoding: bytes[index..<index + 36], as: UTF8.self)
            if !found.contains(id) { found.append(id) }
            index += 37
        }
        return found
    }

    private func isUUID(_ start: Int) -> Bool {
        for offset in 0..<36 {
            let byte = bytes[start + offset]
            if [8, 13, 18, 23].contains(offset) {
                guard byte == UInt8(ascii: "-") else { return false }
            } else {
                guard (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) else { return false }
            }
        }
        return true
    }
}
