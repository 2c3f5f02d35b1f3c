import Testing

/// One or two scenarios that are played against the gateway at once.
struct SIPScenarioPlay: Sendable, CustomStringConvertible {
    enum Callee: Sendable {
        /// The gateway's echo, or nobody in particular.
        case gateway
        /// Another scenario, through a route.
        case phone(String, SIPScenarioPhones.Kind)
    }

    enum Caller: Sendable {
        case scenario(String)
        /// Whoever looks at nothing but the final status.
        case status(Int)
    }

    let caller: Caller
    let callee: Callee
    /// Why it fails, where that is known.
    let known: Comment?

    /// A scenario that calls the echo.
    static func echo(_ caller: String, known: Comment? = nil) -> SIPScenarioPlay {
        SIPScenarioPlay(caller: .scenario(caller), callee: .gateway, known: known)
    }

    /// A scenario that calls another.
    static func pair(
        _ caller: String, _ callee: String, _ kind: SIPScenarioPhones.Kind = .plain, known: Comment? = nil
    ) -> SIPScenarioPlay {
        SIPScenarioPlay(caller: .scenario(caller), callee: .phone(callee, kind), known: known)
    }

    /// A scenario that refuses, and what its caller gets.
    static func refusal(_ callee: String, _ status: Int) -> SIPScenarioPlay {
        SIPScenarioPlay(caller: .status(status), callee: .phone(callee, .plain), known: nil)
    }

    var description: String {
        let called = if case .phone(let name, _) = callee { " calls \(name)" } else { "" }
        return switch caller {
        case .scenario(let name): name + called
        case .status(let status): "a caller who gets \(status)" + called
        }
    }

    /// Those in which SIPp must leave retransmissions to the scenario.
    private static let withoutRetransmissions: Set = ["uac-lost-ack", "uac-retransmission", "uac-prack-lost", "uas-lost-ack"]

    /// Plays it; `number` is that of a phone which nobody else uses.
    func run(on stage: Stage, phone number: Int) async throws {
        guard let known else { return try await play(on: stage, phone: number) }
        await withKnownIssue(known) { try await play(on: stage, phone: number) }
    }

    private func play(on stage: Stage, phone number: Int) async throws {
        guard case .phone(let name, let kind) = callee else { return await calls("echo", on: stage) }
        let port = SIPScenarioPhones.port(number)
        let phone = try await called(name, port: port, on: stage)
        await calls(SIPScenarioPhones.name(number, kind), on: stage)
        let outcome = await phone.outcome(within: .patience)
        #expect(outcome.passed, "\(self): \(outcome)")
    }

    private func called(_ name: String, port: Int, on stage: Stage) async throws -> SIPpRun {
        if name == "uas-rtp-echo" {
            let media = try FreePort.udp(stage.environment.address)
            return try await SIPpRun.called(name, port: port, in: stage.environment, "-rtp_echo", "-mp", "\(media)")
        }
        if SIPScenarioPlay.withoutRetransmissions.contains(name) {
            return try await SIPpRun.called(name, port: port, in: stage.environment, "-nr")
        }
        // That one has RTP; here nobody speaks any.
        let rtpPort = name == "uas-hangs-up" ? 7_000 : nil
        return try await SIPpRun.called(name, port: port, in: stage.environment, rtpPort: rtpPort)
    }

    private func calls(_ user: String, on stage: Stage) async {
        do {
            switch caller {
            case .status(let expected): try await calls(user, on: stage, expecting: expected)
            case .scenario(let name):
                let run = SIPScenarioPlay.withoutRetransmissions.contains(name)
                    ? try await SIPpRun.calling(user, name, on: stage, "-nr")
                    : try await SIPpRun.calling(user, name, on: stage)
                let outcome = await run.outcome(within: .seconds(70))
                #expect(outcome.passed, "\(self): \(outcome)")
            }
        } catch {
            Issue.record("\(self): \(error)")
        }
    }

    private func calls(_ user: String, on stage: Stage, expecting expected: Int) async throws {
        let probe = try SIPProbe(stage)
        var call = SIPProbe.Call(to: user, from: probe)
        probe.send(call.invite())
        let response = try await probe.final(of: call)
        call.learn(from: response)
        #expect(SIPProbe.status(of: response) == expected, "\(self): \(response)")
        probe.send(call.acknowledgement(of: "INVITE"))
    }
}
