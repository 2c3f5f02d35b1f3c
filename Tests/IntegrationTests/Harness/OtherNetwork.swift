import Foundation

/// A network of its own, with one address of ours and no way to anywhere else: what runs there reaches that one, and can be given another
/// address of its own, as a laptop that goes from one Wi-Fi to the next.
final class OtherNetwork: Sendable {
    private let keeper: TestProcess
    private let prefix: String
    private let wire: String
    private let forwarders = Forwarders()

    /// - Parameter number: Distinguishes it from others, 1 to 250.
    init(_ number: Int) async throws {
        prefix = "10.98.\(number)."
        wire = "wire\(number)"
        // It lives as long as this process does.
        keeper = try await TestProcess("unshare", ["--net", "sh", "-c", "echo ready; exec sleep 600"])
        _ = try await keeper.line(with: "ready", within: .patience)
        try await run("ip", "link", "add", wire, "type", "veth", "peer", "name", "inside", "netns", "\(keeper.pid)")
        try await run("ip", "address", "add", prefix + "1/24", "dev", wire)
        try await run("ip", "link", "set", wire, "up")
        try await inside("ip", "link", "set", "lo", "up")
        try await inside("ip", "link", "set", "inside", "up")
        try await take(host: 2)
    }

    /// Our address in it.
    var address: String { prefix + "1" }

    /// The host inside has this address now: 2 to 254.
    private func take(host: Int) async throws {
        try await inside("ip", "address", "add", prefix + "\(host)/24", "dev", "inside")
    }

    /// Another address in place of the one it had; connections are not told.
    func change(from host: Int = 2, to other: Int) async throws {
        try await inside("ip", "address", "del", prefix + "\(host)/24", "dev", "inside")
        try await take(host: other)
    }

    /// What a command is to begin with to run there.
    var entrance: [String] { ["nsenter", "--target", "\(keeper.pid)", "--net"] }

    /// A port of this network's loopback interface that leads to that one of the other's.
    func reach(_ port: Int) async throws -> Int {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("forward-into.py").path
        let process = try await TestProcess("python3", [script, "\(keeper.pid)", "\(port)"])
        forwarders.add(process)
        let line = try await process.line(with: "listening on", within: .patience)
        guard let own = Int(line.split(separator: " ").last ?? "") else { throw HarnessError("no port in: \(line)") }
        return own
    }

    func stop() async {
        for process in forwarders.all { await process.stop() }
        await keeper.stop()
    }

    private final class Forwarders: @unchecked Sendable {
        private let lock = NSLock()
        private var processes: [TestProcess] = []
        var all: [TestProcess] { lock.withLock { processes } }
        func add(_ process: TestProcess) { lock.withLock { processes.append(process) } }
    }

    private func inside(_ command: String...) async throws {
        try await run(entrance + command)
    }

    private func run(_ command: String...) async throws { try await run(command) }

    private func run(_ command: [String]) async throws {
        let process = try await TestProcess(command[0], Array(command.dropFirst()))
        guard await process.exit(within: .patience) == .exited(0) else {
            throw HarnessError("\(command.joined(separator: " ")):\n\(process.output)")
        }
    }
}
