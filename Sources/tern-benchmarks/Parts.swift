import EventLoop
import Foundation
import Version

/// The parts that need an argument. `Tests/Benchmark/run` starts all but the first.
@LoopActor
enum Parts {
    static func run(_ name: String, _ words: [String]) async throws {
        switch name {
        case "media": try await MediaBenchmark.run(MediaBenchmark.Options(arguments: words))
        case "stand-in": try await standIn(Arguments(words, names: ["port"]))
        case "browsers": try await browsers(Arguments(words, names: ["url", "password"]))
        case "phones": try await phones(Arguments(words, names: ["address", "port", "input"]))
        case "callee": try await CalleeProgram.run(words)
        default: throw BenchmarkFailure(description: "this is none of media, stand-in, browsers, phones, callee")
        }
    }

    /// Stands in for Janus until its standard input ends.
    private static func standIn(_ arguments: Arguments) async throws {
        let janus = JanusStandIn(protocol: TernVersion.engineProtocol, version: TernVersion.current)
        try janus.start(port: arguments.number("port"))
        say("ready")
        for await _ in try Lines.read() {}
        withExtendedLifetime(janus) {}
    }

    /// Logs in the users FIRST to LAST for each line `FIRST LAST` of its standard input.
    private static func browsers(_ arguments: Arguments) async throws {
        let browsers = LoggedInBrowsers(url: try arguments.text("url"), password: try arguments.text("password"))
        say("ready")
        for await line in try Lines.read() {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 2, numbers[0] <= numbers[1] else { throw BenchmarkFailure(description: "\(line) is no FIRST LAST") }
            try await browsers.logIn(numbers[0] ..< numbers[1] + 1)
            guard browsers.closed == 0 else { throw BenchmarkFailure(description: "\(browsers.closed) connections were closed") }
            say("ready")
        }
    }

    private static func phones(_ arguments: Arguments) async throws {
        let player = try PhonePlayer(address: arguments.text("address"), port: UInt16(clamping: arguments.number("port")))
        let input = try Lines.read(arguments.text("input"))
        say("ready")
        await player.run(input)
    }

    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
