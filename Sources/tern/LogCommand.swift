internal import ArgumentParser
internal import Configuration
internal import Control
internal import JSON

/// `tern log`: says what a gateway of this machine logs, and changes it while it runs.
struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Say what a running gateway logs, or change it.",
        discussion: "A filter shows every line of one call or user, down to level debug, and ends by itself. The level stays until SIGHUP or a restart.")

    @Option(name: .long, help: ArgumentHelp("trace, debug, info, notice, warning, error, critical.", valueName: "level"))
    var level: String?

    @Option(name: .long, help: ArgumentHelp("Show every line of this call.", valueName: "id"))
    var call: String?

    @Option(name: .long, help: ArgumentHelp("Show every line about this user, and of its calls.", valueName: "name"))
    var user: String?

    @Option(name: .long, help: ArgumentHelp("How long, 3600 at most; 0 ends it. Default: 600.", valueName: "seconds"))
    var seconds: Int?

    @Flag(inversion: .prefixedNo, help: "Write each SIP message, its secrets removed.")
    var sip: Bool?

    @OptionGroup var control: ControlOptions

    func run() throws {
        let client = try control.client()
        do throws(ControlError) {
            let answer = try client.request(change.isEmpty ? "get_log" : "set_log", change)
            StandardStreams.output(LogCommand.words(for: answer))
        } catch {
            StandardStreams.error("tern: \(error)")
            throw ExitStatus.failure
        }
    }

    private var change: [String: JSONValue] {
        var change: [String: JSONValue] = [:]
        change["level"] = level.map(JSONValue.string)
        change["call_id"] = call.map(JSONValue.string)
        change["user"] = user.map(JSONValue.string)
        change["seconds"] = seconds.map(JSONValue.integer)
        change["sip"] = sip.map(JSONValue.bool)
        return change
    }

    private static func words(for answer: JSONValue) -> String {
        var lines = ["level: \(answer["level"]?.stringValue ?? "?")", "SIP messages: \(answer["sip"]?.boolValue == true ? "on" : "off")"]
        if let filter = answer["filter"] {
            let subject = filter["user"]?.stringValue.map { "user \($0)" } ?? "call \(filter["call_id"]?.stringValue ?? "?")"
            lines.append("filter: \(subject), for \(filter["seconds"]?.intValue ?? 0) s")
        }
        return lines.joined(separator: "\n")
    }
}
