import SDP

@testable import ProxyCore

/// Descriptions as texts, which tests and goldens compare.
extension SIPNegotiation {
    mutating func acceptOffer(_ remote: String) throws(NegotiationError) -> String { try acceptOffer(SessionDescription(negotiating: remote)).text }
    mutating func makeAnswer(_ inner: String) throws(NegotiationError) -> String { try makeAnswer(SessionDescription(negotiating: inner)).text }
    mutating func makeOffer(_ inner: String) throws(NegotiationError) -> String { try makeOffer(SessionDescription(negotiating: inner)).text }
    mutating func acceptAnswer(_ remote: String) throws(NegotiationError) -> String { try acceptAnswer(SessionDescription(negotiating: remote)).text }
    mutating func repeatAnswer(to offer: String) -> String? { (try? SessionDescription(negotiating: offer)).flatMap { repeatAnswer(to: $0)?.text } }
}

extension WebRTCNegotiation {
    mutating func acceptOffer(_ remote: String) throws(NegotiationError) -> String { try acceptOffer(SessionDescription(negotiating: remote)).text }
    mutating func acceptAnswer(_ remote: String) throws(NegotiationError) -> String { try acceptAnswer(SessionDescription(negotiating: remote)).text }

    /// The answer for the browser of what Janus has generated, with Janus' directions.
    mutating func makeAnswer(_ generated: String) throws(NegotiationError) -> String {
        let generated = try SessionDescription(negotiating: generated)
        return try makeAnswer(generated, like: generated).text
    }

    mutating func makeOffer(_ generated: String) throws(NegotiationError) -> String {
        let generated = try SessionDescription(negotiating: generated)
        return try makeOffer(generated, like: generated).text
    }

    func keepsMedia(_ offer: String) -> Bool { (try? SessionDescription(negotiating: offer)).map { keepsMedia($0) } ?? false }
}

func echoAnswer(to inner: String) throws(NegotiationError) -> String { try ProxyCore.echoAnswer(to: SessionDescription(negotiating: inner)).text }
