internal import BrowserAPI
internal import Calls
internal import Configuration
internal import CoreMetrics
internal import Diagnosis
internal import EventLoop
internal import Events
internal import Glibc
internal import JSON
internal import Logging
internal import SIPNames

/// The lines that the configuration has tested: takes orders for test calls, begins those that are due, and keeps their results.
///
/// A test call is made by a program of its own, `tern test-call`, which calls through this gateway as any phone does; a fault in it costs no call.
@LoopActor
final class Probes {
    /// Results kept of each probe: a day of tests, five minutes apart.
    static let kept = 288
    /// How long a test may take beyond the time for which it listens.
    private static let patience = Duration.seconds(90)
    /// From a program that could not be started to the next one.
    private static let pause = Duration.seconds(10)
    /// From one attempt to read the earlier results to the next.
    private static let readInterval = Duration.seconds(60)

    private var probes: [Probe]
    private let orders: TestCallOrders
    private let socket: String
    private let records: RecordService
    private let log: Logger
    /// Where programs of this machine reach the gateway by SIP; nil while it does not listen.
    var address: (@LoopActor () -> (listener: ListenAddress, own: String)?)?
    private var results: [String: [JSONValue]] = [:]
    /// When the first result of each came in this process: milliseconds since 1970.
    private var firstResults: [String: Int] = [:]
    /// Those whose results of a former process have not been read.
    private var unread: Set<String> = []
    private var isReading = false
    private var readTimer: LoopTimer?
    private var timers: [LoopTimer] = []
    /// Those that are due, in their order; one is tested at a time.
    private var due: [Probe] = []
    private var running: ChildProcess?
    private var limit: LoopTimer?

    /// - Parameter records: Where results are kept over a restart.
    init(_ probes: [Probe], orders: TestCallOrders, socket: String, records: RecordService, log: Logger) {
        self.probes = probes
        self.records = records
        self.orders = orders
        self.socket = socket
        self.log = log
    }

    /// Begins to test those that have an interval; the first time after a part of it, so that they are not all tested at once.
    func start() {
        begin()
        unread = Set(probes.map(\.name))
        read()
    }

    private func read() {
        readTimer?.cancel()
        guard !unread.isEmpty, !isReading else { return }
        isReading = true
        LoopActor.task { [weak self] in await self?.readEarlier() }
    }

    private func begin() {
        for (index, probe) in probes.enumerated() {
            guard let every = probe.every else { continue }
            let first = min(every, .seconds(10 + 20 * (index % 30)))
            timers.append(LoopTimer.schedule(after: first, every: every) { [weak self] in self?.isDue(probe) })
        }
    }

    /// Takes in the probes' results of a former process, as soon as they can be read.
    private func readEarlier() async {
        let began = EventTime.now.milliseconds
        let earlier = await records.keptTestCalls(most: Probes.kept)
        isReading = false
        guard let earlier else {
            readTimer = LoopTimer.schedule(after: Probes.readInterval) { [weak self] in self?.read() }
            return
        }
        let known = Dictionary(grouping: earlier, by: \.probe)
        for probe in probes where unread.remove(probe.name) != nil {
            let first = firstResults[probe.name] ?? began
            let before = (known[probe.name] ?? []).filter { $0.ended < first }.compactMap { try? JSONValue(parsing: $0.result) }
            results[probe.name] = Array((before + (results[probe.name] ?? [])).suffix(Probes.kept))
        }
    }

    /// Takes other probes. Results of those that are gone are forgotten; a test that is under way goes on.
    func apply(_ probes: [Probe]) {
        for timer in timers { timer.cancel() }
        timers = []
        let former = Set(self.probes.map(\.name))
        self.probes = probes
        due = due.filter(probes.contains)
        let names = Set(probes.map(\.name))
        results = results.filter { names.contains($0.key) }
        firstResults = firstResults.filter { names.contains($0.key) }
        unread = unread.intersection(names).union(names.subtracting(former))
        begin()
        read()
    }

    func stop() {
        for timer in timers { timer.cancel() }
        timers = []
        readTimer?.cancel()
        due = []
        limit?.cancel()
        running?.kill(SIGKILL)
    }

    // MARK: Commands

    func register(in commands: AdminCommands) {
        commands["start_test_call"] = { [weak self] fields throws(APIError) in
            guard let self else { throw APIError(.shuttingDown) }
            return try order(fields)
        }
        commands["report_test_call"] = { [weak self] fields throws(APIError) in
            self?.take(try fields.text("probe", bytes: 1...64), try fields.text("result", bytes: 2...16_384, multiline: true))
            return [:]
        }
        commands["list_probes"] = { [weak self] _ throws(APIError) in
            guard let self else { return [:] }
            return ["probes": .array(probes.map(describe))]
        }
    }

