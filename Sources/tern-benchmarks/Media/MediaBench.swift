import EventLoop
import Foundation

/// What all measurements share: phones, and the Janus that stands for browsers.
@LoopActor
final class MediaBench {
    let address: String
    let folder: URL
    let options: MediaBenchmark.Options
    let phones: Phones
    let browsers: TestedJanus
    let engine: String
    /// Milliseconds from a phone to itself.
    private(set) var direct = 0.0

    init(address: String, folder: URL, options: MediaBenchmark.Options) async throws {
        (self.address, self.folder, self.options) = (address, folder, options)
        engine = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("libjanus_tern.so").path
        guard FileManager.default.fileExists(atPath: engine) else { throw BenchmarkFailure(description: "\(engine) is missing") }
        phones = try Phones(address: address, port: 40_000)
        browsers = try await TestedJanus.start(
            "browsers", in: folder, address: address, plugins: ["echotest"], port: 8_288, mediaPorts: 50_000 ... 59_999, processor: 1)
        let own = phones.add(to: address, Int(phones.port))
        try await Task.sleep(for: .seconds(2))
        phones.remove(own)
        direct = MediaBenchmark.median(phones.takeDelays().map { Double($0) / 1e6 })
    }

    func stop() async {
        phones.stop()
        await browsers.stop()
    }

    /// Measures one path, in a Janus of its own.
    func measure(_ path: Path, _ kind: MediaBenchmark.Kind) async throws -> MediaBenchmark.Result {
        let janus = try await TestedJanus.start(
            "measured", in: folder, address: address, plugins: kind == .stock ? ["nosip", "echotest"] : [],
            engine: kind == .stock ? nil : engine, port: 8_188, mediaPorts: 20_000 ... 39_999, processor: 0,
            environment: options.environment.merging(kind == .unmoderated ? ["TERN_MODERATION": "off"] : [:]) { _, new in new })
        let site = CallSite(janus: janus.connection, browsers: browsers.connection, phones: phones, address: address, phoneAddress: address)
        let call = { @LoopActor @Sendable () async throws -> BenchmarkCall in
            switch kind {
            case .stock: try await StockPlugins.call(path, at: site)
            case .tern, .unmoderated: try await EngineLegs.call(path, at: site)
            }
        }
        do {
            var result = MediaBenchmark.Result()
            // The first calls make what stays.
            for _ in 0 ..< 2 {
                let first = try await call()
                try await Task.sleep(for: .milliseconds(500))
                _ = await first.end(at: site)
            }
            try await stand(janus, site, call, &result)
            try await churn(janus, site, call, &result)
            await janus.stop()
            return result
        } catch {
            await janus.stop()
            throw error
        }
    }

    /// Many calls that stand.
    private func stand(
        _ janus: TestedJanus, _ site: CallSite, _ call: @LoopActor @Sendable () async throws -> BenchmarkCall, _ result: inout MediaBenchmark.Result
    ) async throws {
        let before = try janus.usage()
        var calls: [BenchmarkCall] = []
        for _ in 0 ..< options.standing { calls.append(try await call()) }
        try await Task.sleep(for: .seconds(2))
        _ = phones.takeDelays()
        let counts = calls.flatMap(\.phones).map(phones.count)
        let (begin, time) = (try janus.usage(), ContinuousClock.now)
        try await Task.sleep(for: .seconds(options.seconds))
        let (end, elapsed) = (try janus.usage(), (ContinuousClock.now - time) / .seconds(1))
        let delays = phones.takeDelays()
        let later = calls.flatMap(\.phones).map(phones.count)
        let sent = zip(counts, later).reduce(0) { $0 + $1.1.sent - $1.0.sent }, arrived = zip(counts, later).reduce(0) { $0 + $1.1.arrived - $1.0.arrived }
        for call in calls { _ = await call.end(at: site) }
        result.second = (end.processor - begin.processor) * 1_000 / elapsed / Double(options.standing)
        result.threads = end.threads - before.threads
        result.memory = Double(end.memory - before.memory) / Double(options.standing)
        result.loss = 1 - Double(arrived) / Double(max(sent, 1))
        // The browser returns what it gets: Janus is passed twice.
        result.delay = (MediaBenchmark.median(delays.map { Double($0) / 1e6 }) - direct) / 2
    }

    /// Short calls, one after the other begun.
    private func churn(
        _ janus: TestedJanus, _ site: CallSite, _ call: @escaping @LoopActor @Sendable () async throws -> BenchmarkCall, _ result: inout MediaBenchmark.Result
    ) async throws {
        let begin = try janus.usage()
        let start = ContinuousClock.now
        var tasks: [Task<Double?, any Error>] = []
        for index in 0 ..< options.short {
            try await Task.sleep(until: start + .seconds(Double(index) / options.rate))
            tasks.append(Task { @LoopActor in
                let call = try await call()
                try await Task.sleep(for: MediaBenchmark.shortCall)
                return await call.end(at: site).map(\.first).first ?? nil
            })
        }
        var firsts: [Double] = []
        for task in tasks {
            if let first = try await task.value { firsts.append(first * 1_000) } else { result.silent += 1 }
        }
        let end = try janus.usage()
        result.call = (end.processor - begin.processor) * 1_000 / Double(options.short)
        result.up = MediaBenchmark.median(firsts)
        result.upMost = firsts.max() ?? 0
    }
}
