import BrowserAPI
@testable import Control
import EventLoop
import Foundation
import JSON
import Logging
import Testing

@Suite struct ControlTests {
    private let path = "\(NSTemporaryDirectory())/tern-control-\(UUID().uuidString)/control"

    private func serve(_ commands: AdminCommands) throws -> ControlServer {
        try ControlServer(path: path, commands: commands, log: Logger(label: "test"))
    }

    private func ask(_ command: String, _ data: [String: JSONValue] = [:]) async throws -> JSONValue {
        let client = ControlClient(paths: [path])
        return try await Task.detached { try client.request(command, data) }.value
    }

    @Test func `a command is answered with its data, or its error`() async throws {
        let commands = AdminCommands()
        await LoopActor.run {
            commands["double"] = { fields throws(APIError) in
                guard let number = try fields.optionalInteger("number", in: 0...100) else { throw APIError(.missingField) }
                return ["number": .integer(2 * number)]
            }
        }
        let server = try serve(commands)
        defer { server.stop() }
        #expect(try await ask("double", ["number": 21])["number"] == 42)
        await #expect(throws: ControlError.self) { try await ask("double", ["number": 101]) }
        await #expect(throws: ControlError.self) { try await ask("treble") }
        #expect(try await ask("double", ["number": 1])["number"] == 2)
    }

    @Test func `only this user can reach the socket, which goes away with the server`() async throws {
        let server = try serve(AdminCommands())
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        server.stop()
        #expect(!FileManager.default.fileExists(atPath: path))
        await #expect(throws: ControlError.self) { try await ask("anything") }
    }

    @Test func `a client that says nothing does not keep others from being served for long`() async throws {
        let commands = AdminCommands()
        await LoopActor.run { commands["nothing"] = { _ throws(APIError) in [:] } }
        let server = try serve(commands)
        defer { server.stop() }
        let silent = try SilentClient(path)
        #expect(try await ask("nothing") == [:])
        withExtendedLifetime(silent) {}
    }

    @Test func `a request whose answer takes long holds up no other`() async throws {
        let commands = AdminCommands()
        let gate = Gate()
        await LoopActor.run {
            commands["slow"] = { _ throws(APIError) in
                await gate.pass()
                return ["slow": true]
            }
            commands["nothing"] = { _ throws(APIError) in [:] }
        }
        let server = try serve(commands)
        defer { server.stop() }
        let path = path
        let slow = (1..<ControlServer.threads).map { _ in
            Task { await withCheckedContinuation { (continuation: CheckedContinuation<JSONValue?, Never>) in
                // Not a thread of Swift's own pool: it waits.
                Thread { continuation.resume(returning: try? ControlClient(paths: [path]).request("slow")) }.start()
            } }
        }
        await gate.waitForArrivals(slow.count)
        #expect(try await ask("nothing") == [:])
        await gate.open()
        for request in slow { #expect(await request.value == ["slow": true]) }
    }
}

/// Holds up who passes until it is opened.
private actor Gate {
    private var isOpen = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private var watcher: (count: Int, continuation: CheckedContinuation<Void, Never>)?

    func pass() async {
        guard !isOpen else { return }
        await withCheckedContinuation {
            waiting.append($0)
            if let watcher, waiting.count >= watcher.count {
                self.watcher = nil
                watcher.continuation.resume()
            }
        }
    }

    func waitForArrivals(_ count: Int) async {
        guard waiting.count < count else { return }
        await withCheckedContinuation { watcher = (count, $0) }
    }

    func open() {
        isOpen = true
        for one in waiting { one.resume() }
        waiting = []
    }
}

/// A connection on which nothing is sent.
private final class SilentClient: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) }
        }
        guard status == 0 else { throw POSIXError(.ECONNREFUSED) }
    }

    deinit { close(descriptor) }
}

extension LoopActor {
    fileprivate static func run(_ body: @escaping @LoopActor @Sendable () -> Void) async { await LoopActor.task { body() }.value }
}
