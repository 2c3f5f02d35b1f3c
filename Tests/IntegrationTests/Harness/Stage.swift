import Foundation
import Testing

/// What the tests play on: one gateway and one browser, started once.
struct Stage: Sendable {
    @TaskLocal static var current: Stage?

    let environment: TestEnvironment
    let gateway: GatewayProcess
    let chromium: Chromium

    /// The one that this test runs on.
    static var running: Stage {
        get throws {
            guard let current else { throw HarnessError("the test has no stage: is it in IntegrationTests?") }
            return current
        }
    }
}

/// Starts the stage for a suite and takes it down afterwards.
struct WholeGatewayTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let environment = try TestEnvironment()
        defer { environment.remove() }
        let gateway = try await GatewayProcess(in: environment)
        let chromium: Chromium
        do {
            try await startResolver(of: gateway)
            chromium = try await Chromium(in: environment)
        } catch {
            _ = await gateway.stop()
            throw error
        }
        let stage = Stage(environment: environment, gateway: gateway, chromium: chromium)
        try await Stage.$current.withValue(stage, operation: function)
        await chromium.quit()
        let exit = await gateway.stop()
        #expect(exit == .exited(0), "the gateway ended with \(String(describing: exit))")
    }

    /// Has it look up a name: the thread that does so starts with the first one, and keeps its descriptors, which no test is to count.
    private func startResolver(of gateway: GatewayProcess) async throws {
        let phone = try SIPPhone(at: gateway)
        defer { phone.stop() }
        phone.media.host = "nowhere.invalid"
        phone.call("echo")
        let refusal = try await phone.final("INVITE", within: .patience)
        if let dialog = phone.dialog { phone.probe.send(dialog.acknowledgement(of: refusal)) }
        guard refusal.status == 488 else { throw HarnessError("a name that leads nowhere: \(refusal.text)") }
    }
}

/// After each test: no call, session, SIP leg, client or Janus handle is left, and no file descriptor more than before.
struct LeavesNothingTrait: SuiteTrait, TestTrait, TestScoping {
    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        guard let gateway = Stage.current?.gateway else { return try await function() }
        let descriptors = gateway.descriptors(), log = gateway.logCount
        let before = (try? gateway.status()) ?? .idle
        var problems: [String] = []
        do {
            try await function()
        } catch {
            problems.append("\(error)")
        }
        var status: GatewayProcess.Status?
        // Recordings are finished behind what tests wait for.
        let idle = await eventually(within: .patience) {
            status = try? gateway.status()
            return status?.isWithin(before) == true
        }
        if !idle { problems.append("left over: \(String(describing: status))") }
        var now: [String] = []
        let closed = await eventually(within: .patience) {
            now = gateway.descriptors()
            return now.count <= descriptors.count
        }
        if !closed { problems.append("more descriptors than before: \(Set(now).subtracting(descriptors).sorted())") }
        guard !problems.isEmpty else { return }
        let lines = gateway.log(after: log).suffix(80).joined(separator: "\n")
        Issue.record("\(problems.joined(separator: "\n"))\nThe gateway's log:\n\(lines)")
    }
}

extension Trait where Self == WholeGatewayTrait {
    static var wholeGateway: Self { Self() }
}

extension Trait where Self == LeavesNothingTrait {
    static var leavesNothing: Self { Self() }
}
