internal import CJansson

extension JSONValue {
    /// The JSON text: compact, members sorted by the bytes of their names.
    ///
    /// JSON has no word for a real that is infinite or not a number: it is written as `null`.
    public var text: String {
        let value = makeJansson()
        defer { json_decref(value) }
        let flags = Int(JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)
        guard let written = json_dumps(value, flags) else { return "null" }
        defer { free(written) }
        return String(cString: written)
    }

    /// A new jansson value, owned by the caller.
    private func makeJansson() -> UnsafeMutablePointer<json_t>? {
        switch self {
        case .null:
            return json_null()
        case .bool(let value):
            return value ? json_true() : json_false()
        case .integer(let value):
            return json_integer(json_int_t(value))
        case .real(let value):
            return value.isFinite ? json_real(value) : json_null()
        case .string(let value):
            var value = value
            return value.withUTF8 { $0.withCharacters { json_stringn_nocheck($0, $1) } }
        case .array(let elements):
            let array = json_array()
            for element in elements { json_array_append_new(array, element.makeJansson()) }
            return array
        case .object(let members):
            let object = json_object()
            for (name, value) in members {
                var name = name
                name.withUTF8 {
                    $0.withCharacters { _ = json_object_setn_new_nocheck(object, $0, $1, value.makeJansson()) }
                }
            }
            return object
        }
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The bytes as C wants them; never a null pointer, which jansson takes for a failure.
    fileprivate func withCharacters<Result>(_ body: (UnsafePointer<CChar>, Int) -> Result) -> Result {
        guard let baseAddress, !isEmpty else { return body("", 0) }
        return baseAddress.withMemoryRebound(to: CChar.self, capacity: count) { body($0, count) }
    }
}