    private func describe(_ probe: Probe) -> JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(probe.name), "call": .string(probe.call), "seconds": .integer(probe.seconds), "expect": .string(probe.expectation.rawValue),
            "results": .array(results[probe.name] ?? []),
        ]
        members["trunk"] = probe.trunk.map { .string($0) }
        members["every"] = probe.every.map { .integer(Int($0 / .seconds(1))) }
        return .object(members)
    }

    /// `name` is that of a probe, or what one calls.
    private func order(_ fields: Fields) throws(APIError) -> JSONValue {
        let name = try fields.text("name", bytes: 1...256), trunk = try fields.optionalText("trunk", bytes: 1...64)
        let matching = probes.filter { trunk == nil || $0.trunk == trunk }
        guard let probe = matching.first(where: { $0.name == name }) ?? matching.first(where: { $0.call == name }) else {
            throw APIError(.unknownDestination, "`name`: no probe of the configuration is called so, or calls that: nothing else is called for a test")
        }
        guard let address = address?() else {
            throw APIError(.wrongState, "no test call can be made: the gateway takes no new calls, or listens for SIP over neither UDP nor TCP")
        }
        let order = TestCallOrders.Order(probe: probe.name, dialled: probe.call, trunk: probe.trunk, user: probe.from, source: address.own)
        guard let user = orders.issue(order) else { throw APIError(.tooManyRequests, "too many test calls are under way") }
        var data: [String: JSONValue] = [
            "probe": .string(probe.name), "call": .string(probe.call), "user": .string(user), "transport": .string(address.listener.transport.rawValue),
            "host": .string(address.listener.address), "port": .integer(address.listener.port), "address": .string(address.own),
            "seconds": .integer(probe.seconds), "expect": .string(probe.expectation.rawValue), "minimum_mos": .real(probe.minimumScore),
            "maximum_round_trip": .integer(Int(probe.maximumRoundTrip / .milliseconds(1))),
        ]
        data["trunk"] = probe.trunk.map { .string($0) }
        return .object(data)
    }

    // MARK: Results

    private func take(_ name: String, _ text: String) {
        guard probes.contains(where: { $0.name == name }), let result = try? JSONValue(parsing: text), result.objectValue != nil else { return }
        let now = EventTime.now.milliseconds
        firstResults[name] = firstResults[name] ?? now
        records.keep(probe: name, ended: now, result: text)
        results[name, default: []].append(result)
        if let count = results[name]?.count, count > Probes.kept { results[name]?.removeFirst(count - Probes.kept) }
        let verdict = result["verdicts"]?.arrayValue?.first
        let isGood = verdict?["severity"]?.stringValue == "good"
        log.log(level: isGood ? .info : .warning, "line tested", metadata: [
            "probe": "\(name)", "verdict": "\(verdict?["evidence"]?.stringValue ?? "none")", "mos": "\(result["score"]?.doubleValue.map { "\($0)" } ?? "")",
        ])
        count(name, result, isGood: isGood)
    }

    private func count(_ name: String, _ result: JSONValue, isGood: Bool) {
        let dimensions = [("probe", name)]
        Counter(label: "tern_probe_calls_total", dimensions: dimensions + [("result", isGood ? "good" : "bad")]).increment()
        Gauge(label: "tern_probe_good", dimensions: dimensions).record(isGood ? 1 : 0)
        for (label, key, factor) in [
            ("tern_probe_mos", "score", 1.0), ("tern_probe_round_trip_seconds", "audio_round_trip", 0.001), ("tern_probe_loss_ratio", "loss", 1),
            ("tern_probe_answer_seconds", "answered", 0.001),
        ] {
            // What is not known now is not shown as it was.
            Gauge(label: label, dimensions: dimensions).record((result[key]?.doubleValue).map { $0 * factor } ?? .nan)
        }
    }

    // MARK: The schedule

    private func isDue(_ probe: Probe) {
        if !due.contains(where: { $0.name == probe.name }) { due.append(probe) }
        testNext()
    }

    private func testNext() {
        guard running == nil, !due.isEmpty, address?() != nil else { return }
        let probe = due.removeFirst()
        var words = ""
        let command = ChildProcess.Command(executable: "/proc/\(getpid())/exe", arguments: ["test-call", probe.name, "--socket", socket, "--json"])
        do throws(ChildProcessError) {
            running = try ChildProcess(command) { stream, line in
                if stream == .standardError, words.count < 500 { words += line + " " }
            } onExit: { [weak self] exit in
                guard let self else { return }
                // 0 and 1 are those of tests that were made and reported.
                if exit != .exited(0), exit != .exited(1) {
                    log.warning("a line could not be tested", metadata: ["probe": "\(probe.name)", "how": "\(exit)", "reason": "\(words)"])
                }
                limit?.cancel()
                running = nil
                testNext()
            }
        } catch {
            log.error("a line could not be tested", metadata: ["probe": "\(probe.name)", "reason": "\(error)"])
            limit = LoopTimer.schedule(after: Probes.pause) { [weak self] in self?.testNext() }
            return
        }
        let child = running
        limit = LoopTimer.schedule(after: .seconds(probe.seconds) + Probes.patience) { [weak child] in child?.kill(SIGKILL) }
    }
}
