internal import Configuration
public import EventLoop

/// A trunk as operators see it.
public struct TrunkSnapshot: Sendable, Equatable {
    /// One place that calls of the trunk go to.
    public struct Target: Sendable, Equatable {
        /// A SIP URI without a user.
        public let uri: String
        /// `up`; `down`: it does not answer, or wants no calls; `unknown`: nothing speaks against it.
        public let state: String
    }

    public let name: String
    public let state: TrunkState
    /// Calls at the moment, both directions.
    public let calls: Int
    /// nil: no limit.
    public let maximumCalls: Int?
    public let targets: [Target]
}

extension TrunkService {
    /// The trunks, in the order of their names.
    public var snapshots: [TrunkSnapshot] {
        all.map { entry in
            let states = entry.machine.standings
            let targets = zip(entry.trunk.targets, states).map { TrunkSnapshot.Target(uri: $0.uri(user: ""), state: $1.rawValue) }
            return TrunkSnapshot(
                name: entry.trunk.name, state: entry.machine.state, calls: entry.machine.calls, maximumCalls: entry.trunk.maximumCalls, targets: targets)
        }
    }
}
