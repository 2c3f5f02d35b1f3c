/// The arguments `name=value` of a part of the program.
struct Arguments {
    private var values: [String: String] = [:]

    /// - Throws: When one is not of this form, or has none of these names.
    init(_ arguments: some Sequence<String>, names: Set<String>) throws {
        for argument in arguments {
            let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw BenchmarkFailure(description: "\(argument) is no name=value") }
            guard names.contains(parts[0]) else {
                throw BenchmarkFailure(description: "\(parts[0]) is no option; there are: \(names.sorted().joined(separator: ", "))")
            }
            values[parts[0]] = parts[1]
        }
    }

    func text(_ name: String) throws -> String {
        guard let value = values[name] else { throw BenchmarkFailure(description: "\(name)= is missing") }
        return value
    }

    func number(_ name: String) throws -> Int {
        guard let value = Int(try text(name)) else { throw BenchmarkFailure(description: "\(name) is no number") }
        return value
    }
}
