public import Configuration
public import EventLoop
internal import Foundation
public import JSON

/// Looks for problems that prevent calls: in the configuration, the machine, DNS, and the gateway that runs.
@LoopActor
public struct Doctor {
    /// The gateway of this machine.
    public enum Gateway: Sendable {
        case absent
        /// It runs by this configuration.
        case running
        /// One runs, by another configuration than the one that is looked at.
        case former
    }

    private let configuration: GatewayConfiguration
    private let machine: Machine
    private let host: HostAddresses
    private let now: Date
    private let gateway: Gateway
    /// What the gateway says of itself; nil where none runs.
    private let overview: JSONValue?
    /// Whether the configuration is that of the service, which sees less of the machine.
    private let isService: Bool

    /// - Parameters:
    ///   - overview: The answer to `get_overview`; nil where no gateway of this configuration runs.
    ///   - isService: Whether the configuration is that of the service `tern`.
    public nonisolated init(
        _ configuration: GatewayConfiguration, gateway: Gateway, overview: JSONValue? = nil, machine: Machine = .this, host: HostAddresses = .current(),
        isService: Bool = false
    ) {
        (self.configuration, self.gateway, self.overview, self.machine, self.host) = (configuration, gateway, overview, machine, host)
        self.isService = isService
        now = Date()
    }

    /// In the order in which they were looked at. Takes a few seconds at most, where name servers do not answer.
    public func findings() async -> [Finding] {
        var found = overview.map { GatewayChecks(overview: $0).findings } ?? []
        found += ConfigurationChecks(configuration: configuration, host: host, now: now, machine: machine, isService: isService).findings
        found += MachineChecks(configuration: configuration, machine: machine, gateway: gateway).findings
        return found + (await NameChecks(configuration: configuration, host: host).findings())
    }
}
