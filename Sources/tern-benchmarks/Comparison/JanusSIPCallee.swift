import EventLoop
import Foundation
import JSON

/// Janus' own SIP plugin as a gateway, and the application that it needs: an account that takes calls, with helpers for those that come meanwhile.
///
/// The account is a guest, so that there is no registrar: phones call the port of its SIP stack.
@LoopActor
final class JanusSIPCallee: Callee {
    private let janus: TestedJanus
    private let browser: EchoingBrowser
    private let folder: URL
    private let address: String
    private var port = 0
    private var accounts: [Int: PluginHandle] = [:]
    private var browsers: [Int: PluginHandle] = [:]
    private(set) var failures = 0

    /// The port for INVITEs, and the id of the process that is measured.
    var whereabouts: String { "\(port) \(janus.pid)" }

    /// - Parameter helpers: Calls at a time, but for one.
    init(address: String, helpers: Int, browser: EchoingBrowser) async throws {
        (self.address, self.browser) = (address, browser)
        folder = URL(fileURLWithPath: NSTemporaryDirectory()).appendingPathComponent("tern-benchmarks-\(getpid())-sip")
        janus = try await TestedJanus.start(
            "measured", in: folder, address: address, plugins: ["sip"], port: 8_188, mediaPorts: 20_000 ... 39_999, processor: 0)
        janus.connection.onEvent = { [weak self] in self?.receive($0) }
        do { try await register(helpers) } catch {
            await stop()
            throw error
        }
    }

    func stop() async {
        await janus.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    private func register(_ helpers: Int) async throws {
        let before = try JanusSIPCallee.boundPorts()
        let user: JSONValue = .string("sip:browser@\(address)")
        let master = try await janus.connection.attach("janus.plugin.sip")
        accounts[master.id] = master
        let registered = try await master.message(["request": "register", "type": "guest", "username": user, "force_udp": true])
        guard let id = registered.data["result"]?["master_id"]?.intValue else { throw BenchmarkFailure(description: "no id of the account: \(registered.data.text)") }
        // The stack has a thread of its own, which may not have bound its port yet.
        for _ in 0 ..< 100 where port == 0 {
            port = try JanusSIPCallee.boundPorts().subtracting(before).first ?? 0
            if port == 0 { try await Task.sleep(for: .milliseconds(50)) }
        }
        guard port != 0 else { throw BenchmarkFailure(description: "Janus' SIP plugin has no port") }
        for _ in 0 ..< helpers {
            let helper = try await janus.connection.attach("janus.plugin.sip")
            accounts[helper.id] = helper
            try await helper.message(["request": "register", "type": "helper", "username": user, "master_id": .integer(id)])
        }
    }

    /// The UDP ports that are bound in this network namespace.
    private static func boundPorts() throws -> Set<Int> {
        let table = try String(contentsOfFile: "/proc/net/udp", encoding: .utf8)
        return Set(table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            return fields.count > 1 ? fields[1].split(separator: ":").last.flatMap { Int($0, radix: 16) } : nil
        })
    }

    private func receive(_ message: JSONValue) {
        guard let id = message["sender"]?.intValue, let account = accounts[id] else { return }
        let result = message["plugindata"]?["data"]?["result"]
        switch result?["event"]?.stringValue {
        case "incomingcall":
            guard let offer = message["jsep"]?["sdp"]?.stringValue else { return failures += 1 }
            LoopActor.task { await self.take(offer, account) }
        case "hangup":
            guard let handle = browsers.removeValue(forKey: id) else { return }
            LoopActor.task { await handle.detach() }
        default: break
        }
    }

    private func take(_ offer: String, _ account: PluginHandle) async {
        do {
            let (sdp, handle) = try await browser.answer(offer)
            if let former = browsers.updateValue(handle, forKey: account.id) { await former.detach() }
            try await account.message(["request": "accept"], Description(type: "answer", sdp: sdp))
        } catch {
            failures += 1
        }
    }
}
