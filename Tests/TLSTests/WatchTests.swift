import EventLoop
import Foundation
import Logging
import TestCertificates
import Testing
@testable import TLS

@Suite("Certificates that change")
@LoopActor
struct WatchTests {
    private let authority: TestAuthority
    private let files: TLSFiles

    init() throws {
        authority = try TestAuthority()
        let pair = try authority.issue("host", names: "DNS:first")
        files = TLSFiles(certificate: pair.certificate, key: pair.key)
    }

    /// Puts a new pair in the place of the watched one; key and certificate of different pairs when `matching` is false.
    private func replace(name: String, matching: Bool = true) throws {
        let pair = try authority.issue(name, names: "DNS:\(name)")
        let key = matching ? pair.key : try authority.issue("\(name)-other", names: "DNS:x").key
        for (from, to) in [(pair.certificate, files.certificate), (key, files.key)] {
            try #require(rename(from, to) == 0)
        }
    }

    @Test("files that change are read again, once; a broken pair is left alone until it is mended")
    func change() async throws {
        let (events, sink) = AsyncStream.makeStream(of: String.self)
        let log = CapturedLog()
        let watch = TLSWatch(try TLSIdentity(files), every: .milliseconds(20), logger: log.logger) { identity in
            sink.yield(identity.names)
        }
        var iterator = events.makeAsyncIterator()
        try replace(name: "second")
        #expect(await iterator.next(isolation: LoopActor.shared) == "DNS:second")
        // Between the two files there may have been a look, too.
        let before = log.mismatches
        try replace(name: "third", matching: false)
        while log.mismatches == before { await LoopTurns.pause() }
        try replace(name: "fourth")
        #expect(await iterator.next(isolation: LoopActor.shared) == "DNS:fourth")
        await watch.reload()
        #expect(await iterator.next(isolation: LoopActor.shared) == "DNS:fourth")
        watch.stop()
        await watch.reload()
        sink.finish()
        #expect(await iterator.next(isolation: LoopActor.shared) == nil)
    }
}

/// Waiting for the loop to go around.
@LoopActor
enum LoopTurns {
    static func pause() async {
        await withCheckedContinuation { done in _ = LoopTimer.schedule(after: .milliseconds(5)) { done.resume() } }
    }
}

/// A log whose lines a test looks at.
final class CapturedLog: @unchecked Sendable {
    private let lock = NSLock()
    private var collected: [String] = []

    var lines: [String] { lock.withLock { collected } }
    var mismatches: Int { lines.count { $0.contains("does not belong to") } }
    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    fileprivate func add(_ line: String) { lock.withLock { collected.append(line) } }

    private struct Handler: LogHandler {
        let log: CapturedLog
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { log.add("\(event.message) \(event.metadata ?? [:])") }
    }
}
