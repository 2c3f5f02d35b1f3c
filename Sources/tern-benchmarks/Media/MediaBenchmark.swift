import EventLoop
import Foundation

/// What calls cost Janus: its stock plugins against Tern's plugin, with media, on two processors.
///
/// The Janus that is measured has the first processor to itself; this program, and the Janus that stands for browsers, have the second.
@LoopActor
enum MediaBenchmark {
    /// What is measured of one path with one kind of plugin.
    struct Result {
        /// Of the standing load: milliseconds of processor time for a second of a call.
        var second = 0.0
        /// Of short calls: milliseconds of processor time for one, with its beginning and end.
        var call = 0.0
        /// More threads, and bytes of memory a call, than before the standing load.
        var threads = 0
        var memory = 0.0
        /// Share of packets that did not arrive under the standing load.
        var loss = 0.0
        /// Of a packet one way through Janus, in milliseconds, without the system's own share.
        var delay = 0.0
        /// From the last reply to the first packet that comes back, in milliseconds.
        var up = 0.0, upMost = 0.0
        /// Short calls that never had any.
        var silent = 0
    }

    enum Kind: String {
        case stock, tern
        /// Tern's plugin whose threads turn for each packet.
        case unmoderated
    }

    static let shortCall = Duration.seconds(3)

    static func run(_ options: Options) async throws {
        guard let address = ProcessInfo.processInfo.environment["TERN_TEST_ADDRESS"] else {
            throw BenchmarkFailure(description: "the media benchmark runs in a network namespace: make benchmark, as root")
        }
        let folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("tern-benchmarks-\(getpid())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let bench = try await MediaBench(address: address, folder: folder, options: options)
        var results: [Path: [Kind: [Result]]] = [:]
        for round in 1 ... options.rounds {
            for path in options.paths {
                for kind in path == .browser ? [Kind.stock, .tern, .unmoderated] : [.stock, .tern] {
                    let result = try await bench.measure(path, kind)
                    results[path, default: [:]][kind, default: []].append(result)
                    if options.rounds > 1 {
                        print("round \(round), \(path.rawValue), \(kind.rawValue): \(result)")
                        fflush(nil)
                    }
                }
            }
        }
        await bench.stop()
        MediaTable(results: results, direct: bench.direct).write()
    }

    nonisolated static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return sorted.isEmpty ? .nan : sorted[sorted.count / 2]
    }
}
