internal import ArgumentParser
internal import Control
internal import JSON

/// `tern reload`: has a gateway of this machine read its configuration again.
struct ReloadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have a running gateway read its configuration again.",
        discussion: """
            Users, routes, trunks, limits, tokens and certificates are in force at once, and no call notices. Keys that need a restart are \
            named. Ends with 1, and changes nothing, where the configuration is wrong. SIGHUP does the same.
            """)

    @OptionGroup var control: ControlOptions

    func run() throws {
        do throws(ControlError) {
            StandardStreams.output(ReloadCommand.words(for: try control.lenientClient().request("reload")))
        } catch {
            StandardStreams.error("tern: \(error)")
            throw ExitStatus.failure
        }
    }

    private static func words(for answer: JSONValue) -> String {
        func list(_ name: String) -> [String] { answer[name]?.arrayValue?.compactMap(\.stringValue) ?? [] }
        let changed = list("changed"), restart = list("need_restart")
        var lines = list("warnings").map { "warning: \($0)" }
        lines.append(changed.isEmpty ? "nothing has changed" : "in force: \(changed.joined(separator: ", "))")
        if !restart.isEmpty { lines.append("needs a restart: \(restart.joined(separator: ", "))") }
        return lines.joined(separator: "\n")
    }
}
