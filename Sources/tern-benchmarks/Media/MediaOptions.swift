extension MediaBenchmark {
    /// How much is measured.
    struct Options {
        var standing = 100
        var seconds = 10.0
        var rate = 20.0
        var short = 200
        var rounds = 1
        var paths = Path.allCases
        /// Variables for the Janus that is measured.
        var environment: [String: String] = [:]

        /// - Parameter arguments: `name=value`; others are refused.
        init(arguments: some Sequence<String>) throws {
            for argument in arguments {
                let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
                guard parts.count == 2 else { throw BenchmarkFailure(description: "\(argument) is no name=value") }
                switch (parts[0], Double(parts[1])) {
                case ("calls", let value?): standing = Int(value)
                case ("seconds", let value?): seconds = value
                case ("rate", let value?): rate = value
                case ("short", let value?): short = Int(value)
                case ("rounds", let value?): rounds = max(1, Int(value))
                case ("paths", _): paths = Path.allCases.filter { parts[1].split(separator: ",").map(String.init).contains("\($0)") }
                default: environment[parts[0]] = parts[1]
                }
            }
        }
    }
}
