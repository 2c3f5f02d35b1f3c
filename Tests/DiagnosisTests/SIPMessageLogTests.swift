@testable import Diagnosis
import EventLoop
import Events
import Glibc
import Logging
import SIPNames
import Testing

@Suite("SIP messages in the log")
@LoopActor
struct SIPMessageLogTests {
    private final class Lines: LogHandler, @unchecked Sendable {
        private(set) var lines: [(message: String, fields: Logger.Metadata)] = []
        var logLevel = Logger.Level.info
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?

        subscript(metadataKey _: String) -> Logger.MetadataValue? {
            get { nil }
            set { _ = newValue }
        }

        func log(
            level: Logger.Level, message: Logger.Message, metadata: Logger.Metadata?, source: String, file: String, function: String, line: UInt
        ) {
            lines.append(("\(message)", metadata ?? [:]))
        }
    }

    private let lines = Lines()
    private let stream = EventStream()
    private let log: SIPMessageLog

    init() {
        let lines = lines
        log = SIPMessageLog(log: Logger(label: "test") { _ in lines }, stream: stream)
        log.isOn = true
    }

    private func show(_ method: String, _ callID: String, status: Int? = nil, text: String = "SIP") {
        let message = SIPMessage(
            isSent: status != nil, transport: "udp", peer: SocketAddress("192.0.2.1:5060"), local: nil, method: method, status: status, text: text)
        stream.tell(Event(.dialog(callID), .sip(message)))
    }

    @Test("an INVITE waits for the call that it makes, and all of its messages have the call's id, in order")
    func withCall() {
        show("INVITE", "a")
        show("INVITE", "a", status: 100)
        #expect(lines.lines.isEmpty)
        stream.tell("c1", .began(CallStart(callerKind: "phone", caller: "100", dialled: "echo", source: "")))
        stream.tell("c1", .hasDialog(callID: "a", isCaller: true))
        show("INVITE", "a", status: 200)
        show("OPTIONS", "b")
        #expect(lines.lines.map(\.message) == ["SIP message received", "SIP message sent", "SIP message sent", "SIP message received"])
        #expect(lines.lines.map { $0.fields["call"] } == ["c1", "c1", "c1", nil])
        #expect(lines.lines.map { $0.fields["status"] } == [nil, "100", "200", nil] && lines.lines[0].fields["peer"] == "192.0.2.1:5060")
    }

    @Test("an INVITE that makes no call is written too")
    func withoutCall() async throws {
        show("INVITE", "a")
        let end = ContinuousClock.now + .seconds(5)
        while lines.lines.isEmpty, ContinuousClock.now < end { try await Task.sleep(for: .milliseconds(5)) }
        #expect(lines.lines.map { $0.fields["sip_call_id"] } == ["a"])
    }

    @Test("secrets are removed, and nothing is written once it is off")
    func secrets() {
        show("REGISTER", "a", text: "REGISTER sip:x SIP/2.0\r\nAuthorization: Digest username=\"alice\", response=\"0123456789\"\r\n\r\n")
        show("INFO", "b", text: "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj\r\n")
        let texts = lines.lines.map { "\($0.fields["text"] ?? "")" }
        #expect(texts.count == 2 && texts[0].contains("alice") && !texts[0].contains("0123456789") && !texts[1].contains("d0Rmdmc"))
        log.isOn = false
        show("OPTIONS", "c")
        #expect(lines.lines.count == 2)
    }

    @Test("its lines are no events: traces and Homer have the messages themselves")
    func noEvents() {
        let null = open("/dev/null", O_WRONLY)
        defer { close(null) }
        let output = LogOutput(descriptor: null, isShown: true, stream: stream)
        let logger = Logger(label: "test") { TernLogHandler(label: $0, output: output) }
        let written = SIPMessageLog(log: logger, stream: stream)
        written.isOn = true
        var told: [String] = []
        let listening = stream.listen(to: .log) { event in
            if case .log(let line) = event.content { told.append(line.message) }
        }
        show("OPTIONS", "a")
        logger.info("call answered", metadata: ["sip_call_id": "a"])
        #expect(told == ["call answered"] && lines.lines.map(\.message) == ["SIP message received"])
        withExtendedLifetime(listening) {}
    }
}
