@testable import Diagnosis
import Events
import Logging
import Testing

@Suite struct LogLineTests {
    private func entry(_ metadata: [(key: String, value: Logger.MetadataValue)]) -> LogEntry {
        LogEntry(
            time: LogTime(milliseconds: 1_795_352_064_007), level: .info, label: "tern.sip", message: "call answered",
            metadata: metadata)
    }

    @Test("a text line has time, level, label, message and fields")
    func text() {
        let line = entry([("call", "1f"), ("from", "Alice Liddell"), ("count", .stringConvertible(3)), ("empty", "")]).text
        #expect(line == "2026-11-22T12:54:24.007Z info tern.sip: call answered call=1f from=\"Alice Liddell\" count=3 empty=\"\"")
    }

    @Test("a line is about its call, else its session, else its dialog: also that of an INVITE that SIP itself refuses", arguments: [
        ("call", Event.Subject.call("x")), ("session", .session("x")), ("sip_call_id", .dialog("x")), ("caller_call_id", .dialog("x")), ("user", .gateway),
    ])
    func subject(field: String, subject: Event.Subject) {
        #expect(entry([("from", "100"), (field, "x")]).subject == subject)
        #expect(entry([("caller_call_id", "d"), ("call", "c"), (field, "x")]).subject == .call("c"))
    }

    @Test("a JSON line is one object with typed values")
    func json() {
        let line = entry([("a", ["x", .stringConvertible(3)]), ("b", ["k": "v"]), ("c", .stringConvertible(true))]).json
        #expect(
            line == #"{"time":"2026-11-22T12:54:24.007Z","level":"info","label":"tern.sip","message":"call answered","#
                + #""metadata":{"a":["x",3],"b":{"k":"v"},"c":true}}"#)
    }

    @Test(
        "what a peer sent cannot end the line, steer a terminal or pass for a field",
        arguments: [
            ("a\r\n2026 info tern: forged", #""a\r\n2026 info tern: forged""#), ("\u{1b}[2J", #"\u001b[2J"#),
            ("x call=2", #""x call=2""#), ("\"quoted\"", #""\"quoted\"""#), ("a\u{2028}b\u{85}c", #"a\u2028b\u0085c"#),
            ("\u{202e}evil", #"\u202eevil"#), ("\u{e0001}", #"\udb40\udc01"#), ("\0", #"\u0000"#), ("grün", "grün"),
        ])
    func escaping(value: String, written: String) {
        let text = entry([("v", .string(value))]).text
        #expect(text.hasSuffix(" v=\(written)"), "\(text)")
        let json = entry([("v", .string(value))]).json
        #expect(!(text + json).unicodeScalars.contains { $0.properties.generalCategory == .control })
    }

    @Test("a long value is cut")
    func bounded() {
        #expect(entry([("v", .string(String(repeating: "x", count: 1_000_000)))]).text.count < 5_000)
    }
}
