import Foundation

/// A network behind a NAT, as a cloud has it: one host with a private address, and a router that leads a public address to it, each port to the same
/// one. The tests are outside: they reach the public address, and have no way to the private one. Media that the host sends reach nobody who has not sent
/// some to it before, as if peers were behind NATs of their own: ICE would find a way for the host's own checks otherwise, whatever address is told.
///
/// Namespaces of their own for the host and the router; nftables translates.
final class TranslatedNetwork: Sendable {
    /// Of the host, in its network.
    let privateAddress = "10.55.0.2"
    /// By which the router leads to it.
    let publicAddress = "203.0.113.5"
    /// Of the tests, outside.
    let outsideAddress = "203.0.113.1"

    private let router: TestProcess
    private let host: TestProcess

    init() async throws {
        // They live as long as this process does.
        router = try await TranslatedNetwork.namespace()
        host = try await TranslatedNetwork.namespace()
        try await run("ip link add outside type veth peer name wan netns \(router.pid)")
        try await run("ip address add \(outsideAddress)/24 dev outside && ip link set outside up")
        try await run("ip link add lan type veth peer name inside netns \(host.pid)", in: router)
        try await run(
            """
            ip link set lo up && ip address add \(publicAddress)/24 dev wan && ip link set wan up && ip address add 10.55.0.1/24 dev lan && ip link set lan up
            echo 1 > /proc/sys/net/ipv4/ip_forward
            """, in: router)
        try await run("ip link set lo up && ip address add \(privateAddress)/24 dev inside && ip link set inside up && ip route add default via 10.55.0.1", in: host)
        try await run(
            """
            nft -f - <<RULES
            table ip nat {
              chain before { type nat hook prerouting priority dstnat; iifname wan ip daddr \(publicAddress) dnat to \(privateAddress); }
              chain after { type nat hook postrouting priority srcnat; oifname wan ip saddr \(privateAddress) snat to \(publicAddress); }
            }
            table ip filter {
              chain through { type filter hook forward priority filter; iifname lan oifname wan udp sport 20000-29999 ct state new drop; }
            }
            RULES
            """, in: router)
    }

    /// What a command is to begin with to run on the host.
    var entrance: [String] { TranslatedNetwork.entrance(host) }

    func stop() async {
        await host.stop()
        await router.stop()
        try? await run("ip link delete outside || true")
    }

    private static func namespace() async throws -> TestProcess {
        let keeper = try await TestProcess("unshare", ["--net", "sh", "-c", "echo ready; exec sleep 600"])
        _ = try await keeper.line(with: "ready", within: .patience)
        return keeper
    }

    private static func entrance(_ keeper: TestProcess) -> [String] { ["nsenter", "--target", "\(keeper.pid)", "--net"] }

    private func run(_ script: String, in place: TestProcess? = nil) async throws {
        let command = (place.map(TranslatedNetwork.entrance) ?? []) + ["sh", "-e", "-c", script]
        let process = try await TestProcess(command[0], Array(command.dropFirst()))
        guard await process.exit(within: .patience) == .exited(0) else { throw HarnessError("\(script):\n\(process.output)") }
    }
}
