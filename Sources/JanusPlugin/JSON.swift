internal import CJanusPlugin

typealias JSONPointer = UnsafeMutablePointer<json_t>

/// Why a request is refused.
struct RequestError: Error {
    let code: Int
    let reason: String

    static func malformed(_ reason: String) -> RequestError { RequestError(code: 400, reason: reason) }
    static func conflict(_ reason: String) -> RequestError { RequestError(code: 409, reason: reason) }
}

/// The members of a request's object. An object that is none has no members.
struct Fields {
    let object: JSONPointer?

    private func member(_ name: String) -> JSONPointer? {
        guard let object, let value = json_object_get(object, name), !tern_json_is_null(value) else { return nil }
        return value
    }

    /// - Throws: 400 where it is no string, or longer than `longest` bytes.
    func string(_ name: String, longest: Int = 1_024) throws(RequestError) -> String? {
        guard let value = member(name) else { return nil }
        guard tern_json_is_string(value), let text = json_string_value(value), json_string_length(value) <= longest else {
            throw .malformed("\"\(name)\" is no string of up to \(longest) bytes.")
        }
        return String(cString: text)
    }

    func integer(_ name: String, in range: ClosedRange<Int64>) throws(RequestError) -> Int64? {
        guard let value = member(name) else { return nil }
        guard tern_json_is_integer(value), range.contains(json_integer_value(value)) else {
            throw .malformed("\"\(name)\" is no integer from \(range.lowerBound) to \(range.upperBound).")
        }
        return json_integer_value(value)
    }

    func boolean(_ name: String) throws(RequestError) -> Bool? {
        guard let value = member(name) else { return nil }
        guard tern_json_is_boolean(value) else { throw .malformed("\"\(name)\" is neither true nor false.") }
        return tern_json_is_true(value)
    }

    func fields(_ name: String) throws(RequestError) -> Fields? {
        guard let value = member(name) else { return nil }
        guard tern_json_is_object(value) else { throw .malformed("\"\(name)\" is no object.") }
        return Fields(object: value)
    }

    /// The elements of an array; none where it is missing.
    func elements(_ name: String, most: Int) throws(RequestError) -> [JSONPointer] {
        guard let value = member(name) else { return [] }
        guard tern_json_is_array(value), json_array_size(value) <= most else {
            throw .malformed("\"\(name)\" is no array of up to \(most) elements.")
        }
        var elements: [JSONPointer] = []
        for index in 0..<json_array_size(value) {
            if let element = json_array_get(value, index) { elements.append(element) }
        }
        return elements
    }

    func strings(_ name: String, most: Int) throws(RequestError) -> [String] {
        var strings: [String] = []
        for element in try elements(name, most: most) {
            guard let text = json_string_value(element) else { throw .malformed("\"\(name)\" has an element that is no string.") }
            strings.append(String(cString: text))
        }
        return strings
    }

    func integers(_ name: String, most: Int) throws(RequestError) -> [Int64] {
        var integers: [Int64] = []
        for element in try elements(name, most: most) {
            guard tern_json_is_integer(element) else { throw .malformed("\"\(name)\" has an element that is no integer.") }
            integers.append(json_integer_value(element))
        }
        return integers
    }
}

/// An object to be sent.
struct Reply {
    let object: JSONPointer?

    init() { object = json_object() }

    /// The answer to a request, or an event.
    init(_ name: String) {
        self.init()
        set("tern", name)
    }

    init(_ error: RequestError, to request: String) {
        self.init(request)
        set("error", error.reason)
        set("error_code", Int64(error.code))
    }

    func set(_ name: String, _ value: String) { _ = json_object_set_new(object, name, json_string(value)) }
    func set(_ name: String, _ value: Int64) { _ = json_object_set_new(object, name, json_integer(value)) }
    func set(_ name: String, _ value: UInt64) { set(name, Int64(truncatingIfNeeded: min(value, UInt64(Int64.max)))) }
    func set(_ name: String, _ value: Bool) { _ = json_object_set_new(object, name, value ? json_true() : json_false()) }
    /// A number that is not finite is left out, as is nil.
    func set(_ name: String, _ value: Double?) { if let value, value.isFinite { _ = json_object_set_new(object, name, json_real(value)) } }
    func set(_ name: String, _ values: [Reply]) {
        let array = json_array()
        for value in values { _ = json_array_append_new(array, value.object) }
        _ = json_object_set_new(object, name, array)
    }
    func set(_ name: String, _ value: Reply) { _ = json_object_set_new(object, name, value.object) }

    func release() { if let object { json_decref(object) } }
}

/// RFC 4648 section 4.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let left = bytes.count - index
            let group = UInt32(bytes[index]) << 16 | (left > 1 ? UInt32(bytes[index + 1]) << 8 : 0) | (left > 2 ? UInt32(bytes[index + 2]) : 0)
            for place in 0..<4 {
                text.append(place <= left ? alphabet[Int(group >> UInt32(18 - place * 6)) & 63] : UInt8(ascii: "="))
            }
            index += 3
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Returns: Nil where the text is something else. Padding may be missing.
    static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var group: UInt32 = 0, bits: UInt32 = 0
        var isOver = false
        for character in text.utf8 {
            if character == UInt8(ascii: "=") {
                isOver = true
                continue
            }
            guard !isOver, let value = alphabet.firstIndex(of: character) else { return nil }
            group = group << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: group >> bits))
                group &= (1 << bits) - 1
            }
        }
        return bytes
    }
}
