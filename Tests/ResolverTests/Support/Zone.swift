@testable import Resolver
import SIPNames

/// What a name server would say, for tests of pure logic.
struct Zone: Sendable {
    private var results: [DNSQuestion: DNSResult] = [:]

    /// One record or failure a line, as in `example.org NAPTR 10 50 s SIP+D2U _sip._udp.example.org`,
    /// `_sip._udp.example.org SRV 1 0 5060 a.example.org`, `a.example.org A 192.0.2.1`, `example.org AAAA fails`.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count >= 3, let name = DNSName(words[0]), let type = Zone.types[words[1]] else { continue }
            let question = DNSQuestion(name, type)
            guard words[2] != "fails" else { results[question] = .failure(.serverFailed); continue }
            guard let record = Zone.record(type, Array(words.dropFirst(2))) else { fatalError("no record: \(line)") }
            let before = (try? results[question]?.get().records) ?? []
            results[question] = .success(DNSAnswer(records: before + [record], lifetime: .seconds(60)))
        }
    }

    func answer(_ question: DNSQuestion) -> DNSResult { results[question] ?? .success(.none) }

    private static let types: [String: DNSRecordType] = ["A": .a, "AAAA": .aaaa, "SRV": .srv, "NAPTR": .naptr]

    private static func record(_ type: DNSRecordType, _ words: [String]) -> DNSRecord? {
        switch type {
        case .a, .aaaa:
            return IPAddress(words[0]).map(DNSRecord.address)
        case .srv:
            guard words.count == 4, let target = DNSName(words[3]) else { return nil }
            return .service(
                ServiceRecord(priority: Int(words[0]) ?? 0, weight: Int(words[1]) ?? 0, port: Int(words[2]) ?? 0, target: target))
        case .naptr:
            guard words.count >= 5, let replacement = DNSName(words[4]) else { return nil }
            return .pointer(
                PointerRecord(
                    order: Int(words[0]) ?? 0, preference: Int(words[1]) ?? 0, flags: words[2], service: words[3],
                    hasExpression: words.count > 5, replacement: replacement))
        }
    }
}
