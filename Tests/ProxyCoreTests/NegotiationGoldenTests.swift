import Foundation
import SDP
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

/// A negotiation as a file that a person can read: what it is about, then steps, each with what goes in and what must come out.
///
/// ```
/// # why
/// == sip acceptOffer
/// v=0 …
/// == gives
/// v=0 …
/// == sip acceptOffer
/// v=0 …
/// == fails 488 no common codec
/// ```
struct NegotiationGolden: CustomStringConvertible, Sendable {
    struct Step: Sendable {
        var operation: String
        var input: String
        var output: String?
        var failure: String?
    }

    var name: String
    var steps: [Step]
    var description: String { name }

    static let all: [NegotiationGolden] = {
        guard let folder = Bundle.module.url(forResource: "Corpus", withExtension: nil) else { return [] }
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "golden" }.sorted { $0.path < $1.path }.compactMap { file in
            guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
            return NegotiationGolden(name: file.deletingPathExtension().lastPathComponent, text: text)
        }
    }()

    /// The ports and keys of a description's lines, as a leg may have opened them.
    static func ports(in text: String) -> [MediaKind: LegPort] {
        guard let session = try? SessionDescription(parsing: text) else { return [:] }
        var ports: [MediaKind: LegPort] = [:]
        for medium in session.media where medium.port != 0 {
            let key = medium.keys.first.flatMap { Data(base64Encoded: $0.bareKey) } ?? Data()
            ports[medium.kind] = LegPort(port: medium.port, key: Array(key) + [UInt8](repeating: 0, count: max(0, LegPort.keyBytes - key.count)))
        }
        return ports
    }

    init(name: String, text: String) {
        self.name = name
        steps = []
        var isOutput = false
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line == "== gives" {
                isOutput = true
                steps[steps.count - 1].output = ""
            } else if line.hasPrefix("== fails ") {
                steps[steps.count - 1].failure = String(line.dropFirst("== fails ".count))
            } else if line.hasPrefix("== ") {
                isOutput = false
                steps.append(Step(operation: String(line.dropFirst(3)), input: ""))
            } else if isOutput {
                steps[steps.count - 1].output?.append(line + "\r\n")
            } else {
                steps[steps.count - 1].input.append(line + "\r\n")
            }
        }
    }
}

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
