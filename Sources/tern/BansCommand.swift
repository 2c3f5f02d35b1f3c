internal import ArgumentParser
internal import Configuration
internal import Control
internal import JSON

/// `tern bans`: who is not let in for wrong passwords at a gateway of this machine, and lets them in again.
struct BansCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bans",
        abstract: "List the addresses and users that a running gateway has banned for wrong passwords, or lift bans.",
        discussion: "A ban lasts ten minutes. Who is registered from an address, or has proven a password there within the day, is never banned from it.")

    @Option(name: .long, help: ArgumentHelp("Lift the bans of this address.", valueName: "address"))
    var lift: String?

    @Option(name: .long, help: ArgumentHelp("With --lift: that of this user alone.", valueName: "name"))
    var user: String?

    @Flag(name: .long, help: "Lift all bans.")
    var liftAll = false

    @OptionGroup var control: ControlOptions

    func validate() throws {
        guard user == nil || lift != nil else { throw ValidationError("--user goes with --lift") }
        guard lift == nil || !liftAll else { throw ValidationError("--lift or --lift-all: one of them") }
    }

    func run() throws {
        let client = try control.client()
        do throws(ControlError) {
            guard lift != nil || liftAll else { return StandardStreams.output(BansCommand.lines(try client.request("list_bans")["bans"], none: "nobody is banned")) }
            var fields: [String: JSONValue] = liftAll ? ["all": true] : [:]
            fields["address"] = lift.map(JSONValue.string)
            fields["user"] = user.map(JSONValue.string)
            StandardStreams.output(BansCommand.lines(try client.request("lift_ban", fields)["lifted"], none: "nobody was banned there"))
        } catch {
            StandardStreams.error("tern: \(error)")
            throw ExitStatus.failure
        }
    }

    private static func lines(_ bans: JSONValue?, none: String) -> String {
        let lines = (bans?.arrayValue ?? []).map { ban in
            let user = ban["user"]?.stringValue.map { "user \(ConfigurationText.shown($0))" } ?? "all users"
            return "\(ConfigurationText.shown(ban["address"]?.stringValue ?? "?"))  \(user)  until \(ban["until"]?.stringValue ?? "?")  \(ban["reason"]?.stringValue ?? "")"
        }
        return lines.isEmpty ? none : lines.joined(separator: "\n")
    }
}
