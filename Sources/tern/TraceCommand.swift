internal import ArgumentParser
internal import Control
internal import Diagnosis
internal import Glibc
internal import JSON
internal import Version

/// `tern trace CALL`: shows what happened in a call.
struct TraceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trace",
        abstract: "Show the time line of a call of the running gateway.",
        discussion: """
            Without a call it lists the last ones. The time line has the SIP messages of all legs, messages of the browser API, what was asked of the media \
            engine, changes of state, and lines of the log; secrets are removed. docs/traces.md has how to read it.
            """)

    @Argument(help: "The call's id or the beginning of it, a Call-ID, the id of its session, or last.")
    var call: String?

    @Flag(name: .long, help: "Print JSON.")
    var json = false

    @Option(name: .long, help: ArgumentHelp("Write the SIP messages to a file for Wireshark (pcapng); - is the standard output.", valueName: "file"))
    var pcapng: String?

    @Flag(name: .long, help: "Write out each message.")
    var full = false

    @Flag(name: .long, help: "List failed calls alone, where no call is named.")
    var failed = false

    @Option(name: .long, help: ArgumentHelp("Characters in a line. Without it, those of the terminal.", valueName: "columns"))
    var width: Int?

    @OptionGroup var control: ControlOptions

    func run() throws {
        guard let call else { return try list() }
        let answer = try ask("get_trace", ["call": .string(call)])
        if json { return StandardStreams.output(answer.text) }
        guard let document = TraceDocument(answer) else {
            StandardStreams.error("tern: the gateway's answer is no trace; is it of another version?")
            throw ExitStatus.failure
        }
        if let pcapng { return try write(PacketCapture(document, application: "tern \(TernVersion.current)"), to: pcapng) }
        let ladder = Ladder(document, width: width ?? Terminal.width, isFull: full, isASCII: !Terminal.isUnicode)
        StandardStreams.output(ladder.lines.joined(separator: "\n"))
    }

    private func ask(_ command: String, _ data: [String: JSONValue]) throws(ExitStatus) -> JSONValue {
        let client = try control.client()
        do throws(ControlError) {
            return try client.request(command, data)
        } catch {
            StandardStreams.error("tern: \(error)")
            throw .failure
        }
    }

    private func list() throws {
        let answer = try ask("list_traces", ["failed": .bool(failed), "limit": 100])
        if json { return StandardStreams.output(answer.text) }
        let traces = (answer["traces"]?.arrayValue ?? []).compactMap(TraceSummary.init)
        if traces.isEmpty { return StandardStreams.output("There are no traces: no call was made, or traces.memory is 0.") }
        for trace in traces.reversed() { StandardStreams.output(trace.line) }
    }

    private func write(_ capture: PacketCapture, to path: String) throws {
        let descriptor = path == "-" ? 1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        defer { if path != "-" { close(descriptor) } }
        guard descriptor >= 0, StandardStreams.write(capture.bytes, to: descriptor) else {
            StandardStreams.error("tern: \(path) cannot be written: \(String(cString: strerror(errno)))")
            throw ExitStatus.failure
        }
    }
}
