import EventLoop
import Glibc
import Testing
@testable import Resolver

/// Debian's dnsmasq, which knows what a test gives it and nothing else.
@LoopActor
final class Dnsmasq {
    let server: NameServer
    private var process: ChildProcess?
    private var output: [String] = []
    private var whenReady: CheckedContinuation<Bool, Never>?
    private var whenEnded: CheckedContinuation<Void, Never>?
    private var hasEnded = false

    /// - Parameter records: Options of dnsmasq, as in `--host-record=a.test,192.0.2.1`. All that is below `test` is its own.
    init(_ records: [String]) async throws {
        let port = try RawNameServer.closedPort()
        server = try #require(NameServer(address: "127.0.0.1", port: port))
        let arguments = [
            "--keep-in-foreground", "--log-facility=-", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--group=root",
            "--no-resolv", "--no-hosts", "--no-poll", "--local-ttl=60", "--local=/test/",
            "--listen-address=127.0.0.1", "--bind-interfaces", "--port=\(port)",
        ]
        process = try ChildProcess(.init(executable: "/usr/sbin/dnsmasq", arguments: arguments + records)) { [weak self] _, line in
            self?.output.append(line)
            if line.contains("started, version") { self?.ready(true) }
        } onExit: { [weak self] _ in
            self?.hasEnded = true
            self?.ready(false)
            self?.whenEnded?.resume()
        }
        let isReady = await withCheckedContinuation { whenReady = $0 }
        try #require(isReady, "dnsmasq does not start: \(output.joined(separator: "\n"))")
    }

    private func ready(_ isReady: Bool) {
        whenReady?.resume(returning: isReady)
        whenReady = nil
    }

    func stop() async {
        process?.kill(SIGTERM)
        if !hasEnded { await withCheckedContinuation { whenEnded = $0 } }
        whenEnded = nil
    }
}
