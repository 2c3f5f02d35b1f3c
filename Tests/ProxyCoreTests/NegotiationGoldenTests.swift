import Testing

@testable import ProxyCore

struct NegotiationGoldenTests {
    @Test("the goldens are there")
    func present() { #expect(NegotiationGolden.all.count >= 120) }

    @Test("each step of a recorded negotiation gives what is written down", arguments: NegotiationGolden.all)
    func golden(_ golden: NegotiationGolden) {
        var dialog = GoldenDialog()
        for step in golden.steps {
            do throws(NegotiationError) {
                let output = try dialog.take(step.operation, step.input)
                #expect(output == step.output)
            } catch {
                #expect("\(error.sipStatus) \(error.reason)" == step.failure)
            }
        }
    }
}

/// A phone's and a browser's side of the negotiations that the goldens have.
struct GoldenDialog {
    var sip = SIPNegotiation(sessionID: 4711, addresses: LegAddresses("10.9.0.1"))
    var web = WebRTCNegotiation()

    /// Takes one step. Where the phone is told something, the ports and keys in what comes in are those of its leg.
    mutating func take(_ operation: String, _ input: String) throws(NegotiationError) -> String {
        switch operation {
        case "sip acceptOffer": return try sip.acceptOffer(input)
        case "sip makeAnswer":
            sip.open(NegotiationGolden.ports(in: input))
            return try sip.makeAnswer(input)
        case "sip makeOffer":
            sip.open(NegotiationGolden.ports(in: input))
            return try sip.makeOffer(input)
        case "sip acceptAnswer": return try sip.acceptAnswer(input)
        case "web acceptOffer": return try web.acceptOffer(input)
        case "web makeAnswer": return try web.makeAnswer(input)
        case "web makeOffer": return try web.makeOffer(input)
        case "web acceptAnswer": return try web.acceptAnswer(input)
        default: return "unknown step \(operation)"
        }
    }
}
