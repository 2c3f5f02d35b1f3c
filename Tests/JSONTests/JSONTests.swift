import JSON
import Testing

@Suite struct JSONParsing {
    @Test(arguments: [
        ("null", JSONValue.null),
        ("true", true),
        ("false", false),
        ("0", 0),
        ("-1", -1),
        ("9223372036854775807", .integer(.max)),
        ("-9223372036854775808", .integer(.min)),
        ("1.0", .real(1)),
        ("1e3", .real(1_000)),
        ("-0.5", .real(-0.5)),
        ("\"\"", ""),
        ("\"a\\u00e9\\ud83d\\ude00\\n\\/\"", "aé😀\n/"),
        ("[]", []),
        ("{}", [:]),
        (" \t\r\n[1,[2,{\"a\":[3]}]]\n", [1, [2, ["a": [3]]]]),
        ("{\"a\":{\"b\":null},\"\":[\"\"]}", ["a": ["b": nil], "": [""]]),
    ] as [(String, JSONValue)])
    func `a well-formed text becomes its value`(text: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: text) == value)
    }

    @Test(arguments: [
        "", " ", "nul", "tru", "True", "NaN", "Infinity", "-", "+1", "01", "1.", ".5", "1e", "0x10", "--1",
        "[", "]", "{", "}", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}",
        "{'a':1}", "{\"a\" 1}", "\"", "\"a", "'a'", "\"\\x\"", "\"\\u12\"", "\"\\ud800\"", "\"\\udc00\\ud800\"",
        "\"tab\there\"", "\"line\nhere\"", "1 2", "{} {}", "null,", "[1]x", "// c\n1", "/* c */ 1", "\u{feff}1", "\u{0}", "[\u{0}]",
    ])
    func `a malformed text is refused with its place and a reason`(text: String) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.line ?? 0 >= 1)
        #expect(error?.column ?? 0 >= 1)
        #expect(error?.reason.isEmpty == false)
    }

    @Test(arguments: [
        ("{\"a\":1,\"a\":2}", "duplicate"),
        ("{\"x\":{\"a\":1,\"\\u0061\":2}}", "duplicate"),
        ("\"a\\u0000b\"", "\\u0000"),
        ("{\"a\\u0000b\":1}", "\\u0000"),
        ("9223372036854775808", "too big"),
        ("-9223372036854775809", "too big"),
        ("1e309", "overflow"),
        ("-1e999999999999", "overflow"),
    ])
    func `what RFC 8259 leaves open and a peer could abuse is refused`(text: String, reason: String) {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: text) }
        #expect(error?.reason.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func `with integers as reals one beyond 64 bits is a number like another`() throws {
        let bytes = Array(#"{"small":1,"large":18446744073709551615,"list":[-9223372036854775809]}"#.utf8)
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
        #expect(
            try JSONValue(parsing: bytes, integersAsReals: true)
                == ["small": .real(1), "large": .real(18_446_744_073_709_551_616), "list": [.real(-9_223_372_036_854_775_808)]])
        #expect(throws: JSONError.self) { try JSONValue(parsing: Array("1e309".utf8), integersAsReals: true) }
    }

    @Test func `an error names its line and column`() {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "{\n \"a\": 1,\n \"b\": ?\n}") }
        #expect(error?.line == 3)
        #expect(error?.description.hasPrefix("line 3, column ") == true)
    }

    @Test(arguments: [[0x22, 0xff, 0x22], [0x22, 0xc3, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0xfe], [0x80]] as [[UInt8]])
    func `bytes that are no UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
    }
}

@Suite struct JSONBounds {
    @Test func `nesting is accepted up to the limit and refused beyond it`() throws {
        let deepest = String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
        _ = try JSONValue(parsing: deepest)
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "[" + deepest + "]") }
        #expect(error == JSONError(line: 1, column: 65, reason: "nested deeper than 64 levels"))
    }

    @Test(arguments: ["[", "{\"a\":", "[{\"a\":[\"x\","])
    func `a million open brackets cost a scan and nothing more`(bracket: String) {
        let text = String(repeating: bracket, count: 1 << 20)
        let error = #expect(throws: JSONError.self) {
            try JSONValue(parsing: text, limits: JSONLimits(size: .max, depth: 64))
        }
        #expect(error?.reason == "nested deeper than 64 levels")
    }

    @Test func `brackets within strings do not count as nesting`() throws {
        let brackets = String(repeating: "[{\\\"\\\\", count: 100)
        #expect(try JSONValue(parsing: "[\"\(brackets)\",[1]]")[1]?[0] == 1)
    }

    @Test func `a text over the size limit is refused before it is read`() throws {
        let limits = JSONLimits(size: 10)
        #expect(try JSONValue(parsing: "[12345678]", limits: limits) == [12_345_678])
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: "[123456789]", limits: limits) }
        #expect(error == JSONError(line: 0, column: 0, reason: "longer than 10 bytes"))
        #expect(throws: JSONError.self) { try JSONValue(parsing: String(repeating: " ", count: 1 << 20) + "1") }
    }
}

@Suite struct JSONWriting {
    @Test(arguments: [
        (JSONValue.null, "null"),
        (true, "true"),
        (-7, "-7"),
        (.integer(.min), "-9223372036854775808"),
        (.real(1), "1.0"),
        (.real(.infinity), "null"),
        (.real(.nan), "null"),
        ("", "\"\""),
        ("quote \" back \\ new\n nul \u{0} é", "\"quote \\\" back \\\\ new\\n nul \\u0000 é\""),
        ([], "[]"),
        ([1, "a", nil], "[1,\"a\",null]"),
        ([:], "{}"),
        (["b": 1, "a": ["c": false], "B": []], "{\"B\":[],\"a\":{\"c\":false},\"b\":1}"),
    ] as [(JSONValue, String)])
    func `a value is written compactly with its members sorted`(value: JSONValue, text: String) {
        #expect(value.text == text)
    }

    @Test func `members come in the order of their names' bytes, and only what must be is escaped`() {
        let value: JSONValue = ["b": 1, "a": [nil, true, .real(2), .real(.nan)], "é": "ü/\u{7F}", "B": "\"\\\u{8}\u{C}\n\r\t\u{1}\u{1F}", "": [:], "aa": []]
        #expect(value.text == #"{"":{},"B":"\"\\\b\f\n\r\t\u0001\u001F","a":[null,true,2.0,null],"aa":[],"b":1,"é":"ü/\#u{7F}"}"#)
    }

    @Test(arguments: [0.1, 1.0 / 3, -2.5e-308, 1.7976931348623157e308, 5e-324])
    func `a real survives writing and parsing`(real: Double) throws {
        #expect(try JSONValue(parsing: JSONValue.real(real).text) == .real(real))
    }

    @Test func `every scalar of Unicode survives writing and parsing`() throws {
        let scalars = (1...0x10FFFF).lazy.compactMap { Unicode.Scalar(UInt32($0)) }
        let value = JSONValue.string(String(String.UnicodeScalarView(scalars)))
        #expect(try JSONValue(parsing: value.text, limits: JSONLimits(size: 8 << 20)) == value)
    }
}

