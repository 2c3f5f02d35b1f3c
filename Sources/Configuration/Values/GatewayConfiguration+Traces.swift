public import SIPNames

extension GatewayConfiguration {
    /// Section `traces`: the time lines of the last calls.
    public struct Traces: Sendable, Equatable {
        /// Key `traces.memory`: in bytes, 1M to 64G; 0 keeps none. Default: 64M.
        public var memory = 64 << 20

        public init() {}
    }

    /// Section `hep`: a Homer that is told of calls (HEP, version 3).
    public struct HEP: Sendable, Equatable {
        public enum Transport: String, Sendable { case udp, tcp }

        /// Key `hep.address`: `HOST:PORT`, or `tcp:HOST:PORT`. Default: none, and nothing is sent.
        public var address: (host: String, port: Int)?
        /// Of ``address``. Default: UDP.
        public var transport = Transport.udp
        /// Key `hep.id`: what Homer knows this gateway by, 0 to 4294967295. Default: 2001.
        public var id: UInt32 = 2001
        /// Key `hep.password`: goes with each packet, at most 256 characters. Default: none.
        public var password: Secret?

        public init() {}

        public static func == (one: HEP, other: HEP) -> Bool {
            one.address?.host == other.address?.host && one.address?.port == other.address?.port && one.transport == other.transport && one.id == other.id && one.password == other.password
        }
    }
}
