/// A kind of RTCP feedback that can be sent: `a=rtcp-fb` (RFC 4585, section 4.2).
public struct RTCPFeedback: Sendable, Hashable {
    /// A payload type, or `*` for all.
    public var format: String
    /// `nack`, `nack pli`, `ccm fir`, …
    public var feedback: String

    public init(format: String, feedback: String) {
        self.format = format
        self.feedback = feedback
    }

    init?(value: Substring) {
        var reader = FieldReader(value)
        guard let format = reader.next(), format == "*" || UInt8(digits: format).map({ $0 < 128 }) == true else { return nil }
        let feedback = reader.remainder()
        guard !feedback.isEmpty else { return nil }
        self.init(format: String(format), feedback: String(feedback))
    }

    var value: String { "\(format) \(feedback)" }
}