@Suite struct JSONReading {
    let value: JSONValue = [
        "s": "text", "i": 3, "r": 3.0, "b": true, "n": nil, "a": [10, 20], "o": ["x": "\(1)y"],
    ]

    @Test func `each accessor answers for its own type only`() {
        #expect(value["s"]?.stringValue == "text")
        #expect(value["i"]?.stringValue == nil)
        #expect(value["i"]?.intValue == 3)
        #expect(value["r"]?.intValue == nil)
        #expect(value["b"]?.intValue == nil)
        #expect(value["i"]?.doubleValue == 3)
        #expect(value["r"]?.doubleValue == 3)
        #expect(value["s"]?.doubleValue == nil)
        #expect(value["b"]?.boolValue == true)
        #expect(value["i"]?.boolValue == nil)
        #expect(value["n"]?.isNull == true)
        #expect(value["a"]?.arrayValue == [10, 20])
        #expect(value["o"]?.objectValue == ["x": "1y"])
        #expect(value.arrayValue == nil)
        #expect(value["a"]?.objectValue == nil)
    }

    @Test func `what is not there is nil and never traps`() {
        #expect(value["missing"] == nil)
        #expect(value["a"]?["key"] == nil)
        #expect(value["a"]?[2] == nil)
        #expect(value["a"]?[-1] == nil)
        #expect(value[0] == nil)
        #expect(value["a"]?[1] == 20)
    }

    @Test func `the last of two members with one name wins in a literal`() {
        #expect((["a": 1, "a": 2] as JSONValue) == ["a": 2])
    }
}
