internal import ArgumentParser
internal import Configuration
internal import Gateway
internal import Routing

/// `tern route FROM TO`: says what would become of a call.
struct RouteCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "route",
        abstract: "Say which route a call takes, and what would be sent.",
        discussion: "Exit codes: 0, 1 when nobody is reached, 2 for a bad configuration or bad arguments. Nothing is sent.")

    @Argument(help: "Who calls: user:NAME, trunk:NAME, anonymous, an address that calls come from, or the sip: URI of a From header.")
    var from: String

    @Argument(help: "What is dialled: a name, a number or a sip: URI.")
    var to: String

    @Option(name: .long, help: ArgumentHelp("The caller's number, where it is not the user's name.", valueName: "number"))
    var caller: String?

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        let loaded = try options.loadOrReport()
        let table = RoutingTable(loaded.configuration, places: loaded.routePlaces)
        let query: RoutingQuery
        do throws(RouteTextError) {
            query = try RoutingQuery(from: from, to: to, caller: caller, table: table)
        } catch {
            StandardStreams.error("tern: \(error.reason)")
            throw ExitStatus.badInput
        }
        let explanation = RouteExplanation(table, query)
        StandardStreams.output(explanation.text)
        if !explanation.isReached { throw ExitStatus.failure }
    }
}
