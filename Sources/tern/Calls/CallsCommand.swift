internal import ArgumentParser
internal import Configuration
internal import Control
internal import Diagnosis
internal import Events
internal import Gateway
internal import JSON

/// `tern calls`: the records of calls.
struct CallsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calls",
        abstract: "Show the calls that there were, or one of them.",
        discussion: """
            The gateway that runs here is asked; where none runs, the database of the configuration is read. Exit codes: 0, 1 when there is \
            no such call or nobody can be asked, 2 for a bad configuration or bad arguments.
            """)

    @Argument(help: "A call's id, the beginning of it, or a SIP Call-ID: shows all that is known of this call.")
    var id: String?

    @Flag(name: .long, help: "Only calls that were not answered.")
    var failed = false

    @Option(name: .long, help: ArgumentHelp("Only line tests with this severity or code among their verdicts: warning, loss.", valueName: "verdict"))
    var lineTest: String?

    @Option(name: .long, help: ArgumentHelp("Only calls of this user or number; with * at its end, of all that begin so.", valueName: "caller"))
    var from: String?

    @Option(name: .long, help: ArgumentHelp("Only calls to this user or number, as dialled, as sent out, or as answered by.", valueName: "callee"))
    var to: String?

    @Option(name: .long, help: ArgumentHelp("Only calls that began since: 30m, 1h, 2d ago, or 2026-01-31, or 2026-01-31T08:00 (local time).", valueName: "time"))
    var since: String?

    @Option(name: .long, help: ArgumentHelp("Only calls that began before: written as --since.", valueName: "time"))
    var until: String?

    @Option(name: .long, help: ArgumentHelp("Show the latest so many.", valueName: "number"))
    var limit = 50

    @Flag(name: .long, help: "Write the records as JSON, one a line.")
    var json = false

    @OptionGroup var control: ControlOptions

    func run() throws {
        let query = try readQuery()
        let configuration = try control.options.loadOrReport().configuration
        let records: [JSONValue]
        do throws(RecordError) {
            records = try read(query, configuration)
        } catch {
            StandardStreams.error("tern: \(error)")
            throw ExitStatus.failure
        }
        if json {
            for record in records { StandardStreams.output(record.text) }
        } else if id != nil {
            for record in records.compactMap({ CallRecord(json: $0.text) }) { StandardStreams.output(CallDetails(record).text) }
        } else {
            StandardStreams.output(CallList(records.compactMap { CallRecord(json: $0.text) }).text)
        }
    }

    private func readQuery() throws(ExitStatus) -> RecordQuery {
        var query = RecordQuery()
        query.isFailed = failed
        if let lineTest {
            guard let finding = RecordQuery.Finding(lineTest) else {
                StandardStreams.error("tern: --line-test \(ConfigurationText.quoted(lineTest)) is no severity or code of a line test: warning, loss")
                throw .badInput
            }
            query.lineTest = finding
        }
        query.from = from.map(RecordQuery.Pattern.init)
        query.to = to.map(RecordQuery.Pattern.init)
        query.limit = limit
        query.since = try time(since, "--since")
        query.until = try time(until, "--until")
        guard (1...RecordQuery.most).contains(limit) else {
            StandardStreams.error("tern: --limit must be 1 to \(RecordQuery.most)")
            throw .badInput
        }
        return query
    }

    private func time(_ text: String?, _ name: String) throws(ExitStatus) -> Int? {
        guard let text else { return nil }
        if let time = PointInTime(text) { return time.milliseconds }
        StandardStreams.error("tern: \(name) \(ConfigurationText.quoted(text)) is no time: 30m, 1h or 2d ago, 2026-01-31, or 2026-01-31T08:00")
        throw .badInput
    }

    /// Asks the gateway; reads the database where none runs.
    private func read(_ query: RecordQuery, _ configuration: GatewayConfiguration) throws(RecordError) -> [JSONValue] {
        let client = control.client(of: configuration)
        do throws(ControlError) {
            guard let id else { return try client.request("find_calls", query.fields)["calls"]?.arrayValue ?? [] }
            return [try client.request("get_call", ["call_id": .string(id)])["call"]].compactMap { $0 }
        } catch {
            guard error.isUnreachable, control.socket == nil else { throw RecordError(error.description) }
        }
        let reader = try RecordReader(configuration.records.database)
        guard let id else { return try reader.find(query).arrayValue ?? [] }
        guard let record = try reader.call(id) else { throw RecordError("there is no such call") }
        return [record]
    }
}

extension RecordQuery {
    /// As `find_calls` takes it.
    fileprivate var fields: [String: JSONValue] {
        var fields: [String: JSONValue] = ["limit": .integer(limit)]
        if isFailed { fields["failed"] = true }
        fields["line_test"] = lineTest.map { .string($0.rawValue) }
        fields["from"] = from.map { .string($0.text + ($0.isPrefix ? "*" : "")) }
        fields["to"] = to.map { .string($0.text + ($0.isPrefix ? "*" : "")) }
        fields["since"] = since.map(JSONValue.integer)
        fields["until"] = until.map(JSONValue.integer)
        return fields
    }
}
