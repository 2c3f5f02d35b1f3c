import Foundation
import SDP

@testable import ProxyCore

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
