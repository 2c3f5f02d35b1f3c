internal import CJansson

extension JSONValue {
    /// Parses one JSON text, of any type.
    ///
    /// Refused, besides what RFC 8259 refuses: a member name that comes twice in an object, `\u0000`, an integer beyond
    /// 64 bits, a real beyond a double, and whatever exceeds `limits`.
    public init(parsing text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) {
        var text = text
        let result = text.withUTF8 { bytes -> Result<JSONValue, JSONError> in
            do throws(JSONError) {
                return .success(try JSONValue(bytes: bytes, limits: limits))
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    /// Parses bytes that may or may not be UTF-8: what is not, is an error.
    ///
    /// - Parameter integersAsReals: Every number is a `.real`, so that an integer beyond 64 bits is no error.
    public init(parsing bytes: [UInt8], limits: JSONLimits = JSONLimits(), integersAsReals: Bool = false) throws(JSONError) {
        let result = bytes.withUnsafeBufferPointer { bytes -> Result<JSONValue, JSONError> in
            do throws(JSONError) {
                return .success(try JSONValue(bytes: bytes, limits: limits, integersAsReals: integersAsReals))
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits, integersAsReals: Bool = false) throws(JSONError) {
        try limits.check(bytes)
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            throw JSONError(line: 1, column: 1, reason: "the text is empty")
        }
        var fault = json_error_t()
        let flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | (integersAsReals ? JSON_DECODE_INT_AS_REAL : 0)
        let parsed = base.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
            json_loadb($0, bytes.count, Int(flags), &fault)
        }
        guard let parsed else { throw JSONError(fault) }
        defer { json_decref(parsed) }
        self = JSONValue(copying: parsed)
    }

    /// Copies a value and all below it; the depth was bounded before it was parsed.
    private init(copying value: UnsafeMutablePointer<json_t>) {
        switch value.pointee.type {
        case JSON_TRUE: self = .bool(true)
        case JSON_FALSE: self = .bool(false)
        case JSON_INTEGER: self = .integer(Int(json_integer_value(value)))
        case JSON_REAL: self = .real(json_real_value(value))
        case JSON_STRING:
            self = .string(String(utf8: json_string_value(value), count: json_string_length(value)))
        case JSON_ARRAY:
            let count = json_array_size(value)
            var elements: [JSONValue] = []
            elements.reserveCapacity(count)
            for index in 0..<count {
                guard let element = json_array_get(value, index) else { continue }
                elements.append(JSONValue(copying: element))
            }
            self = .array(elements)
        case JSON_OBJECT:
            self = .object(JSONValue.members(of: value))
        default:
            self = .null
        }
    }

    private static func members(of object: UnsafeMutablePointer<json_t>) -> [String: JSONValue] {
        var members = [String: JSONValue](minimumCapacity: json_object_size(object))
        var iterator = json_object_iter(object)
        while let current = iterator {
            if let value = json_object_iter_value(current) {
                let name = String(utf8: json_object_iter_key(current), count: json_object_iter_key_len(current))
                members[name] = JSONValue(copying: value)
            }
            iterator = json_object_iter_next(object, current)
        }
        return members
    }
}

extension String {
    /// Copies `count` bytes of UTF-8, which jansson has checked.
    fileprivate init(utf8 start: UnsafePointer<CChar>?, count: Int) {
        guard let start else { self = ""; return }
        self = start.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
    }
}

extension JSONError {
    fileprivate init(_ fault: json_error_t) {
        let reason = withUnsafeBytes(of: fault.text) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        self.init(line: max(1, Int(fault.line)), column: max(1, Int(fault.column)), reason: reason)
    }
}
