import EventLoop
import Foundation
import JSON

/// The media of phones whose SIP is SIPp's: SIPp says in a line when a phone begins to speak, and to where, and when it ends.
///
/// The lines come from a FIFO, to which SIPp writes as its log:
///
///     begin ID ADDRESS PORT SSRC
///     end ID
///     report
///
/// `report` prints what the phones since the last one have come to, as an object of JSON in a line. A phone's first packet is timed from its `begin` to the
/// packet's arrival at whoever it talks to, which for an echo is itself.
@LoopActor
final class PhonePlayer {
    private let phones: Phones
    private var speaking: [String: UInt32] = [:]
    private var counts: [Phones.Count] = []

    init(address: String, port: UInt16) throws { phones = try Phones(address: address, port: port) }

    /// Plays until the input ends.
    func run(_ input: AsyncStream<String>) async {
        for await line in input { take(line) }
        phones.stop()
    }

    private func take(_ line: String) {
        let words = line.split(separator: " ").map(String.init)
        switch words.first {
        case "begin" where words.count == 5:
            guard let port = Int(words[3]), let source = UInt32(words[4]), speaking[words[1]] == nil else { return }
            speaking[words[1]] = phones.add(to: words[2], port, source: source)
        case "end" where words.count == 2: end(words[1])
        case "report": report()
        default: break
        }
    }

    private func end(_ id: String) {
        guard let phone = speaking.removeValue(forKey: id) else { return }
        counts.append(phones.remove(phone))
    }

    private func report() {
        for id in Array(speaking.keys) { end(id) }
        let firsts: [JSONValue] = counts.compactMap(\.first).map { .real($0 * 1_000) }
        let report: JSONValue = [
            "phones": .integer(counts.count), "first": .array(firsts),
            "sent": .integer(counts.reduce(0) { $0 + $1.sent }), "arrived": .integer(counts.reduce(0) { $0 + $1.arrived }),
        ]
        counts = []
        print(report.text)
        fflush(nil)
    }
}
