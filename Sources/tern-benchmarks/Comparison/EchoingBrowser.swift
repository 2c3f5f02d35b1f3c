import EventLoop
import Foundation

/// What stands for browsers: EchoTest in a Janus of its own, which returns what it gets, on the second processor.
///
/// It gets offers without candidates, as in ``Path/browser``.
@LoopActor
final class EchoingBrowser {
    private let janus: TestedJanus
    private let folder: URL

    init(address: String) async throws {
        folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("tern-benchmarks-\(getpid())")
        janus = try await TestedJanus.start(
            "browsers", in: folder, address: address, plugins: ["echotest"], port: 8_288, mediaPorts: 50_000 ... 59_999,
            processor: ProcessInfo.processInfo.processorCount > 1 ? 1 : 0)
    }

    /// Takes a call.
    ///
    /// - Returns: The answer to the offer, and the handle, which is to be detached when the call ends.
    func answer(_ offer: String) async throws -> (sdp: String, handle: PluginHandle) {
        let handle = try await janus.connection.attach("janus.plugin.echotest")
        let answer = try await handle.message(["audio": true], Description(type: "offer", sdp: offer).withoutCandidates)
        guard let sdp = answer.description else {
            await handle.detach()
            throw BenchmarkFailure(description: "EchoTest gives no answer")
        }
        return (sdp, handle)
    }

    func stop() async {
        await janus.stop()
        try? FileManager.default.removeItem(at: folder)
    }
}
