/// When the messages of a call's set-up came and went, on the leg of an INVITE that we got. 100 goes out as the INVITE is read.
public struct SIPSetUpTimes: Sendable, Equatable {
    /// The INVITE.
    public let began: ContinuousClock.Instant
    /// The first 101 to 199, and the PRACK to a reliable one (RFC 3262); nil where there was none.
    public internal(set) var provisional: ContinuousClock.Instant?
    public internal(set) var pracked: ContinuousClock.Instant?
    /// The 200, and the ACK to it.
    public internal(set) var answered: ContinuousClock.Instant?
    public internal(set) var acknowledged: ContinuousClock.Instant?

    init(began: ContinuousClock.Instant = .now) { self.began = began }

    /// A response to the INVITE went out; the first of each kind counts.
    mutating func respond(_ status: Int) {
        switch status {
        case 101..<200: provisional = provisional ?? .now
        case 200..<300: answered = answered ?? .now
        default: break
        }
    }

    mutating func takePrack() { pracked = pracked ?? .now }
    mutating func takeAcknowledgement() { if answered != nil { acknowledged = acknowledged ?? .now } }
}
