import ProxyCore
import Testing

struct NegotiationGoldenTests {
    @Test("the goldens are there")
    func present() { #expect(NegotiationGolden.all.count >= 120) }

    @Test("each step of a recorded negotiation gives what is written down", arguments: NegotiationGolden.all)
    func golden(_ golden: NegotiationGolden) throws {
        var sip = SIPNegotiation(sessionID: 4711, address: "10.9.0.1")
        var web = WebRTCNegotiation()
        for step in golden.steps {
            do throws(NegotiationError) {
                let output: String
                switch step.operation {
                case "sip acceptOffer": output = try sip.acceptOffer(step.input)
                case "sip makeAnswer": output = try sip.makeAnswer(step.input)
                case "sip makeOffer": output = try sip.makeOffer(step.input)
                case "sip acceptAnswer": output = try sip.acceptAnswer(step.input)
                case "web acceptOffer": output = try web.acceptOffer(step.input)
                case "web makeAnswer": output = try web.makeAnswer(step.input)
                case "web makeOffer": output = try web.makeOffer(step.input)
                case "web acceptAnswer": output = try web.acceptAnswer(step.input)
                default: output = "unknown step \(step.operation)"
                }
                #expect(output == step.output)
            } catch {
                #expect("\(error.sipStatus) \(error.reason)" == step.failure)
            }
        }
    }
}
