internal import ArgumentParser
internal import Configuration
internal import Control
internal import JSON

/// `tern drain-media`: keeps new calls from one Janus of a gateway of this machine, or lets them come again.
struct DrainMediaCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain-media",
        abstract: "Keep new calls from one media server of a running gateway.",
        discussion: """
            The calls that it has go on. `tern status` names the media servers and says how many legs each still has. Where the gateway takes \
            calls at all, others have to be there for them.
            """)

    @Argument(help: "The media server, as in janus-1.")
    var name: String

    @Flag(name: .long, help: "Let new calls come again.")
    var off = false

    @Flag(name: .long, help: "Start it again when its last call has ended; then new calls come again. Only a Janus that the gateway runs.")
    var restart = false

    @OptionGroup var control: ControlOptions

    func validate() throws {
        guard !off || !restart else { throw ValidationError("--off or --restart: one of them") }
    }

    func run() throws {
        let client = try control.client()
        do throws(ControlError) {
            let server = try client.request("drain_media", ["name": .string(name), "on": .bool(!off), "restart": .bool(restart)])
            StandardStreams.output(words(for: server))
        } catch {
            StandardStreams.error("tern: \(error)")
            throw ExitStatus.failure
        }
    }

    private func words(for server: JSONValue) -> String {
        let name = ConfigurationText.shown(name), legs = server["handles"]?.intValue ?? 0
        if off { return "\(name) gets new calls again" }
        let rest = legs == 0 ? "it has no leg" : "it has \(legs) \(legs == 1 ? "leg" : "legs") of calls"
        return "\(name) gets no new calls; \(rest)" + (restart ? ", and is started again when there is none" : "")
    }
}
