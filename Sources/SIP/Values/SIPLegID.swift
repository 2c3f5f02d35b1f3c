/// Names one SIP leg of a ``SIPEndpoint``. Never reused within a process.
public struct SIPLegID: Hashable, Sendable, CustomStringConvertible {
    let number: UInt

    public var description: String { "leg-\(number)" }
}
