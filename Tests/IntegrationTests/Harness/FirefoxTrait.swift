import Testing

/// Starts a Firefox for a suite, beside the stage, and takes it down afterwards.
struct FirefoxTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let firefox = try await Firefox(in: try Stage.running.environment)
        try await Stage.$runningFirefox.withValue(firefox, operation: function)
        await firefox.quit()
    }
}

extension Trait where Self == FirefoxTrait {
    static var firefox: Self { Self() }
}

extension Stage {
    @TaskLocal static var runningFirefox: Firefox?

    /// The Firefox of a suite that has one.
    static var firefox: Firefox {
        get throws {
            guard let runningFirefox else { throw HarnessError("the test's suite has no Firefox") }
            return runningFirefox
        }
    }
}
