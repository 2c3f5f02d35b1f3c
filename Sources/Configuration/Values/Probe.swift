/// Key `probes[]`: a line that the gateway tests by calling it.
public struct Probe: Sendable, Equatable {
    /// What the far end does.
    public enum Expectation: String, Sendable, CaseIterable {
        /// It sends back what it hears.
        case echo
        /// It sends 1,004 Hz at 0 dBm0.
        case milliwatt
        /// It answers, and sends something.
        case any
    }

    /// Key `name`: letters, digits and `. _ + - ~`. Unique.
    public var name: String
    /// Key `call`: what is dialled.
    public var call: String
    /// Key `trunk`: the trunk that it is dialled on, whatever the routes say. Default: the routes decide.
    public var trunk: String?
    /// Key `from`: the user as whom it calls, for the routes and for who is shown as the caller. Default: nobody, with the name of the probe.
    public var from: String?
    /// Key `every`: from one call to the next, 1 min to 24 h. Default: none: it is called by `tern test-call` only.
    public var every: Duration?
    /// Key `seconds`: how long it is listened to, 3 to 60. Default: 10.
    public var seconds = 10
    /// Key `expect`. Default: `echo`.
    public var expectation = Expectation.echo
    /// Key `minimum_mos`: below it the line is not good, 1 to 4.5. Default: 3.5.
    public var minimumScore = 3.5
    /// Key `maximum_round_trip`: above it, 1 ms to 10 s. Default: 300 ms.
    public var maximumRoundTrip = Duration.milliseconds(300)

    public init(name: String, call: String) {
        self.name = name
        self.call = call
    }
}
