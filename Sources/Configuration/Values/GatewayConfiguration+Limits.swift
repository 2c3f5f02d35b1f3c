public import SIPNames

extension GatewayConfiguration {
    /// Section `limits`: what is taken under load, and of callers who have proven nothing.
    public struct Limits: Sendable, Equatable {
        /// Key `limits.calls_per_second`: new calls over SIP a second, 1 to 100,000; `0` leaves it to the load (nil). Default: 0.
        public var callsPerSecond: Int?
        /// Key `limits.set_ups`: INVITEs at a time that the gateway has not answered, refused or sent on, 1 to 10,000. Default: 50.
        public var setUps = 50
        /// Key `limits.loop_delay`: how late the event loop may be before fewer new calls are taken, 10 ms to 10 s; the set-up of a call may take
        /// five times that, on average. Default: 100 ms.
        public var loopDelay = Duration.milliseconds(100)
        /// Key `limits.strangers_per_address`: calls from one address whose callers have proven nothing, 1 to 100,000. Default: a tenth of
        /// `sip.maximum_calls`, at least 10.
        public var strangersPerAddress: Int?
        /// Key `limits.strangers_per_prefix`: the same from one network, a /24 or an IPv6 /48. Default: a fifth of `sip.maximum_calls`, at least 20.
        public var strangersPerPrefix: Int?
        /// Key `limits.unacknowledged`: calls of strangers that are answered and not acknowledged, 1 to 100,000. Default: a twentieth of
        /// `sip.maximum_calls`, at least 10.
        public var unacknowledged: Int?
        /// Key `limits.exempt`: addresses and ranges that stand for many, at most 64; limits by address do not count them. Default: none.
        public var exempt: [AddressRange] = []

        public init() {}
    }
}
