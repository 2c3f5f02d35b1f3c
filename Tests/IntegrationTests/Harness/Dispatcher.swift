import Foundation

/// Kamailio in front of several gateways, with the configuration that is shipped.
final class Dispatcher: Sendable {
    /// Of its own, and of the phones in front of it: what comes from the gateways' address is the gateways'.
    static let address = "10.99.0.2"

    let port: Int
    var place: (address: String, port: Int) { (Dispatcher.address, port) }
    private let process: TestProcess
    private let directory: URL

    init(of gateways: [GatewayProcess], in environment: TestEnvironment) async throws {
        port = try FreePort.both(Dispatcher.address)
        directory = environment.directory.appendingPathComponent("dispatcher-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let list = directory.appendingPathComponent("dispatcher.list")
        try gateways.map { "1 sip:\($0.address):\($0.sipPort);transport=udp 0 0\n" }.joined().write(to: list, atomically: true, encoding: .utf8)
        process = try await TestProcess("/usr/sbin/kamailio", [
            "-DD", "-E", "-f", environment.root.appendingPathComponent("config/kamailio/kamailio.cfg").path, "-Y", directory.path, "-w", directory.path,
            "-m", "64", "-M", "8", "-A", "LISTEN=udp:\(Dispatcher.address):\(port)", "-A", "DISPATCHER_LIST=\"\(list.path)\"", "-A", "PING_INTERVAL=1",
        ])
        let probe = try SIPProbe(to: place, address: Dispatcher.address)
        // Every gateway has answered its OPTIONS when all Call-IDs lead to one that takes calls; the first answers are enough to begin.
        let answers = await eventually(within: .patience) { [self] in await hasGateway(probe) }
        guard answers else {
            await process.stop()
            throw HarnessError("Kamailio does not answer:\n\(process.output)")
        }
    }

    /// Whether it says that there is a gateway which takes calls.
    func hasGateway(_ probe: SIPProbe) async -> Bool {
        let call = SIPProbe.Call(to: "probe", from: probe)
        probe.send("OPTIONS sip:\(Dispatcher.address):\(port) SIP/2.0\r\n" + call.request("OPTIONS", number: 1).split(separator: "\r\n", maxSplits: 1)[1])
        return await probe.message(with: "SIP/2.0 200", of: call, within: .milliseconds(300)) != nil
    }

    var log: String { process.output }

    func stop() async { await process.stop() }
}
