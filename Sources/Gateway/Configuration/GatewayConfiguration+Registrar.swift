public import Registrar

extension GatewayConfiguration {
    /// Section `registrar`: phones that register.
    public struct Registrar: Sendable, Equatable {
        /// Key `registrar.database`: the file that keeps registrations over a restart; absolute here, and relative to the
        /// working directory where it was given relative. ``memory`` keeps none. Default: `registrations.sqlite`.
        public var database = AbsolutePath.of("registrations.sqlite")
        /// Key `registrar.minimum_expires`: a phone that asks for less is told to ask for this, 1 s to 1 h. Default: 60 s.
        public var minimumExpires = Duration.seconds(60)
        /// Key `registrar.maximum_expires`: the longest that a registration lasts, 1 s to 7 days. Default: 1 h.
        public var maximumExpires = Duration.seconds(3_600)
        /// Key `registrar.contacts_per_user`: 1 to 100. Default: 10.
        public var contactsPerUser = 10

        /// Key `registrar.keepalive`: how often a phone behind NAT that registered over UDP is asked whether it is there, so
        /// that the NAT remembers it, 1 s to 5 min; `0` is never (nil). Default: 25 s.
        public var keepalive: Duration? = .seconds(25)

        /// What stands for no file.
        public static let memory = ":memory:"

        public init() {}

        /// As the registrar takes them. Parts of a second count as a whole one: SIP knows whole seconds.
        public var limits: RegistrarLimits {
            var limits = RegistrarLimits()
            limits.minimumExpires = Registrar.wholeSeconds(minimumExpires)
            limits.maximumExpires = Registrar.wholeSeconds(maximumExpires)
            limits.contactsPerUser = contactsPerUser
            return limits
        }

        private static func wholeSeconds(_ time: Duration) -> Int {
            let (seconds, attoseconds) = time.components
            return Int(seconds) + (attoseconds > 0 ? 1 : 0)
        }
    }
}
