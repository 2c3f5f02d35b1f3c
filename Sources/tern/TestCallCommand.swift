internal import ArgumentParser
internal import Control
internal import Dispatch
internal import EventLoop
internal import Glibc
internal import JSON
internal import Logging
internal import SIPNames
internal import TestCalls

/// `tern test-call NAME`: calls a far end through the gateway that runs here, and says how good the line is.
struct TestCallCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test-call",
        abstract: "Call a far end through the gateway, and say how good the line is.",
        discussion: """
            Nothing is called but what `probes` of the configuration names. A signal is sent that can be told from others; an echo at the far end sends it back. \
            Exit codes: 0 when the line is good, 1 when it is not, 2 when no test could be made.
            """)

    @Argument(help: "A probe of the configuration, by its name or by what it calls.")
    var name: String

    @Option(name: .long, help: ArgumentHelp("The probe by this trunk, where several call the same.", valueName: "name"))
    var trunk: String?

    @Option(name: .long, help: ArgumentHelp("How long to listen, 3 to 60. Default: as the probe says.", valueName: "seconds"))
    var seconds: Int?

    @Flag(name: .long, help: "Print the result as JSON.")
    var json = false

    @OptionGroup var gateway: ControlOptions

    func run() throws {
        guard seconds.map({ (3...60).contains($0) }) ?? true else {
            StandardStreams.error("tern: --seconds is 3 to 60")
            throw ExitStatus.badInput
        }
        LoggingSystem.bootstrap { _ in SwiftLogNoOpLogHandler() }
        let client = try gateway.client()
        let outcome: TestCallResult
        let probe: String
        do throws(ControlError) {
            var data: [String: JSONValue] = ["name": .string(name)]
            data["trunk"] = trunk.map { .string($0) }
            let answer = try client.request("start_test_call", data)
            probe = answer["probe"]?.stringValue ?? name
            outcome = try make(answer)
        } catch {
            StandardStreams.error("tern: \(error)")
            throw ExitStatus.badInput
        }
        _ = try? client.request("report_test_call", ["probe": .string(probe), "result": .string(outcome.json)])
        StandardStreams.output(json ? outcome.json : outcome.text)
        if !outcome.isGood { throw ExitStatus.failure }
    }

    private func make(_ answer: JSONValue) throws(ControlError) -> TestCallResult {
        guard let user = answer["user"]?.stringValue, let transport = answer["transport"]?.stringValue.flatMap(ListenAddress.Transport.init),
            let host = answer["host"]?.stringValue, let port = answer["port"]?.intValue, let address = answer["address"]?.stringValue.flatMap({ IPAddress($0) }), let call = answer["call"]?.stringValue
        else { throw ControlError("the gateway's answer is incomplete") }
        let listener = ListenAddress(transport: transport, address: host, port: port)
        var known = TestCallResult(destination: call, trunk: answer["trunk"]?.stringValue, began: now)
        known.expectation = answer["expect"]?.stringValue.flatMap(TestCallResult.Expectation.init) ?? .echo
        if let score = answer["minimum_mos"]?.doubleValue { known.limits.score = score }
        if let trip = answer["maximum_round_trip"]?.intValue { known.limits.roundTrip = Double(trip) }
        let order = TestCall.Order(
            uri: "sip:\(user)@\(listener.hostAndPort)", gateway: listener, address: address, seconds: seconds ?? answer["seconds"]?.intValue ?? 10)
        let done = DispatchSemaphore(value: 0)
        nonisolated(unsafe) var outcome: Result<TestCallResult, TestCallError> = .failure(TestCallError("no outcome"))
        LoopActor.task { [known] in
            do throws(TestCallError) {
                outcome = .success(try await TestCall.run(order, known))
            } catch {
                outcome = .failure(error)
            }
            done.signal()
        }
        done.wait()
        switch outcome {
        case .success(let result): return result
        case .failure(let error): throw ControlError("\(error)")
        }
    }

    /// Milliseconds since 1970.
    private var now: Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return time.tv_sec * 1_000 + time.tv_nsec / 1_000_000
    }
}
